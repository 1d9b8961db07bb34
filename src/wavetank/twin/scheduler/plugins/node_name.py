"""Pods that name their node. Upstream: ``plugins/nodename``."""

from __future__ import annotations

from ..framework import NodeFilter, Rejection
from ..node_info import NodeInfo
from ..pod_info import PodInfo
from ..view import ClusterView

_REJECTION = Rejection(("node(s) didn't match the requested node name",), resolvable=False)


class NodeName:
    name = "NodeName"

    def filter_for(self, pod: PodInfo, view: ClusterView) -> NodeFilter | None:
        wanted = pod.spec.get("nodeName")
        return _Filter(wanted) if wanted else None


class _Filter(NodeFilter):
    def __init__(self, wanted: str) -> None:
        self._wanted = wanted

    def rejection(self, node: NodeInfo) -> Rejection | None:
        return None if node.name == self._wanted else _REJECTION
