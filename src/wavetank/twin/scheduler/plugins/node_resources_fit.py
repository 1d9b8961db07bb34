"""Room for what a pod requests, and a preference for the emptier node. Upstream: ``plugins/noderesources/fit.go``."""

from __future__ import annotations

from ..framework import BY_ROOM, MAX_SCORE, LocalScore, NodeFilter, Rater, Rejection
from ..node_info import NodeInfo
from ..pod_info import PodInfo
from ..view import ClusterView

SCORED = ("cpu", "memory")


class NodeResourcesFit(LocalScore):
    name = "NodeResourcesFit"
    weight = 1

    def filter_for(self, pod: PodInfo, view: ClusterView) -> NodeFilter | None:
        return _Filter(pod)

    def rater(self, pod: PodInfo, view: ClusterView) -> Rater | None:
        """LeastAllocated."""
        asked = [(name, pod.assumed.get(name, 0)) for name in SCORED]
        return lambda node: sum([_free_share(node, name, units) for name, units in asked]) // len(SCORED)


def _free_share(node: NodeInfo, resource: str, units: int) -> int:
    capacity = node.allocatable.get(resource, 0)
    wanted = node.assumed[resource] + units
    if capacity == 0 or wanted > capacity:
        return 0
    return (capacity - wanted) * MAX_SCORE // capacity


class _Filter(NodeFilter):
    def __init__(self, pod: PodInfo) -> None:
        self._wanted = [(name, units) for name, units in pod.requests.items() if units > 0]

    def rejection(self, node: NodeInfo) -> Rejection | None:
        reasons: list[str] = []
        resolvable = True
        allocatable, requested = node.allocatable, node.requested
        if len(node.pods) + 1 > allocatable.get("pods", 0):
            reasons.append("Too many pods")
        for name, units in self._wanted:
            capacity = allocatable.get(name, 0)
            if units > capacity - requested.get(name, 0):
                reasons.append(f"Insufficient {name}")
                resolvable = resolvable and units <= capacity
        return Rejection(tuple(reasons), resolvable, BY_ROOM) if reasons else None
