"""Room for what a pod requests, and a preference for the emptier node. Upstream: ``plugins/noderesources/fit.go``."""

from __future__ import annotations

from collections.abc import Sequence

from ..framework import BY_ROOM, MAX_SCORE, NodeFilter, Rejection
from ..node_info import NodeInfo
from ..pod_info import PodInfo
from ..view import ClusterView

SCORED = ("cpu", "memory")


class NodeResourcesFit:
    name = "NodeResourcesFit"
    weight = 1

    def filter_for(self, pod: PodInfo, view: ClusterView) -> NodeFilter | None:
        return _Filter(pod)

    def scores(self, pod: PodInfo, nodes: Sequence[NodeInfo], view: ClusterView) -> list[int] | None:
        """LeastAllocated."""
        return [sum(_free_share(pod, node, name) for name in SCORED) // len(SCORED) for node in nodes]


def _free_share(pod: PodInfo, node: NodeInfo, resource: str) -> int:
    capacity = node.allocatable.get(resource, 0)
    wanted = node.assumed[resource] + pod.assumed.get(resource, 0)
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
