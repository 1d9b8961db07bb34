"""CAP005: all workloads at their maximum ask for more than all nodes at their maximum have."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.base.units import MIB
from wavetank.checks.case import Case
from wavetank.checks.fitting import knows_all_nodes
from wavetank.checks.machines import demand_of_workload, machines_of, system_demands
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Workload
from wavetank.plan.packing import Demand, Room


def check(case: Case) -> Iterator[Mistake]:
    growing = [w for w in case.workloads if w.autoscaler and w.max_replicas > w.min_replicas]
    rooms = _rooms(case) if knows_all_nodes(case) else None
    if not rooms or len(growing) == 0:
        return
    demand = _demand(case)
    cpu, memory = sum(r.cpu_milli for r in rooms), sum(r.memory_bytes for r in rooms)
    if demand.cpu_milli > cpu:
        yield _mistake(case, growing, "cpu", f"{demand.cpu_milli}m CPU", f"{cpu}m", len(rooms))
    elif demand.memory_bytes > memory:
        needed, there = f"{demand.memory_bytes // MIB} MiB", f"{memory // MIB} MiB"
        yield _mistake(case, growing, "memory", f"{needed} of memory", there, len(rooms))


def _rooms(case: Case) -> list[Room] | None:
    """Every node of every group at its largest; None when one cannot be known."""
    rooms: list[Room] = []
    for machines in machines_of(case):
        if machines.room is None or machines.group.max_size is None:
            return None
        rooms += [machines.room] * machines.group.max_size
    return rooms


def _demand(case: Case) -> Demand:
    total = sum(system_demands(case), Demand(0, 0))
    for workload in case.workloads:
        if not workload.is_per_node and not workload.is_batch:
            each = demand_of_workload(workload)
            count = workload.max_replicas
            total += Demand(each.cpu_milli * count, each.memory_bytes * count)
    return total


def _mistake(case: Case, growing: list[Workload], resource: str, needed: str, there: str, nodes: int) -> Mistake:
    largest = max(growing, key=lambda w: w.max_replicas * w.requests.get(resource, 0))
    parts = ", ".join(f"{w.name} {w.max_replicas} × {_each(w, resource)}" for w in growing)
    return Mistake(
        at=largest.most_pods_place,
        message=(
            f"with every autoscaler at its maximum the pods ask for {needed} ({parts}, and the rest), but all {nodes} nodes that "
            f"there can ever be have {there}: somebody stays Pending under full load"
        ),
        remedy="raise maxSize of node groups, take larger instances, or lower maxReplicas to what the nodes can carry",
        numbers={"needed": needed, "capacity": there, "nodes": nodes},
        about=tuple(w.title for w in growing),
    )


def _each(workload: Workload, resource: str) -> str:
    amount = workload.requests.get(resource, 0)
    return f"{amount}m" if resource == "cpu" else f"{amount // MIB} MiB"


RULE = Rule(
    id="CAP005",
    severity=Severity.ERROR,
    title="All autoscalers at their maximum do not fit into the cluster at its maximum",
    source="Kubernetes scheduler NodeResourcesFit; allocatable from the EKS AMI's reserve formulas",
    check=check,
)
