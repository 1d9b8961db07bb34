"""Memory of one machine: thresholds, the order in which pods are evicted, what the kernel kills, and the words for it. Pure.

Upstream ``pkg/kubelet/eviction/helpers.go`` (``rankMemoryPressure``, ``evictionMessage``), ``pkg/kubelet/qos/policy.go``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cmp_to_key

from wavetank.kube import quantity
from wavetank.kube.resources import pod_requests, qos_class
from wavetank.kube.types import Obj

MIB = 1024**2
#: Pods of this priority and above are never evicted, nor chosen by the kernel before anything else.
CRITICAL_PRIORITY = 2_000_000_000


@dataclass(frozen=True)
class EvictionSettings:
    """The kubelet's flags; the defaults are those of EKS nodes. Bytes of ``memory.available``, seconds.

    ``soft_bytes`` 0: no soft threshold. ``minimum_reclaim_bytes``: an eviction goes on until so much more than the threshold
    is available. ``transition_seconds``: how long the node's condition stays after the pressure was last seen.
    """

    hard_bytes: int = 100 * MIB
    soft_bytes: int = 0
    soft_grace_seconds: float = 0.0
    max_pod_grace_seconds: float = 0.0
    minimum_reclaim_bytes: int = 0
    transition_seconds: float = 300.0


@dataclass(frozen=True)
class PodMemory:
    """A pod and what its containers use, in bytes by name."""

    pod: Obj
    containers: Mapping[str, int] = field(default_factory=dict)

    @property
    def used(self) -> int:
        return sum(self.containers.values())

    @property
    def over_request(self) -> int:
        """Use beyond the request; negative within it."""
        return self.used - pod_requests(self.pod).get("memory", 0)

    @property
    def priority(self) -> int:
        return int(self.pod["spec"].get("priority") or 0)


def is_critical(pod: Obj) -> bool:
    """Static, mirrored and system-critical pods (``types.IsCriticalPod``)."""
    annotations = pod["metadata"].get("annotations") or {}
    mirrored = "kubernetes.io/config.mirror" in annotations
    return mirrored or int(pod["spec"].get("priority") or 0) >= CRITICAL_PRIORITY


def eviction_order(pods: Iterable[PodMemory]) -> list[PodMemory]:
    """Those over their requests first, then lower priorities, then the most over; the first is evicted first."""

    def compare(a: PodMemory, b: PodMemory) -> int:
        if (a.over_request > 0) != (b.over_request > 0):
            return -1 if a.over_request > 0 else 1
        if a.priority != b.priority:
            return -1 if a.priority < b.priority else 1
        return (b.over_request > a.over_request) - (b.over_request < a.over_request)

    return sorted(pods, key=cmp_to_key(compare))


def eviction_message(victim: PodMemory, threshold_bytes: int, available_bytes: int) -> str:
    """What status and event of an evicted pod say, with the containers that used more than they asked for."""
    limit, left = quantity.format_bytes(threshold_bytes), quantity.format_bytes(max(0, available_bytes))
    text = f"The node was low on resource: memory. Threshold quantity: {limit}, available: {left}. "
    for container in victim.pod["spec"]["containers"]:
        used = victim.containers.get(container["name"], 0)
        stated = ((container.get("resources") or {}).get("requests") or {}).get("memory", "0")
        if used > quantity.value(stated):
            text += (
                f"Container {container['name']} was using {quantity.format_bytes(used // 1024 * 1024)}, "
                f"request is {quantity.canonical(stated)}, has larger consumption of memory. "
            )
    return text


def refusal_under_pressure(pod: Obj) -> str:
    """Why a node under memory pressure does not take a pod; "" when it does (eviction manager ``Admit``)."""
    if is_critical(pod) or qos_class(pod) != "BestEffort" or _tolerates_pressure(pod):
        return ""
    return "The node had condition: [MemoryPressure]. "


def _tolerates_pressure(pod: Obj) -> bool:
    for toleration in pod["spec"].get("tolerations") or ():
        key, operator = toleration.get("key", ""), toleration.get("operator", "Equal")
        fits = key == "node.kubernetes.io/memory-pressure" or (not key and operator == "Exists")
        if (
            fits
            and toleration.get("effect", "") in ("", "NoSchedule")
            and (operator == "Exists" or not toleration.get("value"))
        ):
            return True
    return False


def oom_score_adjustment(pod: Obj, container: Obj, capacity_bytes: int) -> int:
    """``oom_score_adj``: the kernel kills the highest score first (``GetContainerOOMScoreAdjust``)."""
    if is_critical(pod):
        return -997
    match qos_class(pod):
        case "Guaranteed":
            return -997
        case "BestEffort":
            return 1000
        case "Burstable":
            stated = ((container.get("resources") or {}).get("requests") or {}).get("memory", "0")
            score = 1000 - (1000 * quantity.value(stated)) // capacity_bytes
            return min(max(score, 3), 999)


def kernel_victim(pods: Sequence[PodMemory], capacity_bytes: int) -> tuple[PodMemory, str] | None:
    """The container that the kernel kills when the machine has no memory left: (pod, container)."""
    best: tuple[float, PodMemory, str] | None = None
    for pod in pods:
        for container in pod.pod["spec"]["containers"]:
            used = pod.containers.get(container["name"], 0)
            score = 1000 * used / capacity_bytes + oom_score_adjustment(pod.pod, container, capacity_bytes)
            if used and (best is None or score > best[0]):
                best = (score, pod, container["name"])
    return None if best is None else (best[1], best[2])


def limit_bytes(container: Obj) -> int | None:
    """The memory limit of a container."""
    stated = ((container.get("resources") or {}).get("limits") or {}).get("memory")
    return None if stated is None else quantity.value(stated)
