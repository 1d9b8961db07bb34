"""30-configuration.yaml: ConfigMaps of workloads. Secrets are not rendered: their values are none of a file's business."""

from __future__ import annotations

from wavetank.plan.model import ConfigMap, Plan, Workload
from wavetank.render.kubernetes.parts import manifest, metadata, of_workload, traced_entries
from wavetank.render.trace import Traced


def objects(plan: Plan) -> tuple[Traced, ...]:
    """One ConfigMap for each workload that has configuration."""
    return tuple(_config_map(plan, workload, workload.config) for workload in plan.workloads if workload.config)


def _config_map(plan: Plan, workload: Workload, config: ConfigMap) -> Traced:
    path = f"workloads[{workload.name}].config"
    framed = belonging(plan, workload, path, config.name)
    return manifest("v1", "ConfigMap", framed, path, data=Traced(traced_entries(config.data, f"{path}.data"), path))


def belonging(plan: Plan, workload: Workload, path: str, name: str) -> Traced:
    """metadata of something that the plan keeps with its workload."""
    framed = metadata(plan, path, name, labels=of_workload(plan, workload.name)).value
    place = Traced(workload.namespace, f"workloads[{workload.name}].namespace")
    return Traced({"name": framed["name"], "namespace": place, "labels": framed["labels"]}, path)
