"""CAP004: an autoscaler's most pods do not fit on the most nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wavetank.base.units import MIB
from wavetank.checks.model import Case, Mistake, Rule, Severity
from wavetank.plan.capacity import may_run_on, node_room, pod_demand, pods_that_fit, system_demands
from wavetank.plan.model import Plan, Workload

#: Charts that add nodes when pods are pending; without one a group keeps its desired size.
NODE_AUTOSCALERS = ("cluster-autoscaler", "karpenter")


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.plan.workloads:
        fits = _fitting(case.plan, workload, {group.name: group.max_size for group in case.plan.node_groups})
        if fits < workload.max_replicas:
            yield _too_many(case.plan, workload, fits)
        elif not _nodes_are_added(case.plan):
            now = _fitting(case.plan, workload, {group.name: group.desired_size for group in case.plan.node_groups})
            if now < workload.max_replicas:
                yield _nobody_adds_nodes(case.plan, workload, now)


def _nodes_are_added(plan: Plan) -> bool:
    return any(release.chart.rsplit("/", 1)[-1] in NODE_AUTOSCALERS for release in plan.helm_releases)


def _fitting(plan: Plan, workload: Workload, sizes: Mapping[str, int]) -> int:
    """Pods of the workload that fit on its groups of these sizes, beside system pods and the other workloads at rest."""
    others = [*system_demands(plan)]
    for other in plan.workloads:
        if other.name != workload.name:
            others += [pod_demand(other)] * other.min_replicas
    demand, total = pod_demand(workload), 0
    for group in plan.node_groups:
        if may_run_on(workload, group):
            total += pods_that_fit(demand, others, node_room(plan, group), sizes[group.name])
            others = []  # placed in the first group that admits the workload
    return total


def _too_many(plan: Plan, workload: Workload, fits: int) -> Mistake:
    groups = [group for group in plan.node_groups if may_run_on(workload, group)]
    places = (
        ", ".join(f"{group.name} ({group.max_size} × {group.instance_types[0]})" for group in groups) or "no node group"
    )
    return Mistake(
        path=_path(workload),
        message=(
            f"{_growth(workload)}, but only {fits} fit on {places}: "
            f"{workload.max_replicas - fits} would stay Pending for ever"
        ),
        remedy="raise maxSize of the node group, take larger instances, lower the requests, or lower maxReplicas",
        numbers={"maxReplicas": workload.max_replicas, "fit": fits, "nodes": sum(group.max_size for group in groups)},
    )


def _nobody_adds_nodes(plan: Plan, workload: Workload, fits: int) -> Mistake:
    desired = sum(group.desired_size for group in plan.node_groups if may_run_on(workload, group))
    return Mistake(
        path=_path(workload),
        message=(
            f"{_growth(workload)}; {fits} fit on the {desired} desired nodes, and nothing here adds nodes: "
            f"{workload.max_replicas - fits} would stay Pending until somebody does"
        ),
        remedy="install cluster-autoscaler or karpenter among helmReleases, or raise desiredSize",
        numbers={"maxReplicas": workload.max_replicas, "fit": fits, "nodes": desired},
        severity=Severity.WARN,
    )


def _growth(workload: Workload) -> str:
    demand = pod_demand(workload)
    size = f"{demand.cpu_milli}m CPU and {demand.memory_bytes // MIB} MiB"
    return f"{workload.name} may grow to {workload.max_replicas} pods of {size}"


def _path(workload: Workload) -> str:
    return f"workloads[{workload.name}].{'autoscaling.maxReplicas' if workload.autoscaling else 'replicas'}"


RULE = Rule(
    id="CAP004",
    severity=Severity.ERROR,
    title="The autoscaler's maximum does not fit on the nodes' maximum",
    source="Kubernetes scheduler NodeResourcesFit; allocatable from the EKS AMI's reserve formulas",
    check=check,
)
