"""Volumes that can only be used from some nodes, and claims that get theirs once a node is chosen.

Upstream: ``plugins/volumebinding``.
"""

from __future__ import annotations

from collections.abc import Sequence

from wavetank.kube import quantity
from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj

from ..framework import BY_VOLUMES, NodeFilter, PodRejectedError, Rejection
from ..matching import NodeTerm
from ..node_info import NodeInfo
from ..pod_info import PodInfo
from ..view import ClusterView
from .volumes import ClaimedVolume, claimed_volumes, storage_class_of, waits_for_consumer

_WRONG_NODE = Rejection(
    ("node(s) didn't match PersistentVolume's node affinity",), resolvable=False, helped_by=BY_VOLUMES
)
_GONE = Rejection(
    ("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",),
    resolvable=False,
    helped_by=BY_VOLUMES,
)
_NONE_TO_BIND = Rejection(
    ("node(s) didn't find available persistent volumes to bind",), resolvable=False, helped_by=BY_VOLUMES
)
UNBOUND_IMMEDIATE = "pod has unbound immediate PersistentVolumeClaims"
#: A provisioner that provisions nothing: volumes are made by hand.
NO_PROVISIONER = "kubernetes.io/no-provisioner"


class VolumeBinding:
    name = "VolumeBinding"

    def filter_for(self, pod: PodInfo, view: ClusterView) -> NodeFilter | None:
        entries = claimed_volumes(pod, view) if pod.volumes else []
        if not entries:
            return None
        bound = [e for e in entries if e.is_bound]
        waiting = [e.claim for e in entries if not e.is_bound]
        if any(not waits_for_consumer(claim, view) for claim in waiting):
            raise PodRejectedError(UNBOUND_IMMEDIATE)
        return _Filter(bound, waiting, view)


class _Filter(NodeFilter):
    def __init__(self, bound: Sequence[ClaimedVolume], waiting: Sequence[Obj], view: ClusterView) -> None:
        self._bound, self._waiting, self._view = bound, waiting, view
        self._free = [v for v in view.cluster.list("persistentvolumes") if _is_free(v)] if waiting else []

    def rejection(self, node: NodeInfo) -> Rejection | None:
        for entry in self._bound:
            if entry.volume is None:
                return _GONE
            if not reachable(entry.volume, node):
                return _WRONG_NODE
        return None if all(self._can_have(claim, node) for claim in self._waiting) else _NONE_TO_BIND

    def _can_have(self, claim: Obj, node: NodeInfo) -> bool:
        if any(_fits(claim, volume) and reachable(volume, node) for volume in self._free):
            return True
        storage_class = storage_class_of(claim, self._view)
        if storage_class is None or storage_class["provisioner"] == NO_PROVISIONER:
            return False
        topologies = storage_class.get("allowedTopologies") or ()
        return not topologies or any(_in_topology(term, node) for term in topologies)


def reachable(volume: Obj, node: NodeInfo) -> bool:
    """Whether the node satisfies the volume's node affinity."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    if required is None:
        return True
    return any(NodeTerm(t).matches(node.name, node.labels) for t in required.get("nodeSelectorTerms") or ())


def _is_free(volume: Obj) -> bool:
    return not volume["spec"].get("claimRef") and (volume.get("status") or {}).get("phase") == "Available"


def _fits(claim: Obj, volume: Obj) -> bool:
    spec, offered = claim["spec"], volume["spec"]
    if (spec.get("storageClassName") or "") != (offered.get("storageClassName") or ""):
        return False
    if not set(spec.get("accessModes") or ()) <= set(offered.get("accessModes") or ()):
        return False
    selector = spec.get("selector")
    if selector is not None and not LabelSelector.from_object(selector).matches(volume["metadata"].get("labels")):
        return False
    wanted = ((spec.get("resources") or {}).get("requests") or {}).get("storage", "0")
    return quantity.compare((offered.get("capacity") or {}).get("storage", "0"), wanted) >= 0


def _in_topology(term: Obj, node: NodeInfo) -> bool:
    wanted = term.get("matchLabelExpressions") or ()
    return all(node.labels.get(e["key"]) in (e.get("values") or ()) for e in wanted)
