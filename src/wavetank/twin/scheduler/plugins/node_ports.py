"""Ports of the host that are taken. Upstream: ``plugins/nodeports``."""

from __future__ import annotations

from ..framework import BY_ROOM, NodeFilter, Rejection
from ..node_info import NodeInfo
from ..pod_info import HostPort, PodInfo
from ..view import ClusterView

_REJECTION = Rejection(("node(s) didn't have free ports for the requested pod ports",), helped_by=BY_ROOM)


class NodePorts:
    name = "NodePorts"

    def filter_for(self, pod: PodInfo, view: ClusterView) -> NodeFilter | None:
        return _Filter(pod.ports) if pod.ports else None


class _Filter(NodeFilter):
    def __init__(self, ports: tuple[HostPort, ...]) -> None:
        self._ports = ports

    def rejection(self, node: NodeInfo) -> Rejection | None:
        used = node.used_ports
        return _REJECTION if any(mine.conflicts(other) for mine in self._ports for other in used) else None
