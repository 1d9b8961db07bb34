"""CAP008: the namespace's quota stops the autoscaler before its maximum, surge pods of a rollout included."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.quotas import admitted_pods, quotas_of_all_pods, stopped_by_neighbours, use
from wavetank.checks.workloads import Workload, readable
from wavetank.kube import quantity


def check(case: Case) -> Iterator[Mistake]:
    for quota in quotas_of_all_pods(case):
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
