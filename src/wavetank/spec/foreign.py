"""Shapes of other projects (Istio, Argo): what an author writes in them is held against the structure of the custom resource.

Called by reference rules with a located node and the part of the structure it should have, so that a key that Istio does not know
is pointed out on its line, with the word that was meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from wavetank.base.errors import Problem
from wavetank.catalog.custom_resources import custom_resource
from wavetank.spec.problems import suggestion
from wavetank.spec.tree import Mapped, Node, Scalar, Sequence

#: words that were valid once, or that people expect, with what they are called now
RENAMED_KEYS = {
    "circuitBreaker": "Istio calls it outlierDetection (ejection) and connectionPool (limits).",
    "consecutiveErrors": "Write consecutive5xxErrors.",
}
RENAMED_VALUES = {"LEAST_CONN": "Write LEAST_REQUEST."}


def structure(group: str, kind: str, *keys: str) -> Mapping[str, Any]:
    """The structure of a kind's spec, or of what lies below these keys of it; ``[]`` steps into the elements of a list."""
    found = custom_resource(group, kind)
    assert found is not None, f"the catalog has no structure of {kind} in {group}"
    part: Mapping[str, Any] = found.schema["properties"]["spec"]
    for key in keys:
        part = part["items"] if key == "[]" else part["properties"][key]
    return part


def misfits(node: Node | None, shape: Mapping[str, Any]) -> Iterator[Problem]:
    """Keys that are unknown, keys that are missing, values of the wrong type or not among the allowed ones."""
    match node:
        case Mapped() if "properties" in shape:
            yield from _misfits_of_fields(node, shape)
        case Mapped() if isinstance(shape.get("additionalProperties"), Mapping):
            for entry in node.entries.values():
                yield from misfits(entry.value, shape["additionalProperties"])
        case Sequence() if "items" in shape:
            for item in node.items:
                yield from misfits(item, shape["items"])
        case Scalar():
            yield from _misfits_of_value(node, shape)
        case Mapped() | Sequence() if _type(shape) not in (None, "object" if isinstance(node, Mapped) else "array"):
            yield node.place.problem(
                f"expected {_said(shape)}, found a {'mapping' if isinstance(node, Mapped) else 'list'}"
            )


def _misfits_of_fields(node: Mapped, shape: Mapping[str, Any]) -> Iterator[Problem]:
    for key, entry in node.entries.items():
        if key in RENAMED_KEYS:
            yield entry.key_place.problem(f'"{key}" is not what Istio calls it', RENAMED_KEYS[key])
        elif key in shape["properties"]:
            yield from misfits(entry.value, shape["properties"][key])
        elif not shape.get("x-kubernetes-preserve-unknown-fields"):
            yield entry.key_place.problem(f'unknown key "{key}"', suggestion(key, shape["properties"]))
    for key in shape.get("required", ()):
        if key not in node.entries:
            yield node.place.problem(f'"{key}" is missing')


def _type(shape: Mapping[str, Any]) -> str | None:
    if shape.get("x-kubernetes-int-or-string") or shape.get("x-kubernetes-preserve-unknown-fields"):
        return None
    found = shape.get("type")
    return found if isinstance(found, str) else None


_SAID = {
    "object": "a mapping of keys to values",
    "array": "a list",
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
}


def _said(shape: Mapping[str, Any]) -> str:
    return _SAID.get(_type(shape) or "", "something else")


def _misfits_of_value(node: Scalar, shape: Mapping[str, Any]) -> Iterator[Problem]:
    if node.value is None:
        return
    if isinstance(node.value, str) and node.value in RENAMED_VALUES and "enum" in shape:
        yield node.place.problem(f"{node.value} is Istio's old word", RENAMED_VALUES[node.value])
    elif not _is_of(node.value, _type(shape)):
        remedy = "Put it into quotes." if _type(shape) == "string" else ""
        yield node.place.problem(f"expected {_said(shape)}, found {_shown(node.value)}", remedy)
    elif "enum" in shape and node.value not in shape["enum"]:
        yield node.place.problem(f"{_shown(node.value)} is not allowed", suggestion(str(node.value), shape["enum"]))


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def _is_of(value: Any, wanted: str | None) -> bool:
    match wanted:
        case None:
            return True
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | Decimal) and not isinstance(value, bool)
    return False
