"""What the autoscaler reads from a Node and writes on it: readiness, its own taints, template cleaning. Pure.

Upstream: ``utils/kubernetes/ready.go``, ``utils/taints/taints.go``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wavetank.kube import times
from wavetank.kube.conditions import condition, is_true
from wavetank.kube.types import Obj

TO_BE_DELETED = "ToBeDeletedByClusterAutoscaler"
DELETION_CANDIDATE = "DeletionCandidateOfClusterAutoscaler"
SCALE_DOWN_DISABLED = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
#: A node with the taint is being deleted for this long at most.
DELETION_SECONDS = 300.0
#: A node serves as an example of its group this long after it became Ready.
STABLE_SECONDS = 60.0
_NODE = "node.kubernetes.io"
NOT_READY = f"{_NODE}/not-ready"
_CONDITION_TAINTS = frozenset(
    (
        *(
            f"{_NODE}/{name}"
            for name in (
                "not-ready",
                "unreachable",
                "unschedulable",
                "memory-pressure",
                "disk-pressure",
                "network-unavailable",
                "pid-pressure",
                "out-of-service",
            )
        ),
        "node.cloudprovider.kubernetes.io/uninitialized",
        "node.cloudprovider.kubernetes.io/shutdown",
    )
)
_STARTUP_PREFIXES = (
    "ignore-taint.cluster-autoscaler.kubernetes.io/",
    "startup-taint.cluster-autoscaler.kubernetes.io/",
)
_STATUS_PREFIX = "status-taint.cluster-autoscaler.kubernetes.io/"


def taints_of(node: Obj) -> Sequence[Obj]:
    found: Sequence[Obj] = (node.get("spec") or {}).get("taints") or ()
    return found


def is_ready(node: Obj) -> bool:
    """By its conditions and without the taint of a node that is not."""
    if not is_true(node, "Ready") or is_true(node, "DiskPressure") or is_true(node, "NetworkUnavailable"):
        return False
    return all(taint["key"] != NOT_READY for taint in taints_of(node))


def created_seconds_ago(obj: Obj, now: datetime) -> float:
    return (now - times.parse(obj["metadata"]["creationTimestamp"])).total_seconds()


def deletion_began(node: Obj) -> float | None:
    """The Unix time in the autoscaler's taint; None without one."""
    value = next((t.get("value", "") for t in taints_of(node) if t["key"] == TO_BE_DELETED), None)
    if value is None:
        return None
    return float(value) if value.isdigit() else 0.0


def is_being_deleted(node: Obj, now: datetime) -> bool:
    began = deletion_began(node)
    return began is not None and now.timestamp() - began < DELETION_SECONDS


def has_taint(node: Obj, key: str) -> bool:
    return any(taint["key"] == key for taint in taints_of(node))


def marked_for_deletion(node: Obj, now: datetime, *, cordon: bool) -> Obj:
    """With the taint that keeps pods off, and cordoned."""
    taint = {"key": TO_BE_DELETED, "value": str(int(now.timestamp())), "effect": "NoSchedule"}
    spec = {**(node.get("spec") or {}), "taints": [*_others(node, TO_BE_DELETED), taint]}
    return {**node, "spec": {**spec, "unschedulable": True} if cordon else spec}


def spared(node: Obj, *, uncordon: bool) -> Obj:
    """Without the taint, and schedulable again."""
    spec = _with_taints(node, _others(node, TO_BE_DELETED))
    if uncordon:
        spec = {key: value for key, value in spec.items() if key != "unschedulable"}
    return {**node, "spec": spec}


def marked_as_candidate(node: Obj, now: datetime) -> Obj:
    """With the taint that lets the scheduler prefer other nodes."""
    taint = {"key": DELETION_CANDIDATE, "value": str(int(now.timestamp())), "effect": "PreferNoSchedule"}
    return {**node, "spec": _with_taints(node, [*_others(node, DELETION_CANDIDATE), taint])}


def no_candidate(node: Obj) -> Obj:
    return {**node, "spec": _with_taints(node, _others(node, DELETION_CANDIDATE))}


def _others(node: Obj, key: str) -> list[Obj]:
    return [taint for taint in taints_of(node) if taint["key"] != key]


def _with_taints(node: Obj, taints: Sequence[Obj]) -> Obj:
    spec: Obj = {key: value for key, value in (node.get("spec") or {}).items() if key != "taints"}
    return {**spec, "taints": list(taints)} if taints else spec


def is_good_example(node: Obj, now: datetime) -> bool:
    """Ready for a while and open for pods (``isNodeGoodTemplateCandidate``)."""
    ready = condition(node, "Ready")
    if ready is None or not is_ready(node) or (node.get("spec") or {}).get("unschedulable"):
        return False
    return (now - times.parse(ready["lastTransitionTime"])).total_seconds() > STABLE_SECONDS


def as_example(node: Obj, ignored: frozenset[str]) -> Obj:
    """A node as others of its group will be when they are ready: no state, no taints that pass (``SanitizeTaints``)."""
    kept = [taint for taint in taints_of(node) if not _passes(taint["key"], ignored)]
    spec = {key: value for key, value in _with_taints(node, kept).items() if key not in ("providerID", "unschedulable")}
    return {**node, "spec": spec}


def _passes(key: str, ignored: frozenset[str]) -> bool:
    own = key in (TO_BE_DELETED, DELETION_CANDIDATE)
    return own or key in _CONDITION_TAINTS or key in ignored or key.startswith((*_STARTUP_PREFIXES, _STATUS_PREFIX))


def has_startup_taint(node: Obj, startup: frozenset[str]) -> bool:
    """Such a node is not ready yet, whatever it says."""
    return any(t["key"] in startup or t["key"].startswith(_STARTUP_PREFIXES) for t in taints_of(node))
