"""What the ResourceQuota of a namespace counts, and how many pods of a workload it admits. Several rules ask; it judges nothing.

Upstream: ``pkg/quota/v1/evaluator/core/pods.go``.
"""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, mapping
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


def quotas_of_all_pods(case: Case) -> Iterator[Manifest]:
    """Quotas without a scope: those that count every pod of their namespace."""
    for quota in case.manifests.of_kind("ResourceQuota"):
        if not (quota.spec.get("scopes") or quota.spec.get("scopeSelector")):
            yield quota


def admitted_pods(case: Case, workload: Workload, key: str, limit: str) -> int | None:
    """Pods of the workload that the quota entry admits beside the other workloads' least; None when it does not count them."""
    each = use(workload, key)
    if not each:
        return None
    return max(0, (quantity.milli(limit) - taken_by_neighbours(case, workload, key)) // each)


def stopped_by_neighbours(case: Case, workload: Workload, key: str, admitted: int) -> bool:
    """Whether others in the namespace keep it below its maximum: what CAP007 tells."""
    return admitted < workload.max_replicas and taken_by_neighbours(case, workload, key) > 0


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
