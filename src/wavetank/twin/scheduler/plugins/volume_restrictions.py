"""Claims that only one pod may use. Upstream: ``plugins/volumerestrictions``."""

from __future__ import annotations

from ..framework import BY_VOLUMES, NodeFilter, Rejection
from ..node_info import NodeInfo
from ..pod_info import PodInfo
from ..view import ClusterView
from .volumes import claim_names, claimed_volumes

_REJECTION = Rejection(
    ("node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode",),
    helped_by=BY_VOLUMES,
)


class VolumeRestrictions:
    name = "VolumeRestrictions"

    def filter_for(self, pod: PodInfo, view: ClusterView) -> NodeFilter | None:
        if not pod.volumes:
            return None
        claims = [entry.claim for entry in claimed_volumes(pod, view)]
        single = {c["metadata"]["name"] for c in claims if "ReadWriteOncePod" in (c["spec"].get("accessModes") or ())}
        return _Filter(pod.namespace, single) if single else None


class _Filter(NodeFilter):
    def __init__(self, namespace: str, claims: set[str]) -> None:
        self._namespace, self._claims = namespace, claims

    def rejection(self, node: NodeInfo) -> Rejection | None:
        users = (pod for pod in node.pods.values() if pod.namespace == self._namespace)
        taken = any(name in self._claims for pod in users for name in claim_names(pod))
        return _REJECTION if taken else None
