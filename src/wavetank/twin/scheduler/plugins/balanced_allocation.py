"""A preference for nodes whose cpu and memory the pod brings into balance.

Upstream: ``plugins/noderesources/balanced_allocation.go`` in the form that compares with and without the pod.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from wavetank.kube.resources import Amounts

from ..framework import MAX_SCORE, LocalScore, Rater
from ..node_info import NodeInfo
from ..pod_info import PodInfo
from ..view import ClusterView
from .node_resources_fit import SCORED


class NodeResourcesBalancedAllocation(LocalScore):
    name = "NodeResourcesBalancedAllocation"
    weight = 1

    def rater(self, pod: PodInfo, view: ClusterView) -> Rater | None:
        if not any(pod.requests.get(name) for name in SCORED):
            return None
        return lambda node: _score(pod, node)


_NOTHING: Amounts = {}


def _score(pod: PodInfo, node: NodeInfo) -> int:
    before = _balance(node, _NOTHING)
    after = _balance(node, pod.requests)
    half = MAX_SCORE // 2
    return half + (half + after - before) // 2


def _balance(node: NodeInfo, more: Amounts) -> int:
    """100 when cpu and memory are used to the same degree, less the further they are apart."""
    fractions = [
        min(1.0, (node.requested.get(name, 0) + more.get(name, 0)) / node.allocatable[name])
        for name in SCORED
        if node.allocatable.get(name)
    ]
    return int((1 - _deviation(fractions)) * MAX_SCORE)


def _deviation(fractions: Sequence[float]) -> float:
    if len(fractions) == 2:
        return abs((fractions[0] - fractions[1]) / 2)
    if len(fractions) < 2:
        return 0.0
    mean = sum(fractions) / len(fractions)
    return math.sqrt(sum((f - mean) ** 2 for f in fractions) / len(fractions))
