"""Volumes labelled with the zone they are in. Upstream: ``plugins/volumezone``."""

from __future__ import annotations

from collections.abc import Sequence

from ..framework import BY_VOLUMES, NodeFilter, Rejection
from ..node_info import NodeInfo
from ..pod_info import PodInfo
from ..view import ClusterView
from .volumes import claimed_volumes

_REJECTION = Rejection(("node(s) had no available volume zone",), resolvable=False, helped_by=BY_VOLUMES)
#: A topology label and its older name.
_LABELS = (
    ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"),
    ("topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"),
)
_ALL = tuple(name for pair in _LABELS for name in pair)
_OTHER = dict(_LABELS) | {old: new for new, old in _LABELS}


class VolumeZone:
    name = "VolumeZone"

    def filter_for(self, pod: PodInfo, view: ClusterView) -> NodeFilter | None:
        volumes = [e.volume for e in claimed_volumes(pod, view) if e.volume] if pod.volumes else []
        wanted = [
            (key, frozenset(labels[key].split("__")))
            for labels in (v["metadata"].get("labels") or {} for v in volumes)
            for key in _ALL
            if key in labels
        ]
        return _Filter(wanted) if wanted else None


class _Filter(NodeFilter):
    def __init__(self, wanted: Sequence[tuple[str, frozenset[str]]]) -> None:
        self._wanted = wanted

    def rejection(self, node: NodeInfo) -> Rejection | None:
        if not any(key in node.labels for key in _ALL):
            return None
        for key, zones in self._wanted:
            if node.labels.get(key, node.labels.get(_OTHER[key])) not in zones:
                return _REJECTION
        return None
