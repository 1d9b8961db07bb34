"""How many volumes a machine can attach, as its CSI drivers say. Upstream: ``plugins/nodevolumelimits/csi.go``."""

from __future__ import annotations

from wavetank.kube.volume_matching import provisioner_of

from ..framework import BY_VOLUMES, NodeFilter, Rejection
from ..node_info import NodeInfo
from ..pod_info import PodInfo
from ..view import ClusterView
from .volumes import claimed_volumes, storage_class_of

_REJECTION = Rejection(("node(s) exceed max volume count",), helped_by=BY_VOLUMES)

#: (driver, volume).
Attachment = tuple[str, str]


class NodeVolumeLimits:
    name = "NodeVolumeLimits"

    def filter_for(self, pod: PodInfo, view: ClusterView) -> NodeFilter | None:
        wanted = attachments(pod, view) if pod.volumes else set()
        return _Filter(wanted, view) if wanted else None


def attachments(pod: PodInfo, view: ClusterView) -> set[Attachment]:
    """The CSI volumes that a pod needs attached; a claim without a volume yet stands for itself."""
    found: set[Attachment] = set()
    for entry in claimed_volumes(pod, view, strict=False):
        csi = entry.volume["spec"].get("csi") if entry.volume else None
        if csi:
            found.add((csi["driver"], csi.get("volumeHandle", "")))
        elif not entry.volume_name:
            storage_class = storage_class_of(entry.claim, view)
            if storage_class is not None:
                found.add((provisioner_of(storage_class), f"{pod.namespace}/{entry.claim['metadata']['name']}"))
    return found


class _Filter(NodeFilter):
    def __init__(self, wanted: set[Attachment], view: ClusterView) -> None:
        self._wanted, self._view = wanted, view

    def rejection(self, node: NodeInfo) -> Rejection | None:
        limits = self._limits(node.name)
        if not limits:
            return None
        attached: set[Attachment] = set()
        for pod in node.pods.values():
            if pod.volumes:
                attached |= attachments(pod, self._view)
        new = self._wanted - attached
        for driver, limit in limits.items():
            adding = sum(1 for d, _ in new if d == driver)
            if adding and sum(1 for d, _ in attached if d == driver) + adding > limit:
                return _REJECTION
        return None

    def _limits(self, node_name: str) -> dict[str, int]:
        csi_node = self._view.cluster.find("csinodes.storage.k8s.io", "", node_name)
        drivers = (csi_node or {}).get("spec", {}).get("drivers") or ()
        counts = ((d.get("name", ""), (d.get("allocatable") or {}).get("count")) for d in drivers)
        return {name: int(count) for name, count in counts if count is not None}
