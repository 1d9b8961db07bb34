"""The steps of a DaemonSet's rolling update: which old pods go and which nodes get a second pod now. Pure functions.

Upstream: ``pkg/controller/daemon/update.go`` (``rollingUpdate``). Nodes are taken in the order of their names; upstream's
order is undefined.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from wavetank.kube.conditions import is_pod_available
from wavetank.kube.counts import scaled_value
from wavetank.kube.pod_phase import is_terminating
from wavetank.kube.types import Obj

from .revisions import hash_of


@dataclass(frozen=True)
class Rollout:
    """What one pass decides by: wanted revision, availability, and how many nodes may differ at a time."""

    revision_hash: str
    min_ready_seconds: int
    max_surge: int
    max_unavailable: int
    now: datetime

    def is_available(self, pod: Obj) -> bool:
        return is_pod_available(pod, self.min_ready_seconds, self.now)


@dataclass(frozen=True)
class Step:
    """Old pods to delete, and nodes that get a pod of the new revision beside the old one."""

    delete: Sequence[Obj] = ()
    create_on: Sequence[str] = ()


@dataclass(frozen=True)
class _OnNode:
    node: str
    new: Obj | None
    old: Obj | None


def max_surge(daemon_set: Obj, desired: int) -> int:
    rolling = _rolling(daemon_set)
    return scaled_value(rolling.get("maxSurge", 0), desired, round_up=True) if rolling else 0


def max_unavailable(daemon_set: Obj, desired: int) -> int:
    """Both limits round up; when both come out as 0, one pod may be unavailable (``updatedDesiredNodeCounts``)."""
    unavailable = scaled_value(_rolling(daemon_set).get("maxUnavailable", 1), desired, round_up=True)
    return unavailable if unavailable or max_surge(daemon_set, desired) else 1


def allows_surge(daemon_set: Obj) -> bool:
    """``AllowsSurge``: a maxSurge other than 0 or 0 %."""
    return max_surge(daemon_set, 1) > 0


def _rolling(daemon_set: Obj) -> Obj:
    strategy: Obj = daemon_set["spec"].get("updateStrategy") or {}
    rolling: Obj = strategy.get("rollingUpdate") or {}
    return rolling if strategy.get("type", "RollingUpdate") == "RollingUpdate" else {}


def next_step(pods_by_node: Mapping[str, Sequence[Obj]], rollout: Rollout) -> Step:
    found = [_on_node(name, pods_by_node[name], rollout.revision_hash) for name in sorted(pods_by_node)]
    return _surging(found, rollout) if rollout.max_surge else _replacing(found, rollout)


def _on_node(name: str, pods: Sequence[Obj], revision_hash: str) -> _OnNode | None:
    """The new and the old pod of a node; None when there are two of a sort (``findUpdatedPodsOnNode``)."""
    alive = [pod for pod in pods if not is_terminating(pod)]
    new = [pod for pod in alive if hash_of(pod) == revision_hash]
    old = [pod for pod in alive if hash_of(pod) != revision_hash]
    if len(new) > 1 or len(old) > 1:
        return None
    return _OnNode(name, new[0] if new else None, old[0] if old else None)


def _replacing(found: Sequence[_OnNode | None], rollout: Rollout) -> Step:
    """Without surge: old pods that are unavailable anyway go, others as far as ``max_unavailable`` allows."""
    unavailable, useless, candidates = 0, list[Obj](), list[Obj]()
    for place in found:
        if place is None or (place.new is None) == (place.old is None):
            unavailable += 1
        elif place.new is not None:
            unavailable += not rollout.is_available(place.new)
        elif place.old is not None and not rollout.is_available(place.old):
            unavailable += 1
            useless.append(place.old)
        elif place.old is not None:
            candidates.append(place.old)
    return Step(delete=[*useless, *candidates[: max(rollout.max_unavailable - unavailable, 0)]])


def _surging(found: Sequence[_OnNode | None], rollout: Rollout) -> Step:
    """With surge: a new pod joins the old one, which goes when the new one is available."""
    surging, outdated, urgent, candidates = 0, list[Obj](), list[str](), list[str]()
    for place in found:
        if place is None:
            surging += 1
        elif place.old is None:
            continue
        elif place.new is None:
            (candidates if rollout.is_available(place.old) else urgent).append(place.node)
        elif rollout.is_available(place.new):
            outdated.append(place.old)
        else:
            surging += 1
    return Step(outdated, [*urgent, *candidates[: max(rollout.max_surge - surging, 0)]])
