"""A preference for nodes whose cpu and memory the pod brings into balance.

Upstream: ``plugins/noderesources/balanced_allocation.go`` in the form that compares with and without the pod.
"""

from __future__ import annotations

from ..framework import MAX_SCORE, LocalScore, Rater
from ..node_info import NodeInfo
from ..pod_info import PodInfo
from ..view import ClusterView
from .node_resources_fit import SCORED

#: Before, the balance with the pod was the score, and pods without requests were scored like others.
DELTA_SINCE_MINOR = 36


class NodeResourcesBalancedAllocation(LocalScore):
    name = "NodeResourcesBalancedAllocation"
    weight = 1

    def rater(self, pod: PodInfo, view: ClusterView) -> Rater | None:
        cpu, memory = (pod.requests.get(name, 0) for name in SCORED)
        if view.minor < DELTA_SINCE_MINOR:
            return lambda node: _balance(node, cpu, memory)
        return (lambda node: _score(node, cpu, memory)) if cpu or memory else None


def _score(node: NodeInfo, cpu: int, memory: int) -> int:
    half = MAX_SCORE // 2
    return half + (half + _balance(node, cpu, memory) - _balance(node, 0, 0)) // 2


def _balance(node: NodeInfo, cpu: int, memory: int) -> int:
    """100 when cpu and memory are used to the same degree, less the further they are apart (by their standard deviation)."""
    room, taken = node.allocatable, node.requested
    most_cpu, most_memory = room.get("cpu"), room.get("memory")
    if not most_cpu or not most_memory:
        return MAX_SCORE
    cpu_share = min(1.0, (taken.get("cpu", 0) + cpu) / most_cpu)
    memory_share = min(1.0, (taken.get("memory", 0) + memory) / most_memory)
    return int((1 - abs((cpu_share - memory_share) / 2)) * MAX_SCORE)
