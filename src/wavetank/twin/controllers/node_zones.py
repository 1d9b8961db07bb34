"""How far each zone is disrupted, and how fast NoExecute taints may therefore be put on its nodes.

Upstream: ``pkg/controller/nodelifecycle/node_lifecycle_controller.go`` (``handleDisruption``, ``ComputeZoneState``) and
``scheduler/rate_limited_queue.go``. Knows nodes by name only; the clock is a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from wavetank.kube.types import Obj

from .settings import NodeLifecycleSettings

EXCLUDED = "node.kubernetes.io/exclude-disruption"
_FEW = 2


class ZoneState(Enum):
    INITIAL = "Initial"
    NORMAL = "Normal"
    PARTIAL = "PartialDisruption"
    FULL = "FullDisruption"


@dataclass(frozen=True)
class Health:
    """Nodes of one zone by readiness."""

    ready: int = 0
    not_ready: int = 0

    @property
    def size(self) -> int:
        return self.ready + self.not_ready

    def with_node(self, *, is_ready: bool) -> Health:
        return Health(self.ready + is_ready, self.not_ready + (not is_ready))


def zone_of(node: Obj) -> str:
    """Region and zone as one key; "" for a node that says neither (``GetZoneKey``)."""
    labels = node["metadata"].get("labels") or {}
    region, zone = labels.get("topology.kubernetes.io/region", ""), labels.get("topology.kubernetes.io/zone", "")
    return f"{region}:{zone}" if region or zone else ""


def state_of(health: Health, settings: NodeLifecycleSettings) -> ZoneState:
    if health.ready == 0 and health.not_ready > 0:
        return ZoneState.FULL
    if health.not_ready > _FEW and health.not_ready / health.size >= settings.unhealthy_zone_threshold:
        return ZoneState.PARTIAL
    return ZoneState.NORMAL


def rate_in(state: ZoneState, size: int, settings: NodeLifecycleSettings) -> float:
    """Nodes per second that may be tainted in a zone of this state."""
    if state is not ZoneState.PARTIAL:
        return settings.eviction_rate
    return settings.secondary_eviction_rate if size > settings.large_cluster_size else 0.0


class Limiter:
    """A token bucket with room for one token; full at first. A rate of 0 lets nothing through."""

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        self._full_at = now

    def take(self, now: float) -> bool:
        if self.rate <= 0 or now < self._full_at:
            return False
        self._full_at = now + 1 / self.rate
        return True

    def changed_to(self, rate: float, now: float) -> Limiter:
        """A limiter of another rate, full unless this one is exhausted (``SwapLimiter``)."""
        if rate == self.rate:
            return self
        changed = Limiter(rate, now)
        if not self.take(now):
            changed.take(now)
        return changed

    def wait_seconds(self, now: float) -> float | None:
        """Until the next token; None when there will be none."""
        return None if self.rate <= 0 else max(self._full_at - now, 0.0)


class ZoneQueue:
    """Nodes of a zone that wait for their NoExecute taint, first come first served, each once until it is forgotten."""

    def __init__(self, rate: float, now: float) -> None:
        self.limiter = Limiter(rate, now)
        self._waiting: dict[str, None] = {}
        self._known: set[str] = set()

    def add(self, node: str) -> bool:
        """False when the node waits or was served already."""
        if node in self._known:
            return False
        self._known.add(node)
        self._waiting[node] = None
        return True

    def forget(self, node: str) -> None:
        self._known.discard(node)
        self._waiting.pop(node, None)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take(self, now: float) -> str | None:
        """The next node if the rate allows one now."""
        first = next(iter(self._waiting), None)
        if first is None or not self.limiter.take(now):
            return None
        del self._waiting[first]
        return first


@dataclass(frozen=True)
class Judgement:
    """What a pass finds: the states of all zones, new rates where they change, and whether to begin or end a standstill.

    With every zone fully disrupted it is likelier that the control plane is cut off than that all nodes died: then no
    node is tainted at all.
    """

    states: Mapping[str, ZoneState]
    rates: Mapping[str, float]
    standstill_begins: bool = False
    standstill_ends: bool = False


def judgement(
    before: Mapping[str, ZoneState], zones: Mapping[str, Health], settings: NodeLifecycleSettings
) -> Judgement:
    now = {zone: state_of(health, settings) for zone, health in zones.items()}
    known = {zone: before.get(zone, ZoneState.INITIAL) for zone in zones}
    all_are = all(state is ZoneState.FULL for state in now.values())
    all_were = all(state is ZoneState.FULL for state in known.values())
    if all_are and all_were:
        return Judgement(known, {})
    if all_are:
        return Judgement(now, dict.fromkeys(zones, 0.0), standstill_begins=True)
    changed = [zone for zone in zones if all_were or now[zone] is not known[zone]]
    rates = {zone: rate_in(now[zone], zones[zone].size, settings) for zone in changed}
    return Judgement(now, rates, standstill_ends=all_were)
