"""The images of a platform as values of its chart: what changes with every release and nothing else."""

from __future__ import annotations

from typing import Any

from wavetank.plan.model import Container, Plan, Workload
from wavetank.render.chart.names import Naming
from wavetank.render.chart.unify import image_parts
from wavetank.render.trace import Traced


def image_values(plan: Plan) -> dict[str, Any]:
    """By workload: tag or digest of each of its containers' images, under the names that the chart's templates use."""
    found: dict[str, Any] = {}
    for workload in plan.workloads:
        values = _of(workload)
        if values:
            found[workload.name] = Traced(values, f"workloads[{workload.name}]")
    return found


def _of(workload: Workload) -> dict[str, Any]:
    naming = Naming(workload.name, workload.containers[0].name if workload.containers else "")
    root: dict[str, Any] = {}
    for group, containers in (("containers", workload.containers), ("initContainers", workload.init_containers)):
        for container in containers:
            _add(root, naming, f"workloads[{workload.name}].{group}[{container.name}].image", container)
    return root


def _add(root: dict[str, Any], naming: Naming, path: str, container: Container) -> None:
    inner = root
    for step in naming.name_of(path):
        inner = inner.setdefault(step, {})
    parts = image_parts(container.image)
    inner.update({part: Traced(parts[part], path) for part in ("tag", "digest") if part in parts})
