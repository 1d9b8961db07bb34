"""Taints that keep pods off, and taints that pods should rather avoid. Upstream: ``plugins/tainttoleration``."""

from __future__ import annotations

from collections.abc import Sequence

from wavetank.kube.taints import REPELLING, is_tolerated, untolerated
from wavetank.kube.types import Obj

from ..framework import MAX_SCORE, LocalScore, NodeFilter, Rater, Rejection, scaled
from ..node_info import NodeInfo
from ..pod_info import PodInfo
from ..view import ClusterView

#: Older releases say which taint it was.
UNNAMED_SINCE_MINOR = 36
_REJECTION = Rejection(("node(s) had untolerated taint(s)",), resolvable=False)


class TaintToleration(LocalScore):
    name = "TaintToleration"
    weight = 3
    compares, usual = True, MAX_SCORE

    def filter_for(self, pod: PodInfo, view: ClusterView) -> NodeFilter | None:
        return _Filter(pod.spec.get("tolerations") or (), names_taint=view.minor < UNNAMED_SINCE_MINOR)

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
    def __init__(self, tolerations: Sequence[Obj], *, names_taint: bool) -> None:
        self._tolerations, self._names_taint = tolerations, names_taint

    def rejection(self, node: NodeInfo) -> Rejection | None:
        if not node.taints:
            return None
        bad = untolerated(node.taints, self._tolerations, REPELLING)
        if bad is None:
            return None
        return _naming(bad) if self._names_taint else _REJECTION


def _naming(taint: Obj) -> Rejection:
    text = f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"
    return Rejection((text,), resolvable=False)
