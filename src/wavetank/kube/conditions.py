"""``status.conditions``: reading one, setting one, and the two conditions of pods that everyone asks for.

Controllers and the kubelet call this. Times are parameters; lists given are never changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from . import times
from .types import Obj

Status: TypeAlias = Literal["True", "False", "Unknown"]


def condition(obj: Obj, kind: str) -> Obj | None:
    """The condition of type ``kind`` in ``obj.status``, if there is one."""
    conditions: Sequence[Obj] = (obj.get("status") or {}).get("conditions") or ()
    return next((c for c in conditions if c.get("type") == kind), None)


def status_of(obj: Obj, kind: str) -> Status:
    """``Unknown`` when there is no such condition."""
    found = condition(obj, kind)
    return found.get("status", "Unknown") if found else "Unknown"


def is_true(obj: Obj, kind: str) -> bool:
    return status_of(obj, kind) == "True"


def with_condition(
    conditions: Sequence[Obj] | None,
    kind: str,
    status: Status,
    now: datetime,
    *,
    reason: str = "",
    message: str = "",
    order: Literal["in place", "last changed last"] = "in place",
    **more: Any,
) -> list[Obj]:
    """``conditions`` with this one set; ``lastTransitionTime`` moves only when ``status`` changes.

    ``"in place"`` is ``meta.SetStatusCondition``. ``"last changed last"`` is how Deployments do it
    (``SetDeploymentCondition``): nothing happens while status and reason stay the same, else the condition moves to
    the end. ``more`` are further fields, such as ``observedGeneration`` or ``lastUpdateTime``.
    """
    existing = list(conditions or ())
    old = next((c for c in existing if c.get("type") == kind), None)
    if order == "last changed last" and old and (old.get("status"), old.get("reason", "")) == (status, reason):
        return existing
    new = _made(kind, status, _since(old, status, now), reason, message, more)
    if old is None:
        return [*existing, new]
    if order == "last changed last":
        return [*(c for c in existing if c is not old), new]
    return [{**old, **new} if c is old else c for c in existing]


def without_condition(conditions: Sequence[Obj] | None, kind: str) -> list[Obj]:
    return [c for c in conditions or () if c.get("type") != kind]


def is_pod_ready(pod: Obj) -> bool:
    return is_true(pod, "Ready")


def is_pod_available(pod: Obj, min_ready_seconds: int, now: datetime) -> bool:
    """Ready, and for at least ``min_ready_seconds`` (``podutil.IsPodAvailable``)."""
    wait = seconds_until_available(pod, min_ready_seconds, now)
    return wait is not None and wait <= 0


def seconds_until_available(pod: Obj, min_ready_seconds: int, now: datetime) -> float | None:
    """How long a ready pod must still stay ready; at most 0 when it is available, None when it is not ready."""
    ready = condition(pod, "Ready")
    if ready is None or ready.get("status") != "True":
        return None
    if min_ready_seconds == 0:
        return 0.0
    since = ready.get("lastTransitionTime")
    if not since:
        return None
    return (times.parse(since) + timedelta(seconds=min_ready_seconds) - now).total_seconds()


def _since(old: Obj | None, status: Status, now: datetime) -> str:
    unchanged = old is not None and old.get("status") == status and old.get("lastTransitionTime")
    return str(unchanged) if unchanged else times.rfc3339(now)


def _made(kind: str, status: Status, since: str, reason: str, message: str, more: dict[str, Any]) -> Obj:
    made: Obj = {"type": kind, "status": status, "lastTransitionTime": since, **more}
    if reason:
        made["reason"] = reason
    if message:
        made["message"] = message
    return made
