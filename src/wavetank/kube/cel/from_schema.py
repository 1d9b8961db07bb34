"""What a structural schema says in CEL: the type of the values that it describes, and those values.

Upstream: ``apiserver/pkg/cel/common/schemas.go`` (``SchemaDeclType``), ``values.go`` and ``pkg/cel/escaping.go``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from .syntax import RESERVED
from .types import BOOL, BYTES, DOUBLE, DURATION, DYN, INT, STRING, TIMESTAMP, Type, list_of, map_of, nullable
from .values import read_duration, read_timestamp

Schema = Mapping[str, Any]
_STRINGS: Mapping[str, Type] = {"byte": BYTES, "duration": DURATION, "date": TIMESTAMP, "date-time": TIMESTAMP}
_SCALARS: Mapping[str, Type] = {"integer": INT, "number": DOUBLE, "boolean": BOOL}
_KEYWORDS = RESERVED | {"true", "false", "null", "in"}
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}


def escaped(name: str) -> str | None:
    """How an expression names a field; None where it cannot."""
    if name in _KEYWORDS:
        return f"__{name}__"
    if not re.fullmatch(r"[A-Za-z_.\-/][A-Za-z0-9_.\-/]*", name):
        return None
    return re.sub(r"__|[.\-/]", lambda match: _ESCAPES[match[0]], name)


def type_of_schema(schema: Schema, *, is_object: bool = False, name: str = "object") -> Type | None:
    """The type of what the schema describes; None where expressions have no access. ``is_object``: with type and name."""
    found = _type(schema, is_object=is_object or bool(schema.get("x-kubernetes-embedded-resource")), name=name)
    return nullable(found) if found is not None and schema.get("nullable") else found


def _type(schema: Schema, *, is_object: bool, name: str) -> Type | None:
    if schema.get("x-kubernetes-int-or-string"):
        return DYN
    match schema.get("type"):
        case "array":
            items = schema.get("items")
            item = type_of_schema(items, name=f"{name}.@items") if isinstance(items, Mapping) else None
            return None if item is None else list_of(item)
        case "object":
            return _object(schema, is_object=is_object, name=name)
        case "string":
            return _STRINGS.get(schema.get("format") or "", STRING)
        case kind:
            return _SCALARS.get(kind or "")


def _object(schema: Schema, *, is_object: bool, name: str) -> Type | None:
    additional = schema.get("additionalProperties")
    if additional is not None and additional is not False:
        value = type_of_schema(additional, name=f"{name}.@values") if isinstance(additional, Mapping) else None
        return None if value is None else map_of(STRING, value)
    fields: dict[str, Type] = {}
    for key, below in (schema.get("properties") or {}).items():
        written = escaped(key)
        found = type_of_schema(below, name=f"{name}.{key}") if isinstance(below, Mapping) else None
        if written is not None and found is not None:
            fields[written] = found
    if is_object:
        metadata = Type(f"{name}.metadata", fields={"name": STRING, "generateName": STRING})
        fields |= {"apiVersion": STRING, "kind": STRING, "metadata": metadata}
    return Type(name, fields=fields)


class _SetList(list[Any]):
    """A list of type ``set``: equal whatever the order, and a sum has nothing twice."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list) and len(self) == len(other) and all(item in other for item in self)


def value_of(value: Any, schema: Schema) -> Any:
    """JSON as the values that rules compute with: times, durations, bytes and doubles are no strings and integers there."""
    if isinstance(value, dict):
        properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
        return {
            k: value_of(v, s) if isinstance(s := properties.get(k, additional), Mapping) else v
            for k, v in value.items()
        }
    if isinstance(value, list):
        items = schema.get("items")
        made = [value_of(v, items) for v in value] if isinstance(items, Mapping) else value
        return _SetList(made) if schema.get("x-kubernetes-list-type") == "set" else made
    if isinstance(value, str):
        return _string(value, schema.get("format"))
    if schema.get("type") == "number" and type(value) is int:
        return float(value)
    return value


def _string(value: str, form: str | None) -> Any:
    match form:
        case "date-time":
            return read_timestamp(value) or value
        case "date":
            return read_timestamp(f"{value}T00:00:00Z") or value
        case "duration":
            read = read_duration(value)
            return value if read is None else read
        case "byte":
            try:
                return base64.b64decode(value, validate=True)
            except (binascii.Error, ValueError):
                return value
        case _:
            return value
