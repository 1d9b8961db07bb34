"""AVL007: liveness kills the container before its model is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from wavetank.checks.model import Case, Mistake, Rule, Severity
from wavetank.kube.types import Obj
from wavetank.plan.model import Container, ModelFacts, Workload


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.plan.workloads:
        needed = start_seconds(workload.model) if workload.model else None
        container = next((c for c in workload.containers if c.liveness_probe or c.startup_probe), None)
        if needed is None or container is None:
            continue
        allowed = allowed_seconds(container)
        if allowed < needed:
            yield _mistake(workload, container, needed, allowed)


def start_seconds(model: ModelFacts) -> Decimal | None:
    """Seconds from process start to ready as declared: fetching the model at its bandwidth, and loading it."""
    parts = [model.load_seconds]
    if model.size_mib is not None and model.download_mib_per_second:
        parts.append(Decimal(model.size_mib) / model.download_mib_per_second)
    stated = [part for part in parts if part is not None]
    return sum(stated, Decimal(0)) if stated else None


def allowed_seconds(container: Container) -> int:
    """Seconds that a container may take before a probe kills it: the startup probe's budget, or else liveness alone."""
    probe = container.startup_probe or container.liveness_probe
    assert probe is not None, "only containers with a killing probe are asked"
    return _budget_seconds(probe)


def _budget_seconds(probe: Obj) -> int:
    # The first attempt comes at initialDelaySeconds and each further one a period later; the last failure kills.
    return int(probe.get("initialDelaySeconds", 0)) + int(probe.get("periodSeconds", 10)) * int(
        probe.get("failureThreshold", 3)
    )


def _mistake(workload: Workload, container: Container, needed: Decimal, allowed: int) -> Mistake:
    which = "startupProbe" if container.startup_probe else "livenessProbe"
    seconds = f"{needed.quantize(Decimal(1)):f}"
    without = "" if container.startup_probe else " (there is no startupProbe)"
    return Mistake(
        path=f"workloads[{workload.name}].containers[{container.name}].{which}",
        message=(
            f"{workload.name} needs {seconds} s until its model is loaded, but its {which}{without} kills the container "
            f"after {allowed} s: it restarts for ever"
        ),
        remedy=f"give it a startupProbe with periodSeconds × failureThreshold of at least {seconds} s, with a margin",
        numbers={"neededSeconds": seconds, "allowedSeconds": allowed},
    )


RULE = Rule(
    id="AVL007",
    severity=Severity.ERROR,
    title="A probe kills the container before its model is loaded",
    source="Kubernetes pkg/kubelet/prober/worker.go",
    check=check,
)
