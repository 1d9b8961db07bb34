"""The eviction manager of one kubelet: looks at memory, tells of pressure, evicts one pod at a time; and the kernel's own kills.

Upstream ``pkg/kubelet/eviction/eviction_manager.go`` (``synchronize``), every ten seconds. It looks only where some container's
use differs from idling, and again only while that may change, so that quiet machines cost nothing. Processes of this
computer are not weighed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.engine import Timer
from wavetank.twin.nodes.runtime.port import Weighed

from .host import Host
from .memory import (
    PodMemory,
    eviction_message,
    eviction_order,
    is_critical,
    kernel_victim,
    limit_bytes,
)
from .record import ContainerRecord

INTERVAL_SECONDS = 10.0
#: What a pod gets that is evicted at a hard threshold.
IMMEDIATE_GRACE_SECONDS = 1.0
#: What kubelet, container runtime and operating system use.
SYSTEM_BYTES = 350 * 1024**2
SUFFICIENT = ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available")
INSUFFICIENT = ("True", "KubeletHasInsufficientMemory", "kubelet has insufficient memory available")


class Tenant(Protocol):
    """A pod's worker, as it is seen here."""

    pod: Obj
    records: dict[str, ContainerRecord]

    @property
    def may_be_evicted(self) -> bool: ...

    def evict(self, message: str, grace_seconds: float) -> None: ...


@dataclass(frozen=True)
class _Signal:
    """How much is left, and whether that is below a hard or a soft threshold."""

    available: int
    threshold: int
    hard: bool
    soft: bool


