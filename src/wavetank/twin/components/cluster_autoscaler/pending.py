"""Pods that wait for a node: which of them count, and which are alike.

Upstream: ``core/podlistprocessor``, ``core/scaleup/equivalence/groups.go``, ``core/static_autoscaler.go``.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from wavetank.kube.types import Obj
from wavetank.twin.scheduler.pod_info import PodInfo
from wavetank.twin.scheduler.simulation import Simulation

from .flags import Settings, duration_seconds
from .node_facts import created_seconds_ago
from .pod_facts import controller_of, is_daemon, wants_gpu

DELAY_ANNOTATION = "cluster-autoscaler.kubernetes.io/pod-scale-up-delay"
#: As long as all pods are younger, more may be about to come; those with GPUs may wait for a device plugin.
ALL_NEW_SECONDS, ALL_NEW_GPU_SECONDS = 2.0, 30.0
MOST_GROUPS_BY_CONTROLLER = 10


@dataclass
class PodGroup:
    """Pods that no filter can tell apart. ``errors`` are the reasons by node group; ``schedulable`` if some group takes them."""

    pods: list[PodInfo]
    errors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    schedulable: bool = False


def groups_of(pods: Sequence[PodInfo]) -> list[PodGroup]:
    """Pods of one controller with equal labels and specification; after ten such groups of a controller each for itself."""
    found: list[PodGroup] = []
    by_controller: dict[str, dict[tuple[bytes, int], PodGroup]] = {}
    for pod in pods:
        owner = controller_of(pod.pod)
        if owner is None or is_daemon(pod.pod) or not pod.alike:
            found.append(PodGroup([pod]))
            continue
        known = by_controller.setdefault(owner["uid"], {})
        key = (pod.alike, pod.priority)
        if key in known:
            known[key].pods.append(pod)
            continue
        group = PodGroup([pod])
        found.append(group)
        if len(known) < MOST_GROUPS_BY_CONTROLLER:
            known[key] = group
    return found


def left_over(simulation: Simulation, pods: Sequence[PodInfo]) -> list[PodInfo]:
    """Pods that fit no node that is there or on its way, the most important placed first; the others are placed in the trial."""
    names = sorted(simulation.nodes)
    #: By kind of pod the nodes to try, the one that took the last of the kind first; none when none took it.
    order: dict[tuple[str, bytes, int], list[str]] = {}
    left: set[str] = set()
    for pod in sorted(pods, key=lambda pod: -pod.priority):
        owner = controller_of(pod.pod)
        key = (owner["uid"], pod.alike, pod.priority) if owner and pod.alike else (pod.uid, b"", 0)
        tried = order.get(key, names)
        place = simulation.first_fit(pod, tried)
        if place is None:
            order[key] = []
            left.add(pod.uid)
        else:
            at = tried.index(place)
            order[key] = [*tried[at:], *tried[:at]] if at else tried
            simulation.place(pod, place)
    return [pod for pod in pods if pod.uid in left]


def all_are_new(pods: Sequence[Obj], now: datetime) -> bool:
    """Too new to decide (``allPodsAreNew``)."""
    oldest = max(created_seconds_ago(pod, now) for pod in pods)
    if oldest < ALL_NEW_SECONDS:
        return True
    with_gpu = [created_seconds_ago(pod, now) for pod in pods if wants_gpu(pod)]
    return bool(with_gpu) and max(with_gpu) < ALL_NEW_GPU_SECONDS


def is_old_enough(pod: Obj, settings: Settings, now: datetime) -> bool:
    """Older than ``--new-pod-scale-up-delay``, or what the pod's annotation makes of it (longer, never shorter)."""
    delay = settings.new_pod_scale_up_delay
    stated = (pod["metadata"].get("annotations") or {}).get(DELAY_ANNOTATION)
    if stated is not None:
        # One that cannot be read is none.
        with suppress(ValueError):
            delay = max(delay, duration_seconds(stated))
    age = created_seconds_ago(pod, now)
    return age > delay or (delay == 0 and age >= 0)
