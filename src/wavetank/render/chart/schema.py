"""values.schema.json: what Helm accepts as values, so that a misspelt ``--set`` is refused instead of ignored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wavetank.render.chart.values import Value

DRAFT = "http://json-schema.org/draft-07/schema#"
#: numbers of things, which cannot be negative
_COUNTS = ("replicas", "Replicas", "Count", "Seconds", "parallelism", "completions")


def schema(title: str, root: Mapping[str, Any]) -> dict[str, Any]:
    """The document, from the properties of the values."""
    return {"$schema": DRAFT, "title": title, **root}


def properties(values: Iterable[Value]) -> dict[str, Any]:
    """The properties of one chart's values. An image may always get a tag and a digest: a pipeline pins what it has built."""
    found: dict[str, Any] = {}
    for value in values:
        inner = found
        for step in value.name[:-1]:
            inner = inner.setdefault(step, closed({}))["properties"]
        inner[value.name[-1]] = _of(value)
        if value.name[-2:] == ("image", "repository"):
            for part in ("tag", "digest"):
                inner.setdefault(part, {"type": ["null", "string"], "description": f"The {part} of {value.path}."})
    return found


def closed(inner: Mapping[str, Any]) -> dict[str, Any]:
    """A map that admits no other keys."""
    return {"type": "object", "properties": dict(inner), "additionalProperties": False}


def _of(value: Value) -> dict[str, Any]:
    types = {name for setting in value.known for name in _types(setting, value)}
    if value.may_be_absent:
        types.add("null")
    described = {"description": f"Sets {value.path} of the platform."} if value.path else {}
    counted = {"minimum": 0} if "integer" in types and value.name[-1].endswith(_COUNTS) else {}
    return {**described, "type": sorted(types) if len(types) > 1 else next(iter(types)), **counted}


def _types(setting: Any, value: Value) -> tuple[str, ...]:
    """JSON types; what is written through ``quote`` may come as a number as well, as people write ``cpu: 2``."""
    match setting:
        case bool():
            return ("boolean",)
        case int():
            return ("integer",)
        case float():
            return ("number",)
        case str():
            return ("string", "number", "boolean") if _is_free(value) else ("string",)
        case Mapping():
            return ("object",)
    return ("array",)


def _is_free(value: Value) -> bool:
    """Environment variables, settings and amounts."""
    return bool({"env", "config", "resources", "hard"} & set(value.name))
