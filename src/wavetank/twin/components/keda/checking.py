"""What KEDA's operator looks at before it acts: whether an object can be served, whether it asks for something new. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from wavetank.kube.types import Obj

from .scaled_object import BoundsError, ScaledObject, check_bounds, check_triggers

WRONG_BOUNDS = "ScaledObject doesn't have correct Idle/Min/Max Replica Counts specification"
WRONG_TRIGGERS = "ScaledObject doesn't have correct triggers specification"


@dataclass
class CheckFailedError(Exception):
    """A ScaledObject that cannot be served as it is; ``message`` is what its condition says."""

    message: str


def check(scaled: ScaledObject) -> None:
    """Raises CheckFailedError for what the object itself says wrongly."""
    try:
        check_bounds(scaled)
    except BoundsError as error:
        raise CheckFailedError(WRONG_BOUNDS) from error
    try:
        check_triggers(scaled.triggers)
    except BoundsError as error:
        raise CheckFailedError(WRONG_TRIGGERS) from error


def asked_of(obj: Obj) -> tuple[object, ...]:
    metadata = obj["metadata"]
    return obj.get("spec"), metadata.get("annotations"), metadata.get("deletionTimestamp"), metadata.get("finalizers")


def differs(live: Obj, wanted: Obj) -> bool:
    """Whether what KEDA sets is set otherwise; what the API defaulted beside it does not count."""
    labels = live["metadata"].get("labels") or {}
    changed = any(labels.get(k) != v for k, v in wanted["metadata"]["labels"].items())
    return changed or not covers(live["spec"], wanted["spec"])


def covers(live: object, wanted: object) -> bool:
    if isinstance(live, dict) and isinstance(wanted, dict):
        return all(key in live and covers(live[key], value) for key, value in wanted.items())
    if isinstance(live, list) and isinstance(wanted, list):
        return len(live) == len(wanted) and all(covers(a, b) for a, b in zip(live, wanted, strict=True))
    return live == wanted
