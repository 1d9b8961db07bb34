"""From zero to one and back: what KEDA's executor does after a poll. Pure.

Upstream ``pkg/scaling/executor/scale_scaledobjects.go`` (``RequestScale``). Between one and many the HPA decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .scaled_object import ScaledObject

Change: TypeAlias = Literal["activated", "deactivated", "to minimum", "paused", ""]

READY = ("True", "ScaledObjectReady", "ScaledObject is defined correctly and is ready for scaling")
PARTIAL = ("Unknown", "PartialTriggerError", "Some triggers defined in ScaledObject are not working correctly")
BROKEN = ("False", "TriggerError", "Triggers defined in ScaledObject are not working correctly")
ACTIVE = ("True", "ScalerActive", "Scaling is performed because triggers are active")
FORCED = ("True", "ScalerActive", "Scaling is performed because activation is being forced by annotation")
INACTIVE = ("False", "ScalerNotActive", "Scaling is not performed because triggers are not active")
COOLING = ("False", "ScalerCooldown", "Scaler cooling down because triggers are not active")

#: status, reason, message
Said: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True)
class Polled:
    """The outcome of a poll: whether any trigger is active, whether any failed, and the moments that cooldown counts from."""

    active: bool
    failed: bool
    now_seconds: float
    created_seconds: float
    last_active_seconds: float | None


@dataclass(frozen=True)
class Step:
    """What to do: the size to set (None: leave it), conditions to say, whether this moment counts as active."""

    replicas: int | None = None
    change: Change = ""
    ready: Said | None = None
    active: Said | None = None
    touches_activity: bool = False


def step_after(scaled: ScaledObject, current: int, polled: Polled) -> Step:
    """The next step for a target of ``current`` replicas."""
    if scaled.is_paused:
        paused = scaled.paused_replicas
        return Step(paused, "paused") if paused is not None and paused != current else Step()
    if polled.active or scaled.is_forced:
        return _when_active(scaled, current, polled)
    return _when_inactive(scaled, current, polled)


def _when_active(scaled: ScaledObject, current: int, polled: Polled) -> Step:
    said = ACTIVE if polled.active else FORCED
    ready = None if polled.failed else READY
    below_idle = scaled.idle_replicas is not None and current < scaled.min_replicas
    if below_idle or current == 0:
        if scaled.holds_scale_out:
            return Step(ready=ready, active=said)
        return Step(max(scaled.min_replicas, 1), "activated", ready, said, touches_activity=True)
    if polled.failed:
        return Step(ready=PARTIAL, active=said)
    return Step(ready=ready, active=said, touches_activity=True)


def _when_inactive(scaled: ScaledObject, current: int, polled: Polled) -> Step:
    ready = None if polled.failed else READY
    idle, least = scaled.idle_replicas, scaled.min_replicas
    if polled.failed and scaled.fallback is not None and scaled.fallback.replicas:
        return Step(active=INACTIVE)
    if polled.failed and scaled.fallback is None:
        return Step(ready=BROKEN, active=INACTIVE)
    if (idle is not None and current > idle) or (current > 0 and least == 0):
        if scaled.holds_scale_in:
            return Step(ready=ready, active=INACTIVE)
        if not _is_cold(scaled, polled):
            return Step(ready=ready, active=COOLING)
        return Step(idle if idle is not None else least, "deactivated", ready, INACTIVE)
    if current < least and idle is None:
        return Step(least, "to minimum", ready, INACTIVE)
    return Step(ready=ready, active=INACTIVE)


def _is_cold(scaled: ScaledObject, polled: Polled) -> bool:
    """Whether the cooldown has passed; without any activity yet, the initial one counts from the object's creation."""
    last = polled.last_active_seconds
    if last is None:
        return polled.created_seconds + scaled.initial_cooldown_seconds < polled.now_seconds
    return last + scaled.cooldown_seconds < polled.now_seconds
