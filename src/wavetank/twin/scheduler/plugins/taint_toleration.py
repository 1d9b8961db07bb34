"""Taints that keep pods off, and taints that pods should rather avoid. Upstream: ``plugins/tainttoleration``."""

from __future__ import annotations

from collections.abc import Sequence

from wavetank.kube.taints import REPELLING, is_tolerated, untolerated
from wavetank.kube.types import Obj

from ..framework import MAX_SCORE, LocalScore, NodeFilter, Rater, Rejection, scaled
from ..node_info import NodeInfo
from ..pod_info import PodInfo
from ..view import ClusterView

_REJECTION = Rejection(("node(s) had untolerated taint(s)",), resolvable=False)


class TaintToleration(LocalScore):
    name = "TaintToleration"
    weight = 3
    compares, usual = True, MAX_SCORE

    def filter_for(self, pod: PodInfo, view: ClusterView) -> NodeFilter | None:
        return _Filter(pod.spec.get("tolerations") or ())

    def rater(self, pod: PodInfo, view: ClusterView) -> Rater | None:
        mild = [t for t in pod.spec.get("tolerations") or () if t.get("effect", "") in ("", "PreferNoSchedule")]
        return lambda node: _disliked(node, mild)

    def finished(self, ratings: list[int]) -> list[int]:
        return scaled(ratings, reverse=True)


def _disliked(node: NodeInfo, tolerations: Sequence[Obj]) -> int:
    if not node.taints:
        return 0
    return sum(1 for t in node.taints if t["effect"] == "PreferNoSchedule" and not is_tolerated(t, tolerations))


class _Filter(NodeFilter):
    def __init__(self, tolerations: Sequence[Obj]) -> None:
        self._tolerations = tolerations

    def rejection(self, node: NodeInfo) -> Rejection | None:
        if not node.taints:
            return None
        bad = untolerated(node.taints, self._tolerations, REPELLING)
        return _REJECTION if bad is not None else None
