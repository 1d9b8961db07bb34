"""A node with its pods as the scheduler sees it: what is allocatable, what is taken, which ports and images it has.

Kept by ``ClusterView``; ``copy`` makes one to try things on. Upstream: ``framework.NodeInfo``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wavetank.kube.resources import Amounts, amounts
from wavetank.kube.types import Obj

from .pod_info import HostPort, PodInfo, normalized_image


class NodeInfo:
    """Everything about one node that filters and scores ask."""

    __slots__ = ("allocatable", "assumed", "images", "labels", "name", "node", "pods", "requested", "taints")

    def __init__(self, node: Obj) -> None:
        self.pods: dict[str, PodInfo] = {}
        self.requested: Amounts = {}
        self.assumed: Amounts = {"cpu": 0, "memory": 0}
        self.read(node)

    def read(self, node: Obj) -> None:
        """Take over a new state of the Node object."""
        self.node = node
        self.name: str = node["metadata"]["name"]
        self.labels: Mapping[str, str] = node["metadata"].get("labels") or {}
        self.taints: Sequence[Obj] = (node.get("spec") or {}).get("taints") or ()
        status = node.get("status") or {}
        self.allocatable: Amounts = amounts(status.get("allocatable"))
        images = status.get("images") or ()
        self.images = {normalized_image(n): int(i.get("sizeBytes", 0)) for i in images for n in i.get("names") or ()}

    @property
    def zone(self) -> str:
        """Region and zone; "" when it has neither."""
        region, zone = (self.labels.get(f"topology.kubernetes.io/{part}", "") for part in ("region", "zone"))
        return f"{region}:\x00:{zone}" if region or zone else ""

    @property
    def used_ports(self) -> list[HostPort]:
        return [port for pod in self.pods.values() for port in pod.ports]

    def add(self, pod: PodInfo) -> None:
        self.pods[pod.uid] = pod
        self._count(pod, 1)

    def remove(self, pod: PodInfo) -> None:
        self._count(self.pods.pop(pod.uid), -1)

    def _count(self, pod: PodInfo, sign: int) -> None:
        for name, units in pod.requests.items():
            self.requested[name] = self.requested.get(name, 0) + sign * units
        for name in self.assumed:
            self.assumed[name] += sign * pod.assumed.get(name, 0)

    def copy(self) -> NodeInfo:
        """The same node with pods of its own; the Node object is shared."""
        twin = NodeInfo.__new__(NodeInfo)
        twin.node, twin.name, twin.labels, twin.taints = self.node, self.name, self.labels, self.taints
        twin.allocatable, twin.images = self.allocatable, self.images
        twin.pods, twin.requested, twin.assumed = dict(self.pods), dict(self.requested), dict(self.assumed)
        return twin
