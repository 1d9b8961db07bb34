"""From what the metrics ask for to what the autoscaler does: stabilization and limits of speed. Pure but for a memory.

``Memory`` is what the controller remembers of one autoscaler; nothing of it is stored in the cluster.
Upstream: ``pkg/controller/podautoscaler/horizontal.go`` (``normalizeDesiredReplicas*``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wavetank.kube.types import Obj

#: (status of the condition, reason, message).
Words = tuple[str, str, str]

STABLE = ("True", "ReadyForNewScale", "recommended size matches current size")
HELD_UP = (
    "True",
    "ScaleDownStabilized",
    "recent recommendations were higher than current one, applying the highest recent recommendation",
)
HELD_DOWN = (
    "True",
    "ScaleUpStabilized",
    "recent recommendations were lower than current one, applying the lowest recent recommendation",
)
WITHIN = ("False", "DesiredWithinRange", "the desired count is within the acceptable range")
TOO_FEW = ("True", "TooFewReplicas", "the desired replica count is less than the minimum replica count")
TOO_MANY = ("True", "TooManyReplicas", "the desired replica count is more than the maximum replica count")
UP_LIMIT = ("True", "ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
DOWN_LIMIT = ("True", "ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate")

LEGACY_UP_FACTOR, LEGACY_UP_MINIMUM = 2, 4


@dataclass
class Memory:
    """(seconds, value) of past recommendations, and of changes made up and down."""

    recommendations: list[tuple[float, int]] = field(default_factory=list)
    ups: list[tuple[float, int]] = field(default_factory=list)
    downs: list[tuple[float, int]] = field(default_factory=list)

    def note_recommendation(self, now: float, value: int, window_seconds: float) -> None:
        _put(self.recommendations, (now, value), now - window_seconds)

    def note_scaling(self, now: float, before: int, after: int, behavior: Obj) -> None:
        """Remember a change; it may be overwritten when the longest policy of its direction does not look back to it."""
        change = after - before
        rules = behavior.get("scaleUp" if change > 0 else "scaleDown") or {}
        longest = max((p["periodSeconds"] for p in rules.get("policies") or ()), default=0)
        _put(self.ups if change > 0 else self.downs, (now, abs(change)), now - longest)


def _put(slots: list[tuple[float, int]], entry: tuple[float, int], cutoff: float) -> None:
    """Into the last slot that is older than ``cutoff``, else a new one; the other old ones stay, and may be read again."""
    old = next((i for i in reversed(range(len(slots))) if slots[i][0] < cutoff), None)
    if old is None:
        slots.append(entry)
    else:
        slots[old] = entry


@dataclass(frozen=True)
class Range:
    """``spec.minReplicas`` and ``spec.maxReplicas``."""

    least: int
    most: int


@dataclass(frozen=True)
class Normalized:
    """The size to take, and the conditions AbleToScale and ScalingLimited that explain it."""

    replicas: int
    able: Words
    limited: Words


def without_behavior(
    current: int, proposal: int, allowed: Range, memory: Memory, now: float, window_seconds: float
) -> Normalized:
    """``normalizeDesiredReplicas``: the highest proposal of the window, at most twice the size (or 4)."""
    recent = [value for at, value in memory.recommendations if at >= now - window_seconds]
    stable = max([proposal, *recent])
    memory.note_recommendation(now, proposal, window_seconds)
    able = HELD_UP if stable != proposal else STABLE
    limit = max(LEGACY_UP_FACTOR * current, LEGACY_UP_MINIMUM)
    most, words = (limit, UP_LIMIT) if allowed.most > limit else (allowed.most, TOO_MANY)
    if stable < allowed.least:
        return Normalized(allowed.least, able, TOO_FEW)
    if stable > most:
        return Normalized(most, able, words)
    return Normalized(stable, able, WITHIN)


def with_behavior(
    current: int, proposal: int, allowed: Range, memory: Memory, now: float, behavior: Mapping[str, Any]
) -> Normalized:
    """``normalizeDesiredReplicasWithBehaviors``. ``behavior`` states both directions with both windows."""
    up, down = behavior["scaleUp"], behavior["scaleDown"]
    stable = _stabilized(current, proposal, memory, now, up, down)
    able = STABLE
    if stable != proposal:
        able = HELD_DOWN if proposal >= current else HELD_UP
    replicas, limited = _limited(current, stable, allowed, memory, now, up, down)
    return Normalized(replicas, able, limited)


def _stabilized(current: int, proposal: int, memory: Memory, now: float, up: Obj, down: Obj) -> int:
    up_window, down_window = up["stabilizationWindowSeconds"], down["stabilizationWindowSeconds"]
    lowest = min([proposal, *(v for at, v in memory.recommendations if at > now - up_window)])
    highest = max([proposal, *(v for at, v in memory.recommendations if at > now - down_window)])
    memory.note_recommendation(now, proposal, max(up_window, down_window))
    return min(max(current, lowest), highest)


def _limited(
    current: int, stable: int, allowed: Range, memory: Memory, now: float, up: Obj, down: Obj
) -> tuple[int, Words]:
    if stable > current:
        limit = max(current, up_limit(current, memory, now, up))
        most, words = (limit, UP_LIMIT) if allowed.most > limit else (allowed.most, TOO_MANY)
        if stable > most:
            return most, words
    elif stable < current:
        limit = min(current, down_limit(current, memory, now, down))
        least, words = (limit, DOWN_LIMIT) if allowed.least < limit else (allowed.least, TOO_FEW)
        if stable < least:
            return least, words
    return stable, WITHIN


def _period_start(current: int, memory: Memory, now: float, period_seconds: int) -> int:
    """The size at the start of a policy's period."""

    def changed(events: Sequence[tuple[float, int]]) -> int:
        return sum(change for at, change in events if at > now - period_seconds)

    return current - changed(memory.ups) + changed(memory.downs)


def up_limit(current: int, memory: Memory, now: float, rules: Mapping[str, Any]) -> int:
    """The largest size that the policies for growing allow (``calculateScaleUpLimitWithScalingRules``)."""
    if rules.get("selectPolicy") == "Disabled":
        return current
    limits: list[int] = []
    for policy in rules.get("policies") or ():
        start = _period_start(current, memory, now, policy["periodSeconds"])
        if policy["type"] == "Pods":
            limits.append(start + int(policy["value"]))
        else:
            limits.append(math.ceil(start * (1 + policy["value"] / 100)))
    return min(limits) if rules.get("selectPolicy") == "Min" else max(limits)


def down_limit(current: int, memory: Memory, now: float, rules: Mapping[str, Any]) -> int:
    """The smallest size that the policies for shrinking allow (``calculateScaleDownLimitWithBehaviors``)."""
    if rules.get("selectPolicy") == "Disabled":
        return current
    limits: list[int] = []
    for policy in rules.get("policies") or ():
        start = _period_start(current, memory, now, policy["periodSeconds"])
        if policy["type"] == "Pods":
            limits.append(start - int(policy["value"]))
        else:
            limits.append(int(start * (1 - policy["value"] / 100)))
    return max(limits) if rules.get("selectPolicy") == "Min" else min(limits)
