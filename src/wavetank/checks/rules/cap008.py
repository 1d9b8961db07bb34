"""CAP008: the namespace's quota stops the autoscaler before its maximum, surge pods of a rollout included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wavetank.checks.model import Case, Mistake, Rule, Severity
from wavetank.kube import quantity
from wavetank.kube.counts import scaled_value
from wavetank.plan.model import Namespace, Plan, Workload

#: quota key -> (requests or limits, resource); the bare names mean requests
_COMPUTE = {
    "cpu": ("requests", "cpu"),
    "memory": ("requests", "memory"),
    "requests.cpu": ("requests", "cpu"),
    "requests.memory": ("requests", "memory"),
    "limits.cpu": ("limits", "cpu"),
    "limits.memory": ("limits", "memory"),
}


def check(case: Case) -> Iterator[Mistake]:
    for namespace in case.plan.namespaces:
        if namespace.quota is None:
            continue
        for workload in case.plan.workloads:
            if workload.namespace == namespace.name:
                yield from _stops(case.plan, namespace, namespace.quota.hard, workload)


def _stops(plan: Plan, namespace: Namespace, hard: Mapping[str, str], workload: Workload) -> Iterator[Mistake]:
    wanted = workload.max_replicas + surge_pods(workload)
    for key, limit in hard.items():
        admitted = _admitted(plan, namespace, workload, key, limit)
        if admitted is not None and admitted < wanted:
            yield _mistake(namespace, workload, key, limit, admitted, wanted)


def _admitted(plan: Plan, namespace: Namespace, workload: Workload, key: str, limit: str) -> int | None:
    """Pods of the workload that the quota entry admits beside the other workloads' least; None when it does not count them."""
    each = _use(workload, key)
    if not each:
        return None
    neighbours = [w for w in plan.workloads if w.namespace == namespace.name and w.name != workload.name]
    taken = sum(_use(w, key) * w.min_replicas for w in neighbours)
    return max(0, (quantity.milli(limit) - taken) // each)


def _use(workload: Workload, key: str) -> int:
    """What one pod counts under a quota key, in thousandths."""
    if key in ("pods", "count/pods"):
        return 1000
    if key not in _COMPUTE:
        return 0
    which, resource = _COMPUTE[key]
    return sum(quantity.milli(c.resources.get(which, {}).get(resource, "0")) for c in workload.containers)


def surge_pods(workload: Workload) -> int:
    """Extra pods during a rollout at the maximum size: maxSurge, percentages rounded up."""
    if workload.strategy.get("type") == "Recreate":
        return 0
    surge = workload.strategy.get("rollingUpdate", {}).get("maxSurge", "25%")
    return scaled_value(surge, workload.max_replicas, round_up=True)


def _mistake(namespace: Namespace, workload: Workload, key: str, limit: str, admitted: int, wanted: int) -> Mistake:
    surge = wanted - workload.max_replicas
    needed = quantity.format_milli(_use(workload, key) * wanted)
    if key.endswith("memory"):
        needed = quantity.format_bytes(_use(workload, key) * wanted // 1000)
    return Mistake(
        path=f"namespaces[{namespace.name}].quota.hard[{key}]",
        message=(
            f"quota {key}: {limit} of namespace {namespace.name} admits {admitted} pods of {workload.name}, but its "
            f"maximum is {workload.max_replicas} and a rollout adds {surge}: {wanted} pods need {needed}"
        ),
        remedy=f"raise {key} to at least {needed}, or lower maxReplicas",
        numbers={
            "admitted": admitted,
            "maxReplicas": workload.max_replicas,
            "surge": surge,
            "needed": needed,
            "hard": limit,
        },
    )


RULE = Rule(
    id="CAP008",
    severity=Severity.ERROR,
    title="The quota stops the autoscaler",
    source="Kubernetes ResourceQuota admission (pkg/quota/v1/evaluator/core/pods.go); Deployment maxSurge",
    check=check,
)
