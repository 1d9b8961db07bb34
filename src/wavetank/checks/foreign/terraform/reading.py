"""Small readers of evaluated arguments: a value of the expected type, or None when it is not known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wavetank.checks.aws import UNKNOWN, Reference, Resource
from wavetank.checks.model import Place, Step, Where


def text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if (isinstance(value, float) and value.is_integer()) or isinstance(value, int):
        return int(value)
    return int(value) if isinstance(value, str) and value.isdigit() else None


def boolean(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value)
    return value if isinstance(value, bool) else None


def text_list(value: Any) -> tuple[str, ...] | None:
    """A list of texts; None when one of them is not known."""
    if not isinstance(value, list):
        return () if value is None else None
    found = [text(item) for item in value]
    return None if any(item is None for item in found) else tuple(item for item in found if item is not None)


def text_map(value: Any) -> dict[str, str] | None:
    """A map of texts, without entries that are null; None when one is not known."""
    if not isinstance(value, dict):
        return {} if value is None else None
    found = {key: text(item) for key, item in value.items() if item is not None}
    return None if any(item is None for item in found.values()) else {k: v for k, v in found.items() if v is not None}


def first_block(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The first block of a type; an argument that is a map counts as one."""
    value = body.get(name)
    if isinstance(value, dict):
        return value
    return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else {}


def reference(value: Any) -> str | None:
    """The address of the resource that a value refers to; of a list, that of its only element."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value.address if isinstance(value, Reference) else None


def either(body: Mapping[str, Any], *names: str, otherwise: Any = None) -> Any:
    """The first of several names (modules rename their arguments) that is given."""
    found = [body[name] for name in names if body.get(name) is not None]
    return found[0] if found else otherwise


def is_unknown(value: Any) -> bool:
    return value is UNKNOWN or isinstance(value, type(UNKNOWN) | Reference)


def within(resource: Resource, fields: Mapping[str, tuple[Step, ...]]) -> Where:
    """Places in a resource by our field names; a field that is not listed has the same name there."""
    return renamed(resource.where, (), fields)


def renamed(where: Where, prefix: tuple[Step, ...], fields: Mapping[str, tuple[Step, ...]]) -> Where:
    """Places below ``prefix`` by our field names."""

    def located(steps: tuple[Step, ...]) -> Place:
        known = fields.get(str(steps[0])) if steps else None
        inner = (*known, *steps[1:]) if known is not None else steps
        return where.at(*prefix, *inner)

    return Where(located)
