"""CAP004: an autoscaler's most pods do not fit on the most nodes."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.model import Case, Mistake, Rule, Severity
from wavetank.plan.capacity import MIB, may_run_on, node_room, pod_demand, pods_that_fit, system_demands
from wavetank.plan.model import Plan, Workload


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.plan.workloads:
        fits = _fitting(case.plan, workload)
        if fits < workload.max_replicas:
            yield _mistake(case.plan, workload, fits)


def _fitting(plan: Plan, workload: Workload) -> int:
    """Pods of the workload that fit on all its groups at their largest, beside system pods and the other workloads at rest."""
    others = [*system_demands(plan)]
    for other in plan.workloads:
        if other.name != workload.name:
            others += [pod_demand(other)] * other.min_replicas
    demand, total = pod_demand(workload), 0
    for group in plan.node_groups:
        if may_run_on(workload, group):
            total += pods_that_fit(demand, others, node_room(plan, group), group.max_size)
            others = []  # placed in the first group that admits the workload
    return total


def _mistake(plan: Plan, workload: Workload, fits: int) -> Mistake:
    demand = pod_demand(workload)
    groups = [group for group in plan.node_groups if may_run_on(workload, group)]
    places = (
        ", ".join(f"{group.name} ({group.max_size} × {group.instance_types[0]})" for group in groups) or "no node group"
    )
    field = "autoscaling.maxReplicas" if workload.autoscaling else "replicas"
    return Mistake(
        path=f"workloads[{workload.name}].{field}",
        message=(
            f"{workload.name} may grow to {workload.max_replicas} pods of {demand.cpu_milli}m CPU and "
            f"{demand.memory_bytes // MIB} MiB, but only {fits} fit on {places}: "
            f"{workload.max_replicas - fits} would stay Pending for ever"
        ),
        remedy="raise maxSize of the node group, take larger instances, lower the requests, or lower maxReplicas",
        numbers={"maxReplicas": workload.max_replicas, "fit": fits, "nodes": sum(group.max_size for group in groups)},
    )


RULE = Rule(
    id="CAP004",
    severity=Severity.ERROR,
    title="The autoscaler's maximum does not fit on the nodes' maximum",
    source="Kubernetes scheduler NodeResourcesFit; allocatable from the EKS AMI's reserve formulas",
    check=check,
)
