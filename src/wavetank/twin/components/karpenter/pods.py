"""Which pods Karpenter makes nodes for, moves, and waits for; and what a pod requires of a node's labels. Pure.

Upstream: ``pkg/utils/pod/scheduling.go``, ``pkg/scheduling/requirements.go``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from wavetank.kube.conditions import condition
from wavetank.kube.pod_phase import is_terminal, is_terminating
from wavetank.kube.resources import Amounts
from wavetank.kube.taints import REPELLING, untolerated
from wavetank.kube.times import parse
from wavetank.kube.types import Obj
from wavetank.twin.scheduler.pod_info import PodInfo

from .names import DISRUPTED, DO_NOT_DISRUPT
from .requirements import Requirement, Requirements, of_expressions, of_labels

CRITICAL_CLASSES = ("system-cluster-critical", "system-node-critical")
#: A pod that should have been gone for this long is not waited for.
STUCK_AFTER = timedelta(minutes=1)
#: What is worth the most in a pod's deletion cost and priority.
DELETION_COST_SCALE, PRIORITY_SCALE = 2**27, 2**25
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"


def is_owned_by(pod: Obj, kind: str) -> bool:
    return any(owner.get("kind") == kind for owner in pod["metadata"].get("ownerReferences") or ())


def is_active(pod: Obj) -> bool:
    return not is_terminal(pod) and not is_terminating(pod)


def is_provisionable(pod: Obj) -> bool:
    """The scheduler has found no node for it, and a new one may help."""
    status = pod.get("status") or {}
    if pod["spec"].get("nodeName") or status.get("nominatedNodeName") or is_owned_by(pod, "DaemonSet"):
        return False
    scheduled = condition(pod, "PodScheduled") or {}
    return scheduled.get("reason") == "Unschedulable" and not is_owned_by(pod, "Node") and is_active(pod)


def is_reschedulable(pod: Obj) -> bool:
    """It will need another place when its node goes."""
    stays = is_active(pod) or (is_owned_by(pod, "StatefulSet") and is_terminating(pod) and not is_terminal(pod))
    return stays and not is_owned_by(pod, "DaemonSet") and not is_owned_by(pod, "Node")


def has_do_not_disrupt(obj: Obj) -> bool:
    return bool((obj["metadata"].get("annotations") or {}).get(DO_NOT_DISRUPT) == "true")


def tolerates_disruption(pod: Obj) -> bool:
    return untolerated([DISRUPTED], pod["spec"].get("tolerations") or (), REPELLING) is None


def is_evictable(pod: Obj) -> bool:
    """Karpenter evicts it from a node that goes."""
    return (
        is_active(pod)
        and not tolerates_disruption(pod)
        and not is_owned_by(pod, "Node")
        and not has_do_not_disrupt(pod)
    )


def is_waited_for(pod: Obj, now: datetime) -> bool:
    """A node that goes is not empty while it is there, whoever ends it."""
    return (
        not is_terminal(pod)
        and not tolerates_disruption(pod)
        and not is_owned_by(pod, "Node")
        and not _is_stuck(pod, now)
    )


def _is_stuck(pod: Obj, now: datetime) -> bool:
    ending = pod["metadata"].get("deletionTimestamp")
    return bool(ending) and now - parse(ending) > STUCK_AFTER


def is_critical(pod: Obj) -> bool:
    return pod["spec"].get("priorityClassName") in CRITICAL_CLASSES


def moving_cost(pod: Obj) -> float:
    """How much it hurts to move a pod: 1 for an ordinary one, within -10 and 10 (``EvictionCost``)."""
    stated = (pod["metadata"].get("annotations") or {}).get(DELETION_COST)
    try:
        own = int(stated) / DELETION_COST_SCALE if stated else 0.0
    except ValueError:
        own = 0.0
    cost = 1.0 + own + (pod["spec"].get("priority") or 0) / PRIORITY_SCALE
    return min(max(cost, -10.0), 10.0)


# --- requirements ------------------------------------------------------------------------------------------------------


def pod_requirements(spec: Obj, *, with_preferred: bool) -> Requirements:
    """Selector and the first required term of the affinity; with the heaviest preferred term, as if it were required."""
    found = of_labels(spec.get("nodeSelector") or {})
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    preferred = affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    if with_preferred and preferred:
        heaviest = max(preferred, key=lambda term: int(term["weight"]))
        found = found.plus(_of_term(heaviest["preference"]))
    required = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or ()
    return found.plus(_of_term(required[0])) if required else found


def _of_term(term: Obj) -> Iterable[Requirement]:
    return of_expressions(term.get("matchExpressions") or ()).values()


def requests_of(info: PodInfo) -> Amounts:
    """What the pod takes of a node, its place among the pods included."""
    return {**{name: n for name, n in info.requests.items() if n}, "pods": 1}


def in_order(pods: Iterable[PodInfo]) -> list[PodInfo]:
    """The largest first: by cpu, then memory; of equal ones the oldest."""

    def rank(pod: PodInfo) -> tuple[int, int, str, str]:
        created = str(pod.pod["metadata"].get("creationTimestamp") or "")
        return (-pod.requests.get("cpu", 0), -pod.requests.get("memory", 0), created, pod.uid)

    return sorted(pods, key=rank)
