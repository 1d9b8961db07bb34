"""CAP004: an autoscaler's most pods do not fit on the most nodes."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.base.units import MIB
from wavetank.checks.case import Case
from wavetank.checks.fitting import Fit, fit_of
from wavetank.checks.machines import adds_nodes, demand_of_workload
from wavetank.checks.model import Mistake, Place, Rule, Severity
from wavetank.checks.workloads import Workload


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        if workload.is_per_node or workload.is_batch:
            continue
        most = fit_of(case, workload, lambda group: group.max_size)
        if most is None or most.nodes == 0:
            continue  # no group takes the pods at all: CAP009
        if most.pods < workload.max_replicas:
            yield _too_many(workload, most)
        elif adds_nodes(case) is False:
            now = fit_of(case, workload, lambda group: group.desired_size)
            if now is not None and now.pods < workload.max_replicas:
                yield _nobody_adds_nodes(workload, now)


def _too_many(workload: Workload, fit: Fit) -> Mistake:
    return Mistake(
        at=_place(workload),
        message=(
            f"{_growth(workload)}, but only {fit.pods} fit on {fit.places}: "
            f"{workload.max_replicas - fit.pods} would stay Pending for ever"
        ),
        remedy="raise maxSize of the node group, take larger instances, lower the requests, or lower maxReplicas",
        numbers={"maxReplicas": workload.max_replicas, "fit": fit.pods, "nodes": fit.nodes},
    )


def _nobody_adds_nodes(workload: Workload, fit: Fit) -> Mistake:
    return Mistake(
        at=_place(workload),
        message=(
            f"{_growth(workload)}; {fit.pods} fit on the {fit.nodes} desired nodes, and nothing here adds nodes: "
            f"{workload.max_replicas - fit.pods} would stay Pending until somebody does"
        ),
        remedy="install cluster-autoscaler or karpenter, or raise the desired size",
        numbers={"maxReplicas": workload.max_replicas, "fit": fit.pods, "nodes": fit.nodes},
        severity=Severity.WARN,
    )


def _growth(workload: Workload) -> str:
    demand = demand_of_workload(workload)
    size = f"{demand.cpu_milli}m CPU and {demand.memory_bytes // MIB} MiB"
    return f"{workload.name} may grow to {workload.max_replicas} pods of {size}"


def _place(workload: Workload) -> Place:
    return workload.most_pods_place


RULE = Rule(
    id="CAP004",
    severity=Severity.ERROR,
    title="The autoscaler's maximum does not fit on the nodes' maximum",
    source="Kubernetes scheduler NodeResourcesFit; allocatable from the EKS AMI's reserve formulas",
    check=check,
)
