"""For every plan path that a rendered line names: its value and its reason as JSON, with those of the values it derives from.

Used by ``render`` when it closes a bundle; ``explain`` reads the result back. This is what makes ``trace.json`` sufficient.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, TypeAlias, assert_never

from wavetank.plan.model import Plan
from wavetank.plan.reasons import Default, Derived, Reason, Stated, ancestors, nearest_reason
from wavetank.render.bundle import Origin
from wavetank.render.trace import shown, value_at

#: of a structure so many parts are named as its reason; a reader wants a lead, not a list
MOST_PARTS = 5
_Parts: TypeAlias = dict[str, tuple[list[str], list[str]]]


def origins_of(plan: Plan, paths: Iterable[str]) -> dict[str, Origin]:
    """The origins of the paths and, through derivations, of everything they rest on."""
    found: dict[str, Origin] = {}
    parts = _parts(plan.reasons)
    waiting = sorted(set(paths))
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found[path] = _origin(plan, path, parts)
        waiting.extend(origin for origin in found[path].reason.get("from", ()) if origin not in found)
    return found


def _origin(plan: Plan, path: str, parts: _Parts) -> Origin:
    near = nearest_reason(plan.reasons, path)
    reason_path, reason = near if near else (path, _reason_of_its_parts(path, parts))
    return Origin(_value(plan, path), reason_path, reason_json(reason))


def _parts(reasons: Iterable[str]) -> _Parts:
    """By path: the paths with a reason right below it, and those anywhere inside it."""
    found: _Parts = {}
    for path in reasons:
        for depth, around in enumerate(islice(ancestors(path), 1, None)):
            direct, inside = found.setdefault(around, ([], []))
            inside.append(path)
            if depth == 0:
                direct.append(path)
    return found


def _reason_of_its_parts(path: str, parts: _Parts) -> Reason:
    """Why a structure is there that nobody gave a reason for as a whole: its parts have theirs."""
    direct, inside = parts.get(path, ([], []))
    chosen = (direct or inside)[:MOST_PARTS]
    return Derived(tuple(chosen), "it consists of these") if chosen else Default("platform", "part of every platform")


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
