"""Paths into a schema as rules (``fieldPath``) and selectable fields name them: ``.spec.limits['cpu']``.

Upstream: ``ValidFieldPath`` of apiextensions' ``schema/cel/validation.go``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(r"'(?:\\.|[^'\\])*'|[.\[\]]|[^.\[\]']+")


class UnknownPathError(ValueError):
    """The path is none, or leads nowhere in the schema; the text is upstream's."""


def schema_at(path: str, schema: Mapping[str, Any], *, with_lists: bool = True) -> tuple[str, Mapping[str, Any]]:
    """The path in the form of field errors (``spec.limits[cpu]``), and the schema that it leads to."""
    tokens = _TOKEN.findall(path)
    if "".join(tokens) != path:
        raise UnknownPathError(f"expected single quoted string but got {path}")
    normal, at = "", 0
    while at < len(tokens):
        sign = tokens[at]
        if sign == "[" and not with_lists:
            raise UnknownPathError("expected . but got: [")
        if sign not in ("[", "."):
            raise UnknownPathError(f"expected {'[ or .' if with_lists else '.'} but got: {sign}")
        if at + 1 == len(tokens):
            raise UnknownPathError("unexpected end of JSON path")
        name = _quoted(tokens, at) if sign == "[" else tokens[at + 1]
        at += 3 if sign == "[" else 2
        normal, schema = _below(normal, schema, name)
    return normal, schema


def _quoted(tokens: list[str], at: int) -> str:
    name = tokens[at + 1]
    if len(name) < 2 or name[0] != "'" or name[-1] != "'":
        raise UnknownPathError(f"expected single quoted string but got {name}")
    if at + 2 == len(tokens):
        raise UnknownPathError("unexpected end of JSON path")
    if tokens[at + 2] != "]":
        raise UnknownPathError(f"expected ] but got {tokens[at + 2]}")
    return re.sub(r"\\(.)", r"\1", name[1:-1])


def _below(normal: str, schema: Mapping[str, Any], name: str) -> tuple[str, Mapping[str, Any]]:
    properties, additional = schema.get("properties"), schema.get("additionalProperties")
    if properties is not None and isinstance(properties.get(name), Mapping):
        return f"{normal}.{name}" if normal else name, properties[name]
    if properties is None and isinstance(additional, Mapping):
        return f"{normal}[{name}]", additional
    raise UnknownPathError("does not refer to a valid field")
