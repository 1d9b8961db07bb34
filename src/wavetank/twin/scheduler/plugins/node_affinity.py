"""Node selectors and node affinity, required and preferred. Upstream: ``plugins/nodeaffinity``."""

from __future__ import annotations

from ..framework import LocalScore, NodeFilter, PodRejectedError, Rater, Rejection, scaled
from ..matching import NodeSelection, NodeTerm
from ..node_info import NodeInfo
from ..pod_info import PodInfo
from ..view import ClusterView

_REJECTION = Rejection(("node(s) didn't match Pod's node affinity/selector",), resolvable=False)
CONFLICT = "pod affinity terms conflict"


class NodeAffinity(LocalScore):
    name = "NodeAffinity"
    weight = 2
    compares = True

    def filter_for(self, pod: PodInfo, view: ClusterView) -> NodeFilter | None:
        selection = NodeSelection(pod.spec)
        return None if selection.is_empty else _Filter(selection)

    def rater(self, pod: PodInfo, view: ClusterView) -> Rater | None:
        affinity = (pod.spec.get("affinity") or {}).get("nodeAffinity") or {}
        preferred = affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
        if not preferred:
            return None
        terms = [(p["weight"], NodeTerm(p["preference"])) for p in preferred]
        return lambda node: sum(weight for weight, term in terms if term.matches(node.name, node.labels))

    def finished(self, ratings: list[int]) -> list[int]:
        return scaled(ratings)


class _Filter(NodeFilter):
    def __init__(self, selection: NodeSelection) -> None:
        self._selection = selection
        self.only = _named_nodes(selection)
        if self.only is not None and not self.only:
            raise PodRejectedError(CONFLICT)

    def rejection(self, node: NodeInfo) -> Rejection | None:
        return None if self._selection.matches(node.name, node.labels) else _REJECTION


def _named_nodes(selection: NodeSelection) -> frozenset[str] | None:
    """The nodes that all terms name (a pod of a DaemonSet names one); None when some term names none."""
    names = [term.names for term in selection.terms or ()]
    if not names or None in names:
        return None
    return frozenset[str]().union(*(n for n in names if n is not None))
