"""CAP007: others in the namespace use so much of the quota that an autoscaler cannot reach its maximum."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.quotas import admitted_pods, quotas_of_all_pods, stopped_by_neighbours, taken_by_neighbours, use
from wavetank.checks.workloads import Workload, readable
from wavetank.kube import quantity


def check(case: Case) -> Iterator[Mistake]:
    for quota in quotas_of_all_pods(case):
        for workload in case.workloads_in(quota.namespace):
            if workload.autoscaler is not None:
                yield from _stops(case, quota, workload)


def _stops(case: Case, quota: Manifest, workload: Workload) -> Iterator[Mistake]:
    for key, limit in readable(quota.spec.get("hard")).items():
        admitted = admitted_pods(case, workload, key, str(limit))
        if admitted is not None and stopped_by_neighbours(case, workload, key, admitted):
            yield _mistake(case, quota, workload, key, str(limit), admitted)


def _mistake(case: Case, quota: Manifest, workload: Workload, key: str, limit: str, admitted: int) -> Mistake:
    taken, each = _shown(key, taken_by_neighbours(case, workload, key)), _shown(key, use(workload, key))
    return Mistake(
        at=quota.at("spec", "hard", key),
        message=(
            f"quota {key}: {limit} of namespace {quota.namespace} admits {admitted} pods of {workload.name} "
            f"({each} each) beside the "
            f"other workloads, which take {taken} at their least; its autoscaler goes to {workload.max_replicas}"
        ),
        remedy=f"raise {key}, lower maxReplicas to {admitted}, or move the workload to a namespace of its own",
        numbers={"admitted": admitted, "maxReplicas": workload.max_replicas, "taken": taken, "hard": limit},
        about=(workload.title,),
    )


def _shown(key: str, thousandths: int) -> str:
    return quantity.format_bytes(thousandths // 1000) if key.endswith("memory") else quantity.format_milli(thousandths)


RULE = Rule(
    id="CAP007",
    severity=Severity.ERROR,
    title="The quota that workloads share stops the autoscaler",
    source="Kubernetes ResourceQuota admission (pkg/quota/v1/evaluator/core/pods.go)",
    check=check,
)
