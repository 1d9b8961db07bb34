"""Cordoned nodes. Upstream: ``plugins/nodeunschedulable``."""

from __future__ import annotations

from wavetank.kube.taints import is_tolerated

from ..framework import NodeFilter, Rejection
from ..node_info import NodeInfo
from ..pod_info import PodInfo
from ..view import ClusterView

TAINT = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
_REJECTION = Rejection(("node(s) were unschedulable",), resolvable=False)


class NodeUnschedulable:
    name = "NodeUnschedulable"

    def filter_for(self, pod: PodInfo, view: ClusterView) -> NodeFilter | None:
        return None if is_tolerated(TAINT, pod.spec.get("tolerations") or ()) else _Filter()


class _Filter(NodeFilter):
    def rejection(self, node: NodeInfo) -> Rejection | None:
        return _REJECTION if (node.node.get("spec") or {}).get("unschedulable") else None
