"""How many pods of a workload find room on the nodes of a case, beside everything else that runs there.

Called by capacity rules. The arithmetic is ``plan.packing``; here it is decided who stands where.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wavetank.plan.packing import Demand, Room, copies, placed

from .aws import NodeGroup
from .case import Case
from .machines import Machines, demand_of_workload, machines_of, system_demands
from .workloads import Workload


@dataclass(frozen=True)
class Fit:
    """``pods`` of the workload fit on ``nodes`` machines; ``places`` says in words which these are."""

    pods: int
    nodes: int
    places: str


def fit_of(case: Case, workload: Workload, size: Callable[[NodeGroup], int | None]) -> Fit | None:
    """Pods of the workload that fit when every group has ``size`` nodes and all else is at rest; None when nobody can know.

    Never a false alarm: Karpenter's machines, groups whose size or machines are not known, make the answer None.
    """
    if not knows_all_nodes(case):
        return None
    groups = machines_of(case)
    mine = [machines for machines in groups if machines.admits(workload) is not False]
    if any(m.admits(workload) is None or m.room is None or size(m.group) is None for m in mine):
        return None
    rooms = _left_over(case, workload, groups, size)
    demand = demand_of_workload(workload)
    pods = sum(copies(demand, room) for machines in mine for room in rooms[machines.group.name])
    return Fit(pods, sum(size(m.group) or 0 for m in mine), _places(mine, size))


def knows_all_nodes(case: Case) -> bool:
    """Whether pods can only run on the node groups of the case: no Karpenter, no Auto Mode, nothing unknown."""
    cluster = case.aws.cluster
    karpenter = case.manifests.of_kind("NodePool") or case.components.installs("karpenter")
    elsewhere = karpenter or case.aws.of_type("aws_eks_fargate_profile")
    return case.given.nodes and not elsewhere and cluster is not None and cluster.auto_mode is False


def _left_over(
    case: Case, workload: Workload, groups: Sequence[Machines], size: Callable[[NodeGroup], int | None]
) -> dict[str, list[Room]]:
    """By group: its nodes with everything but the workload on them; others stand in the first group that has room."""
    rooms = {m.group.name: [m.room] * (size(m.group) or 0) for m in groups if m.room is not None}
    left = {name: [room for room in group if room is not None] for name, group in rooms.items()}
    for other in case.workloads:
        if other is not workload and not other.is_per_node:
            _stand(
                [demand_of_workload(other)] * other.min_replicas,
                [m for m in groups if m.admits(other) is not False],
                left,
            )
    _stand(system_demands(case), [m for m in groups if not m.taints], left)
    return left


def _stand(demands: list[Demand], groups: Sequence[Machines], left: dict[str, list[Room]]) -> None:
    for machines in groups:
        name = machines.group.name
        if name in left:
            left[name], demands = placed(demands, left[name])


def _places(groups: Sequence[Machines], size: Callable[[NodeGroup], int | None]) -> str:
    words = [f"{m.group.name} ({size(m.group)} × {(m.group.instance_types or ('?',))[0]})" for m in groups]
    return ", ".join(words) or "no node group"
