"""AUT002: a model server that scales on memory, which does not fall when requests do."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.base.units import MIB
from wavetank.checks.case import Case
from wavetank.checks.manifests import mapping, whole
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Autoscaler, Workload


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        if workload.autoscaler is None:
            continue
        for index, target in memory_targets(workload.autoscaler):
            if workload.runs == "model-server" or _never_returns(workload, target):
                yield _mistake(workload, workload.autoscaler, index, target)


def memory_targets(autoscaler: Autoscaler) -> Iterator[tuple[int, int]]:
    """(index, target in percent of the request) of each metric on memory utilization."""
    for index, metric in enumerate(autoscaler.metrics):
        resource = mapping(metric.get("resource") or metric.get("containerResource"))
        percent = whole(mapping(resource.get("target")).get("averageUtilization"))
        if resource.get("name") == "memory" and percent is not None:
            yield index, percent


def _baseline_percent(workload: Workload) -> int | None:
    """What the loaded model alone takes, in percent of the request; None when it is not declared."""
    baseline = workload.model.baseline_memory_mib if workload.model else None
    requested = workload.requests.get("memory", 0)
    return None if baseline is None or not requested else baseline * MIB * 100 // requested


def _never_returns(workload: Workload, target: int) -> bool:
    baseline = _baseline_percent(workload)
    return baseline is not None and baseline >= target


def _mistake(workload: Workload, autoscaler: Autoscaler, index: int, target: int) -> Mistake:
    baseline = _baseline_percent(workload)
    most = workload.max_replicas
    if baseline is not None and baseline >= target:
        proof = f"the loaded model alone is {baseline} % of the request, above the target: it goes to {most} pods and never back"
    else:
        proof = "a loaded model stays in memory whatever the load: once a pod has grown, the HPA never scales back in"
    numbers: dict[str, int | str] = {"targetPercent": target, "maxReplicas": most}
    if baseline is not None:
        numbers["baselinePercent"] = baseline
    return Mistake(
        at=autoscaler.manifest.at("spec", "metrics", index),
        message=f"{workload.name} scales on memory at {target} %, but it is a model server: {proof}",
        remedy="scale on CPU, on requests in flight or on a queue; give memory a limit and an alert instead",
        numbers=numbers,
    )


RULE = Rule(
    id="AUT002",
    severity=Severity.ERROR,
    title="A model server scales on memory",
    source="Kubernetes pkg/controller/podautoscaler/replica_calculator.go; resident models do not shrink",
    check=check,
)
