"""Conditions as custom resources of Karpenter have them: always with a message, be it empty. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from wavetank.kube.conditions import Status, with_condition
from wavetank.kube.types import Obj


def with_state(
    conditions: Sequence[Obj] | None, kind: str, status: Status, now: datetime, reason: str = "", message: str = ""
) -> list[Obj]:
    """``conditions`` with this one set; the type is the reason of one that simply holds."""
    found = with_condition(conditions, kind, status, now, reason=reason or kind)
    return [{**each, "message": message} if each["type"] == kind else each for each in found]


def with_summary(conditions: Sequence[Obj], parts: Sequence[str], now: datetime) -> list[Obj]:
    """``Ready``: true when all parts are, false when one is false (operatorpkg's ``status`` package)."""
    states = {each["type"]: each["status"] for each in conditions}
    bad = [(part, states.get(part, "Unknown")) for part in parts if states.get(part) != "True"]
    if not bad:
        return with_state(conditions, "Ready", "True", now)
    status: Status = "False" if any(state == "False" for _, state in bad) else "Unknown"
    told = ", ".join(f"{part}={state}" for part, state in bad)
    return with_state(conditions, "Ready", status, now, "UnhealthyDependents", told)
