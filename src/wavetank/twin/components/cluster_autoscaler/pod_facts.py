"""What the autoscaler reads from a Pod. Pure. Upstream: ``utils/kubernetes/listers.go``, ``utils/pod/pod.go``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from wavetank.kube import times
from wavetank.kube.conditions import condition
from wavetank.kube.pod_phase import is_terminal
from wavetank.kube.resources import pod_requests
from wavetank.kube.types import Obj
from wavetank.twin.scheduler.pod_info import PodInfo

MIRROR = "kubernetes.io/config.mirror"
GPU = "nvidia.com/gpu"
#: A change of a pod wakes the autoscaler while it became unschedulable no longer ago than this (``loop/trigger.go``).
RECENT_SECONDS = 10.0


def controller_of(pod: Obj) -> Obj | None:
    found: Obj | None = next((o for o in pod["metadata"].get("ownerReferences") or () if o.get("controller")), None)
    return found


def is_mirror(pod: Obj) -> bool:
    return MIRROR in (pod["metadata"].get("annotations") or {})


def is_daemon(pod: Obj) -> bool:
    """Of a DaemonSet, or said to be as one."""
    owner = controller_of(pod)
    if owner is not None and owner["kind"] == "DaemonSet":
        return True
    annotations = pod["metadata"].get("annotations") or {}
    return bool(annotations.get("cluster-autoscaler.kubernetes.io/daemonset-pod") == "true")


def is_unschedulable(pod: Obj) -> bool:
    """The scheduler found no node for it."""
    if pod["spec"].get("nodeName") or pod["metadata"].get("deletionTimestamp") or is_terminal(pod):
        return False
    found = condition(pod, "PodScheduled")
    return found is not None and found.get("status") == "False" and found.get("reason") == "Unschedulable"


def became_unschedulable_recently(pod: Obj, now: datetime) -> bool:
    if not is_unschedulable(pod):
        return False
    found = condition(pod, "PodScheduled") or {}
    return (now - times.parse(found["lastTransitionTime"])).total_seconds() <= RECENT_SECONDS


def wants_gpu(pod: Obj) -> bool:
    return GPU in pod_requests(pod)


def is_long_terminating(pod: Obj, now: datetime) -> bool:
    """Still there a grace period and half a minute after its grace period has ended (``drain.IsPodLongTerminating``)."""
    end = pod["metadata"].get("deletionTimestamp")
    if not end:
        return False
    grace = pod["metadata"].get("deletionGracePeriodSeconds") or 0
    return (now - times.parse(end)).total_seconds() > grace + 30.0


def without_node(pod: PodInfo, suffix: str) -> PodInfo:
    """A pod that runs, as one that has to be placed; under another uid, since both are in the picture."""
    spec = {key: value for key, value in pod.spec.items() if key != "nodeName"}
    return replace(pod, uid=f"{pod.uid}/{suffix}", pod={**pod.pod, "spec": spec})
