"""Whether the pods of a node may be moved. The first rule that decides counts. Upstream: ``simulator/drainability/rules``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from wavetank.kube.pod_phase import is_terminal
from wavetank.kube.types import Obj
from wavetank.twin.scheduler.pod_info import PodInfo

from .budgets import Budgets
from .flags import Settings
from .node_facts import created_seconds_ago
from .pod_facts import controller_of, is_daemon, is_long_terminating, is_mirror

SAFE = "cluster-autoscaler.kubernetes.io/safe-to-evict"
SAFE_VOLUMES = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"
#: Controllers that are known to make pods again.
REPLICATING = ("ReplicationController", "ReplicaSet", "Job", "StatefulSet")

#: "move" needs a place elsewhere, "stay" goes with the node, "wait" for its end, "block" keeps the node.
Fate = Literal["move", "stay", "wait", "block"]
#: Replicas that a controller wants; None for one that is not there (any more).
Replicas = Callable[[str, Obj], int | None]


@dataclass(frozen=True)
class Verdict:
    """What becomes of a pod, and why it blocks."""

    fate: Fate
    reason: str = ""


@dataclass(frozen=True)
class Surroundings:
    """What rules look at besides the pod."""

    settings: Settings
    budgets: Budgets
    replicas: Replicas
    now: datetime


STAYS, MOVES, WAITS = Verdict("stay"), Verdict("move"), Verdict("wait")


def verdict(pod: PodInfo, around: Surroundings) -> Verdict:
    """The fate of one pod."""
    obj = pod.pod
    if is_mirror(obj) or is_long_terminating(obj, around.now):
        return STAYS
    owner = controller_of(obj)
    short = _is_short_of_replicas(obj, owner, around)
    if short:
        return Verdict("block", short)
    if is_daemon(obj) or is_terminal(obj):
        return STAYS
    match (obj["metadata"].get("annotations") or {}).get(SAFE):
        case "true":
            return MOVES
        case "on-completion":
            return WAITS
    blocked = _blocks(pod, owner, around)
    return Verdict("block", blocked) if blocked else MOVES


def _is_short_of_replicas(obj: Obj, owner: Obj | None, around: Surroundings) -> str:
    """Its controller is gone, or wants too few of its kind."""
    if owner is None or not around.settings.skip_nodes_with_custom_controller_pods or owner["kind"] not in REPLICATING:
        return ""
    wanted = around.replicas(obj["metadata"].get("namespace", ""), owner)
    if wanted is None:
        return "ControllerNotFound"
    counted = owner["kind"] in ("ReplicaSet", "ReplicationController")
    return "MinReplicasReached" if counted and wanted < around.settings.min_replica_count else ""


def _blocks(pod: PodInfo, owner: Obj | None, around: Surroundings) -> str:
    settings, obj = around.settings, pod.pod
    if owner is None or (settings.skip_nodes_with_custom_controller_pods and owner["kind"] not in REPLICATING):
        return "NotReplicated"
    if settings.skip_nodes_with_system_pods and _is_young_system_pod(pod, around):
        return "UnmovableKubeSystemPod"
    if (obj["metadata"].get("annotations") or {}).get(SAFE) == "false":
        return "NotSafeToEvictAnnotation"
    if settings.skip_nodes_with_local_storage and has_local_storage(obj):
        return "LocalStorageRequested"
    return "" if around.budgets.allows(pod) else "NotEnoughPdb"


def _is_young_system_pod(pod: PodInfo, around: Surroundings) -> bool:
    if pod.namespace != "kube-system" or around.budgets.has_budget(pod):
        return False
    age = created_seconds_ago(pod.pod, around.now)
    return age < around.settings.blocking_system_pod_distruption_timeout


def has_local_storage(pod: Obj) -> bool:
    """On disk of the node, and not all of it said to be safe to lose; memory is not looked at."""
    safe = {name.strip() for name in (pod["metadata"].get("annotations") or {}).get(SAFE_VOLUMES, "").split(",")}
    return any(_is_local(volume) and volume["name"] not in safe for volume in pod["spec"].get("volumes") or ())


def _is_local(volume: Obj) -> bool:
    if "hostPath" in volume:
        return True
    return "emptyDir" in volume and (volume["emptyDir"] or {}).get("medium") != "Memory"


@dataclass(frozen=True)
class Drain:
    """What emptying a node means: the pods that need a place, or what stands in the way."""

    moving: tuple[PodInfo, ...] = ()
    waiting: tuple[PodInfo, ...] = ()
    blocked_by: str = ""


def drain_of(pods: Sequence[PodInfo], around: Surroundings) -> Drain:
    """All pods of a node together."""
    moving: list[PodInfo] = []
    waiting: list[PodInfo] = []
    for pod in pods:
        found = verdict(pod, around)
        match found.fate:
            case "block":
                return Drain(blocked_by=f"{pod.namespace}/{pod.name}: {found.reason}")
            case "move":
                moving.append(pod)
            case "wait":
                waiting.append(pod)
            case "stay":
                continue
    return Drain(tuple(moving), tuple(waiting))
