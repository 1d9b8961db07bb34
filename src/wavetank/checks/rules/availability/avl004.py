"""AVL004: several replicas that nothing keeps apart, or that a drain may take away all at once."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import SCALABLE, Workload


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        if workload.kind not in SCALABLE or workload.min_replicas < 2:
            continue
        if not is_spread(workload):
            yield _together(workload)
        if not case.budgets_of(workload):
            yield _no_budget(workload)


def is_spread(workload: Workload) -> bool:
    """Whether anything asks for different nodes or zones, required or preferred."""
    affinity = mapping(workload.spec.get("affinity"))
    return bool(workload.spec.get("topologySpreadConstraints") or mapping(affinity.get("podAntiAffinity")))


def _together(workload: Workload) -> Mistake:
    return Mistake(
        at=workload.at_pod(),
        message=(
            f"the {workload.min_replicas} replicas of {workload.title} have neither topologySpreadConstraints nor "
            "podAntiAffinity: the scheduler spreads them only as far as it suits, and one node or zone may hold them all"
        ),
        remedy="add a topologySpreadConstraint over topology.kubernetes.io/zone, and a preferred podAntiAffinity over nodes",
        numbers={"replicas": workload.min_replicas},
    )


def _no_budget(workload: Workload) -> Mistake:
    return Mistake(
        at=workload.at("spec"),
        message=(
            f"no PodDisruptionBudget counts the {workload.min_replicas} replicas of {workload.title}: draining nodes for an "
            "upgrade may take all of them away at the same time"
        ),
        remedy="add a PodDisruptionBudget with maxUnavailable: 1",
        numbers={"replicas": workload.min_replicas},
    )


RULE = Rule(
    id="AVL004",
    severity=Severity.WARN,
    title="Replicas that may all go at once",
    source="kubernetes.io/docs/concepts/workloads/pods/disruptions; topology-spread-constraints",
    check=check,
)
