"""For every plan path that a rendered line names: its value and its reason as JSON, with those of the values it derives from.

Used by ``render`` when it closes a bundle; ``explain`` reads the result back. This is what makes ``trace.json`` sufficient.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, assert_never

from wavetank.plan.model import Plan
from wavetank.plan.reasons import Default, Derived, Reason, Stated, ancestors, nearest_reason
from wavetank.render.bundle import Origin
from wavetank.render.trace import shown, value_at

#: of a structure so many parts are named as its reason; a reader wants a lead, not a list
MOST_PARTS = 5


def origins_of(plan: Plan, paths: Iterable[str]) -> dict[str, Origin]:
    """The origins of the paths and, through derivations, of everything they rest on."""
    found: dict[str, Origin] = {}
    waiting = sorted(set(paths))
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = _origin(plan, path)
        waiting.extend(origin for origin in found[path].reason.get("from", ()) if origin not in found)
    return found


def _origin(plan: Plan, path: str) -> Origin:
    near = nearest_reason(plan.reasons, path)
    reason_path, reason = near if near else (path, _reason_of_its_parts(plan, path))
    return Origin(_value(plan, path), reason_path, reason_json(reason))


def _reason_of_its_parts(plan: Plan, path: str) -> Reason:
    """Why a structure is there that nobody gave a reason for as a whole: its parts have theirs."""
    inside = [other for other in plan.reasons if path in list(ancestors(other))[1:]]
    direct = [other for other in inside if next(islice(ancestors(other), 1, None)) == path]
    parts = (direct or inside)[:MOST_PARTS]
    return Derived(tuple(parts), "it consists of these") if parts else Default("platform", "part of every platform")


def _value(plan: Plan, path: str) -> Any:
    """None for what only the spec knows: a derivation may start at a field that the plan has consumed."""
    try:
        return shown(value_at(plan, path))
    except LookupError:
        return None


def reason_json(reason: Reason) -> dict[str, Any]:
    match reason:
        case Stated(file=file, line=line, column=column):
            return {"kind": "stated", "file": file, "line": line, "column": column}
        case Default(rule=rule, why=why, source=source):
            return {"kind": "default", "rule": rule, "why": why, "source": source}
        case Derived(from_paths=origins, how=how):
            return {"kind": "derived", "from": list(origins), "how": how}
    assert_never(reason)


def reason_of_json(value: dict[str, Any]) -> Reason:
    """The inverse of ``reason_json``. Raises KeyError for what is none."""
    match value["kind"]:
        case "stated":
            return Stated(value["file"], value["line"], value["column"])
        case "default":
            return Default(value["rule"], value["why"], value["source"])
        case "derived":
            return Derived(tuple(value["from"]), value["how"])
    raise KeyError(value["kind"])
