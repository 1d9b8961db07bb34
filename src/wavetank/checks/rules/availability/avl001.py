"""AVL001: a disruption budget that never allows an eviction, so that a node can never be drained."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Workload
from wavetank.kube.counts import scaled_value


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        for budget in case.budgets_of(workload):
            if workload.min_replicas and disruptions_allowed(budget, workload.min_replicas) == 0:
                yield _mistake(workload, budget)


def disruptions_allowed(budget: Manifest, replicas: int) -> int | None:
    """Pods that may be evicted while all ``replicas`` are healthy; percentages round up, as the disruption controller does.

    None when the budget says nothing that can be read.
    """
    most, least = budget.spec.get("maxUnavailable"), budget.spec.get("minAvailable")
    try:
        if most is not None:
            return min(replicas, scaled_value(most, replicas, round_up=True))
        if least is not None:
            return max(0, replicas - scaled_value(least, replicas, round_up=True))
    except (ValueError, AttributeError):
        return None
    return max(0, replicas - 1)


def _mistake(workload: Workload, budget: Manifest) -> Mistake:
    key = "maxUnavailable" if "maxUnavailable" in budget.spec else "minAvailable"
    replicas = workload.min_replicas
    return Mistake(
        at=budget.at("spec", key),
        message=(
            f"{workload.name} runs {replicas} pod{'s' if replicas != 1 else ''} at its minimum and its budget {budget.name} "
            f"({key} {budget.spec.get(key)}) then allows 0 disruptions: draining a node waits for ever, and so do upgrades of "
            "nodes and the cluster"
        ),
        remedy="use maxUnavailable: 1, or keep at least one replica more than minAvailable",
        numbers={"replicas": replicas, "disruptionsAllowed": 0},
        about=(workload.title,),
    )


RULE = Rule(
    id="AVL001",
    severity=Severity.ERROR,
    title="The disruption budget blocks every drain",
    source="Kubernetes pkg/controller/disruption; the eviction API",
    check=check,
)
