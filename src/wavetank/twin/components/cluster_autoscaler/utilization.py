"""How much of a node its pods have asked for. Pure. Upstream: ``simulator/utilization/info.go``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from wavetank.twin.scheduler.node_info import NodeInfo

from .flags import Settings
from .pod_facts import GPU, is_daemon, is_long_terminating, is_mirror


@dataclass(frozen=True)
class Utilization:
    """Shares of what is allocatable; ``share`` is the one that decides."""

    cpu: Fraction
    memory: Fraction
    gpu: Fraction
    resource: str
    share: Fraction

    def __str__(self) -> str:
        """As ``%v`` prints the struct of upstream, which has a share of dynamic resources, too."""
        shares = (float(self.cpu), float(self.memory), float(self.gpu), 0.0)
        return "{" + " ".join((*map(_number, shares), self.resource, _number(float(self.share)))) + "}"


def _number(value: float) -> str:
    return repr(value) if value != int(value) else str(int(value))


def utilization(info: NodeInfo, settings: Settings, now: datetime) -> Utilization:
    """Of a node with GPUs those count, of others the fuller one of cpu and memory."""
    zero = Fraction(0)
    if info.allocatable.get(GPU):
        share = _share(info, GPU, settings, now)
        return Utilization(zero, zero, share, GPU, share)
    cpu, memory = _share(info, "cpu", settings, now), _share(info, "memory", settings, now)
    name, share = ("cpu", cpu) if cpu > memory else ("memory", memory)
    return Utilization(cpu, memory, zero, name, share)


def threshold(info: NodeInfo, settings: Settings) -> Fraction:
    """A node is worth looking at up to this share."""
    with_gpu = bool(info.allocatable.get(GPU))
    value = settings.scale_down_gpu_utilization_threshold if with_gpu else settings.scale_down_utilization_threshold
    return Fraction(str(value))


def _share(info: NodeInfo, resource: str, settings: Settings, now: datetime) -> Fraction:
    allocatable = info.allocatable.get(resource, 0)
    asked, ignored = _asked(info, resource, settings, now)
    left = allocatable - ignored
    return Fraction(asked, left) if left > 0 else Fraction(0)


def _asked(info: NodeInfo, resource: str, settings: Settings, now: datetime) -> tuple[int, int]:
    """What counts, and what is left out on both sides of the division."""
    daemons, mirrors = settings.ignore_daemonsets_utilization, settings.ignore_mirror_pods_utilization
    if not daemons and not mirrors and not any(pod.terminating for pod in info.pods.values()):
        return info.requested.get(resource, 0), 0
    asked = ignored = 0
    for pod in info.pods.values():
        units = pod.requests.get(resource, 0)
        if (daemons and is_daemon(pod.pod)) or (mirrors and is_mirror(pod.pod)):
            ignored += units
        elif not is_long_terminating(pod.pod, now):
            asked += units
    return asked, ignored
