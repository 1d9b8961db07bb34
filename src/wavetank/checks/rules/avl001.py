"""AVL001: a disruption budget that never allows an eviction, so that a node can never be drained."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.model import Case, Mistake, Rule, Severity
from wavetank.kube.counts import scaled_value
from wavetank.plan.model import DisruptionBudget, Workload


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.plan.workloads:
        budget = workload.disruption_budget
        if budget is not None and disruptions_allowed(budget, workload.min_replicas) < 1:
            yield _mistake(workload, budget)


def disruptions_allowed(budget: DisruptionBudget, replicas: int) -> int:
    """Pods that may be evicted while all ``replicas`` are healthy; percentages round up, as the disruption controller does."""
    if budget.max_unavailable is not None:
        return min(replicas, scaled_value(budget.max_unavailable, replicas, round_up=True))
    assert budget.min_available is not None, "a budget states one of its two numbers"
    return max(0, replicas - scaled_value(budget.min_available, replicas, round_up=True))


def _mistake(workload: Workload, budget: DisruptionBudget) -> Mistake:
    stated = (
        f"maxUnavailable {budget.max_unavailable}"
        if budget.max_unavailable is not None
        else f"minAvailable {budget.min_available}"
    )
    replicas = workload.min_replicas
    return Mistake(
        path=f"workloads[{workload.name}].disruptionBudget",
        message=(
            f"{workload.name} runs {replicas} pod{'s' if replicas != 1 else ''} at its minimum and its budget {budget.name} "
            f"({stated}) then allows 0 disruptions: draining a node waits for ever, and so do upgrades of nodes and the cluster"
        ),
        remedy="use maxUnavailable: 1, or keep at least one replica more than minAvailable",
        numbers={"replicas": replicas, "disruptionsAllowed": 0},
    )


RULE = Rule(
    id="AVL001",
    severity=Severity.ERROR,
    title="The disruption budget blocks every drain",
    source="Kubernetes pkg/controller/disruption; the eviction API",
    check=check,
)
