"""How many nodes of a NodePool may be disrupted at a moment, for a reason. Pure.

Upstream: ``pkg/apis/v1/nodepool.go`` (``GetAllowedDisruptions``), ``disruption/helpers.go`` (``BuildDisruptionBudgetMapping``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

from wavetank.kube.types import Obj
from wavetank.twin.controllers.cron_schedule import schedule_of

from .durations import seconds_of
from .pools import Pool
from .state import StateNode

Reason = Literal["Underutilized", "Empty", "Drifted"]
UNLIMITED = 2**31 - 1


def allowed_disruptions(budgets: Iterable[Obj], node_count: int, reason: Reason, now: datetime) -> int:
    """The strictest of the budgets that are active and speak of the reason."""
    applying = [b for b in budgets if is_active(b, now) and reason in (b.get("reasons") or (reason,))]
    return min((_nodes(budget, node_count) for budget in applying), default=UNLIMITED)


def _nodes(budget: Obj, node_count: int) -> int:
    """A percentage is rounded up."""
    text = str(budget.get("nodes", "10%"))
    return -(-int(text[:-1]) * node_count // 100) if text.endswith("%") else int(text)


def is_active(budget: Obj, now: datetime) -> bool:
    """Always, or for a duration from each moment of its schedule (in UTC)."""
    if not budget.get("schedule"):
        return True
    begin = now - timedelta(seconds=seconds_of(budget["duration"]))
    due = _schedule(budget["schedule"]).next_after(begin)
    return due is not None and due <= now


_schedule = lru_cache(maxsize=64)(schedule_of)


def room(pools: Iterable[Pool], nodes: Sequence[StateNode], reason: Reason, now: datetime) -> dict[str, int]:
    """By pool: what its budgets allow, less what is being disrupted or not ready as it is."""
    found = {}
    for pool in pools:
        counted = [n for n in nodes if n.is_managed and n.is_initialized and n.pool == pool.name]
        away = sum(1 for n in counted if not n.is_ready or n.is_leaving)
        found[pool.name] = max(0, allowed_disruptions(pool.budgets, len(counted), reason, now) - away)
    return found
