"""The arithmetic of a Deployment: how many pods more or fewer each of its ReplicaSets may have next.

Pure functions over small values; ``deployment`` turns their answers into writes.
Upstream: ``pkg/controller/deployment/{rolling,sync}.go`` and ``util/deployment_util.go``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from wavetank.kube.counts import scaled_value

#: ``progressDeadlineSeconds`` that means "none".
NO_DEADLINE = 2**31 - 1


@dataclass(frozen=True)
class Limits:
    """What a Deployment allows during a rollout: pods above and below ``replicas``."""

    replicas: int
    max_surge: int
    max_unavailable: int

    @property
    def max_total(self) -> int:
        return self.replicas + self.max_surge

    @property
    def min_available(self) -> int:
        return self.replicas - self.max_unavailable


@dataclass(frozen=True)
class Size:
    """One ReplicaSet: wanted and available pods, and ``max_replicas`` as its annotation has it (0: not stated)."""

    name: str
    replicas: int
    available: int = 0
    desired: int | None = None
    max_replicas: int = 0
    created: str = ""


def limits_of(replicas: int, strategy: str, max_surge: int | str, max_unavailable: int | str) -> Limits:
    """Surge rounds up, unavailable down; when both come out as 0, one pod may be unavailable (``ResolveFenceposts``)."""
    if strategy != "RollingUpdate":
        return Limits(replicas, 0, 0)
    surge = scaled_value(max_surge, replicas, round_up=True)
    unavailable = scaled_value(max_unavailable, replicas, round_up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return Limits(replicas, surge, min(unavailable, replicas))


def next_new_size(new_replicas: int, total_replicas: int, limits: Limits, strategy: str) -> int:
    """The size that the newest ReplicaSet may have now (``NewRSNewReplicas``)."""
    if strategy != "RollingUpdate":
        return limits.replicas
    if total_replicas >= limits.max_total:
        return new_replicas
    return new_replicas + min(limits.max_total - total_replicas, limits.replicas - new_replicas)


def old_sizes(old: Sequence[Size], new: Size, limits: Limits) -> dict[str, int]:
    """The sizes of the old ReplicaSets after one step down; only those that change (``reconcileOldReplicaSets``).

    Pods that are unhealthy anyway go first, then healthy ones as far as enough stay available.
    """
    ordered = sorted(old, key=lambda s: (s.created, s.name))
    wanted = sum(s.replicas for s in ordered) + new.replicas
    budget = wanted - limits.min_available - (new.replicas - new.available)
    if budget <= 0:
        return {}
    sizes = {s.name: s.replicas for s in ordered}
    for size in ordered:
        gone = max(0, min(budget, size.replicas - size.available))
        sizes[size.name] -= gone
        budget -= gone
    spare = sum(s.available for s in ordered) + new.available - limits.min_available
    for size in ordered:
        gone = max(0, min(sizes[size.name], spare))
        sizes[size.name] -= gone
        spare -= gone
    return {s.name: sizes[s.name] for s in ordered if sizes[s.name] != s.replicas}


def is_saturated(new: Size | None, replicas: int) -> bool:
    """The newest ReplicaSet alone is the whole Deployment, and available (``IsSaturated``)."""
    return new is not None and new.replicas == new.desired == new.available == replicas


def proportional_sizes(active: Sequence[Size], limits: Limits, status_replicas: int) -> dict[str, int]:
    """Sizes of all active ReplicaSets after the Deployment was scaled in the middle of a rollout (``scale``)."""
    allowed = limits.max_total if limits.replicas > 0 else 0
    to_add = allowed - sum(s.replicas for s in active)
    ordered = _largest_first(active, newer_first=to_add > 0)
    sizes = {s.name: s.replicas for s in ordered}
    added = 0
    for size in ordered:
        share = _proportion(size, limits, status_replicas, to_add - added) if to_add != added else 0
        sizes[size.name] += share
        added += share
    if ordered and to_add:
        first = ordered[0].name
        sizes[first] = max(0, sizes[first] + to_add - added)
    return sizes


def _largest_first(active: Sequence[Size], *, newer_first: bool) -> list[Size]:
    by_age = sorted(active, key=lambda s: s.created, reverse=newer_first)
    return sorted(by_age, key=lambda s: -s.replicas)


def _proportion(size: Size, limits: Limits, status_replicas: int, rest: int) -> int:
    if size.replicas == 0:
        return 0
    fraction = _fraction(size, limits, status_replicas)
    return min(fraction, rest) if rest > 0 else max(fraction, rest)


def _fraction(size: Size, limits: Limits, status_replicas: int) -> int:
    if limits.replicas == 0:
        return -size.replicas
    before = size.max_replicas or status_replicas
    if before == 0:
        return 0
    return math.floor(size.replicas * limits.max_total / before + 0.5) - size.replicas
