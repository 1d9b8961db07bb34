"""What a pod's worker needs of its kubelet and machine: one value instead of ten parameters. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.engine import Engine
from wavetank.twin.nodes.machine import Machine
from wavetank.twin.nodes.runtime.port import Runtime

from .environment import PodContext
from .images import ImageStore
from .memory import EvictionSettings
from .volumes import CreateToken

COMPONENT = "kubelet"


@dataclass(frozen=True)
class Host:
    """One machine, from inside. ``network_ready`` says whether a network plugin runs on it."""

    cluster: Cluster
    machine: Machine
    runtime: Runtime
    images: ImageStore
    network_ready: Callable[[], bool]
    take_address: Callable[[], str]
    give_back_address: Callable[[str], None]
    create_token: CreateToken
    up_since_seconds: float
    eviction: EvictionSettings = field(default_factory=EvictionSettings)

    @property
    def engine(self) -> Engine:
        return self.cluster.engine

    def at(self, seconds: float) -> datetime:
        """The moment of an engine time."""
        return self.engine.epoch + timedelta(seconds=seconds)

    def record(self, pod: Obj, kind: str, reason: str, message: str) -> None:
        self.cluster.record_event(pod, kind, reason, message, COMPONENT, self.machine.name)

    def context(self, pod: Obj, pod_ip: str) -> PodContext:
        """What references in the pod resolve against."""
        return PodContext(
            pod, pod_ip, self.machine.address, self.cluster.find, self.machine.template.allocatable.amount
        )
