"""Volumes that can only be used from some nodes, and claims that get theirs once a node is chosen.

Upstream: ``plugins/volumebinding``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wavetank.kube import quantity
from wavetank.kube.types import Obj
from wavetank.kube.volume_matching import SELECTED_NODE, annotations_of, best_match, requested

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
        if any(claim["spec"].get("volumeName") or not waits_for_consumer(claim, view) for claim in waiting):
            raise PodRejectedError(UNBOUND_IMMEDIATE)
        return _Filter(bound, waiting, view)


class _Filter(NodeFilter):
    def __init__(self, bound: Sequence[ClaimedVolume], waiting: Sequence[Obj], view: ClusterView) -> None:
        self._bound, self._waiting, self._view = bound, waiting, view
        self._volumes = view.cluster.list("persistentvolumes") if waiting else []

    def rejection(self, node: NodeInfo) -> Rejection | None:
        for entry in self._bound:
            if entry.volume is None:
                return _GONE
            if not reachable(entry.volume, node.name, node.labels):
                return _WRONG_NODE
        if not self._waiting:
            return None
        found = choices(self._waiting, self._volumes, node.name, node.labels, self._view)
        return None if found is not None else _NONE_TO_BIND


def choices(
    claims: Sequence[Obj], volumes: Sequence[Obj], node_name: str, labels: Mapping[str, str], view: ClusterView
) -> list[tuple[Obj, Obj | None]] | None:
    """What claims that wait for a pod get on a node: a volume that exists, or one to be made (None); smallest claims first.

    None when one of them can have nothing there (``FindPodVolumes``).
    """
    found: list[tuple[Obj, Obj | None]] = []
    taken: set[str] = set()
    for claim in sorted(claims, key=lambda c: (quantity.value(requested(c)), c["metadata"]["name"])):
        selected = annotations_of(claim).get(SELECTED_NODE)
        if selected is not None and selected != node_name:
            return None
        volume = best_match(claim, volumes, reachable=lambda v: reachable(v, node_name, labels), taken=taken)
        if selected is None and volume is not None:
            taken.add(volume["metadata"]["name"])
        elif not _can_be_made(claim, labels, view):
            return None
        found.append((claim, volume if selected is None else None))
    return found


def _can_be_made(claim: Obj, labels: Mapping[str, str], view: ClusterView) -> bool:
    storage_class = storage_class_of(claim, view)
    if storage_class is None or storage_class["provisioner"] == NO_PROVISIONER:
        return False
    topologies = storage_class.get("allowedTopologies") or ()
    return not topologies or any(_in_topology(term, labels) for term in topologies)


def reachable(volume: Obj, node_name: str, labels: Mapping[str, str]) -> bool:
    """Whether a node satisfies the volume's node affinity."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    if required is None:
        return True
    return any(NodeTerm(t).matches(node_name, labels) for t in required.get("nodeSelectorTerms") or ())


def _in_topology(term: Obj, labels: Mapping[str, str]) -> bool:
    wanted = term.get("matchLabelExpressions") or ()
    return all(labels.get(e.get("key", "")) in (e.get("values") or ()) for e in wanted)