class MemoryWatch:
    """One per kubelet. ``tenants`` gives the workers of its pods."""

    def __init__(self, host: Host, tenants: Callable[[], Iterable[Tenant]]) -> None:
        self._host, self._tenants = host, tenants
        self._engine = host.engine
        self._timer: Timer | None = None
        self._soft_since: float | None = None
        self._pressed_seconds: float | None = None
        self._reclaiming = False
        self.under_pressure = False

    def poke(self, tenant: Tenant) -> None:
        """A pod has changed: begin to look if it brings a use of its own."""
        if self._timer is None and any(_is_lively(record) for record in tenant.records.values()):
            self._timer = self._engine.call_soon(self._look)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _look(self) -> None:
        self._timer = None
        self._kill_over_limits()
        pods = self._use()
        if self._kill_for_the_system(pods):
            pods = self._use()
        signal = self._signal(pods)
        self._note_pressure(signal)
        if signal.hard or signal.soft:
            self._evict_one(pods, signal)
        waits = [INTERVAL_SECONDS] if self.under_pressure or self._soft_since is not None else []
        processes = (r.process for t in self._tenants() for r in t.records.values())
        waits += [s for p in processes if isinstance(p, Weighed) and (s := p.look_again_seconds) is not None]
        if waits:
            self._timer = self._engine.call_later(min(waits), self._look)

    def _use(self) -> list[PodMemory]:
        found: list[PodMemory] = []
        for tenant in self._tenants():
            used: dict[str, int] = {}
            for record in tenant.records.values():
                if isinstance(record.process, Weighed):
                    used[record.name] = record.process.memory_bytes()
            if used:
                found.append(PodMemory(tenant.pod, used))
        return found

    # --- the kernel --------------------------------------------------------------------------------------------

    def _kill_over_limits(self) -> None:
        """A container beyond its limit is killed by its control group."""
        for tenant in self._tenants():
            for record in tenant.records.values():
                limit = limit_bytes(record.spec)
                if limit is not None and isinstance(record.process, Weighed) and record.process.memory_bytes() > limit:
                    record.process.run_out_of_memory()

    def _kill_for_the_system(self, pods: list[PodMemory]) -> bool:
        """More is used than the machine has: the kernel kills by score; True when it did."""
        capacity = self._host.machine.template.capacity.memory_bytes
        if sum(pod.used for pod in pods) + SYSTEM_BYTES <= capacity:
            return False
        victim = kernel_victim(pods, capacity)
        if victim is None:
            return False
        pod, name = victim
        for tenant in self._tenants():
            record = tenant.records.get(name) if tenant.pod is pod.pod else None
            if record is not None and isinstance(record.process, Weighed):
                record.process.run_out_of_memory()
        node = self._node()
        if node is not None:
            self._host.record(node, "Warning", "SystemOOM", f"System OOM encountered, victim process: {name}")
        return True

    # --- the kubelet -------------------------------------------------------------------------------------------

    def _signal(self, pods: list[PodMemory]) -> _Signal:
        """``memory.available`` of the node, or of what pods may have of it, whichever is shorter."""
        settings, template = self._host.eviction, self._host.machine.template
        used = sum(pod.used for pod in pods)
        of_node = template.capacity.memory_bytes - SYSTEM_BYTES - used
        of_pods = template.allocatable.memory_bytes + settings.hard_bytes - used
        available = min(of_node, of_pods)
        # An eviction that has begun goes on until the minimum has been reclaimed.
        wanted = settings.hard_bytes + (settings.minimum_reclaim_bytes if self._reclaiming else 0)
        hard = available < wanted
        self._reclaiming = hard
        soft = self._is_soft(available)
        return _Signal(available, settings.hard_bytes if hard else settings.soft_bytes, hard, soft)

    def _is_soft(self, available: int) -> bool:
        """Whether the soft threshold has been met for its grace period."""
        if available >= self._host.eviction.soft_bytes or not self._host.eviction.soft_bytes:
            self._soft_since = None
            return False
        if self._soft_since is None:
            self._soft_since = self._engine.now
        return self._engine.now - self._soft_since >= self._host.eviction.soft_grace_seconds

    def _note_pressure(self, signal: _Signal) -> None:
        """The condition comes at once and goes only after the transition period."""
        settings, now = self._host.eviction, self._engine.now
        if signal.hard or signal.available < settings.soft_bytes:
            self._pressed_seconds = now
        since = self._pressed_seconds
        pressed = since is not None and now - since < settings.transition_seconds
        if pressed != self.under_pressure:
            self.under_pressure = pressed
            self._write_condition(INSUFFICIENT if pressed else SUFFICIENT)

    def _write_condition(self, said: tuple[str, str, str]) -> None:
        node = self._node()
        if node is None:
            return
        status, reason, message = said
        now = rfc3339(self._engine.utc)
        times = {"lastHeartbeatTime": now, "lastTransitionTime": now}
        new = {"type": "MemoryPressure", "status": status, **times, "reason": reason, "message": message}
        old = node["status"].get("conditions") or ()
        conditions = [new if c["type"] == "MemoryPressure" else c for c in old]
        self._host.cluster.set_status(node, {**node["status"], "conditions": conditions})
        event = "NodeHasInsufficientMemory" if status == "True" else "NodeHasSufficientMemory"
        self._host.record(node, "Normal", event, f"Node {self._host.machine.name} status is now: {event}")

    def _evict_one(self, pods: list[PodMemory], signal: _Signal) -> None:
        node = self._node()
        if node is not None:
            self._host.record(node, "Warning", "EvictionThresholdMet", "Attempting to reclaim memory")
        grace = IMMEDIATE_GRACE_SECONDS if signal.hard else self._host.eviction.max_pod_grace_seconds
        by_uid = {tenant.pod["metadata"]["uid"]: tenant for tenant in self._tenants() if tenant.may_be_evicted}
        for victim in eviction_order(pods):
            tenant = by_uid.get(victim.pod["metadata"]["uid"])
            if tenant is not None and not is_critical(victim.pod):
                tenant.evict(eviction_message(victim, signal.threshold, signal.available), grace)
                return

    def _node(self) -> Obj | None:
        return self._host.cluster.find("nodes", "", self._host.machine.name)


def _is_lively(record: ContainerRecord) -> bool:
    return isinstance(record.process, Weighed) and record.process.is_lively
