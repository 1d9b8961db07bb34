"""CAP008: the namespace's quota stops the autoscaler before its maximum, surge pods of a rollout included."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Workload, readable
from wavetank.kube import quantity

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
    for quota in case.manifests.of_kind("ResourceQuota"):
        if quota.spec.get("scopes") or quota.spec.get("scopeSelector"):
            continue
        for workload in case.workloads_in(quota.namespace):
            if not (workload.is_per_node or workload.is_batch):
                yield from _stops(case, quota, workload)


def _stops(case: Case, quota: Manifest, workload: Workload) -> Iterator[Mistake]:
    wanted = workload.max_replicas + workload.surge_pods
    for key, limit in readable(quota.spec.get("hard")).items():
        admitted = admitted_pods(case, workload, key, str(limit))
        if admitted is None or admitted >= wanted or stopped_by_neighbours(case, workload, key, admitted):
            continue
        yield _mistake(quota, workload, key, str(limit), admitted)


def stopped_by_neighbours(case: Case, workload: Workload, key: str, admitted: int) -> bool:
    """Whether others in the namespace keep it below its maximum: what CAP007 tells."""
    return admitted < workload.max_replicas and taken_by_neighbours(case, workload, key) > 0


def admitted_pods(case: Case, workload: Workload, key: str, limit: str) -> int | None:
    """Pods of the workload that the quota entry admits beside the other workloads' least; None when it does not count them."""
    each = use(workload, key)
    if not each:
        return None
    return max(0, (quantity.milli(limit) - taken_by_neighbours(case, workload, key)) // each)


def taken_by_neighbours(case: Case, workload: Workload, key: str) -> int:
    """What the other workloads of the namespace count at their least, in thousandths."""
    neighbours = [w for w in case.workloads_in(workload.namespace) if w is not workload and not w.is_per_node]
    return sum(use(w, key) * w.min_replicas for w in neighbours)


def use(workload: Workload, key: str) -> int:
    """What one pod counts under a quota key, in thousandths."""
    if key in ("pods", "count/pods"):
        return 1000
    if key not in _COMPUTE:
        return 0
    which, resource = _COMPUTE[key]
    amounts = [readable(mapping(c.obj.get("resources")).get(which)) for c in workload.containers]
    return sum(quantity.milli(each.get(resource, "0")) for each in amounts)


def _mistake(quota: Manifest, workload: Workload, key: str, limit: str, admitted: int) -> Mistake:
    surge = workload.surge_pods
    wanted = workload.max_replicas + surge
    needed = quantity.format_milli(use(workload, key) * wanted)
    if key.endswith("memory"):
        needed = quantity.format_bytes(use(workload, key) * wanted // 1000)
    return Mistake(
        at=quota.at("spec", "hard", key),
        message=(
            f"quota {key}: {limit} of namespace {quota.namespace} admits {admitted} pods of {workload.name}, but its "
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
        about=(workload.title,),
    )


RULE = Rule(
    id="CAP008",
    severity=Severity.ERROR,
    title="The quota stops the autoscaler",
    source="Kubernetes ResourceQuota admission (pkg/quota/v1/evaluator/core/pods.go); Deployment maxSurge",
    check=check,
)
