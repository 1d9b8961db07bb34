"""Schemas of custom resource definitions: known types, and the shape that makes them structural.

``cluster.definition`` asks. Upstream: ``ValidateCustomResourceDefinitionOpenAPISchema`` and ``schema/validation.go`` of
apiextensions. Rules in CEL are not compiled here, and defaults are not held against their schemas.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from ..errors import Cause
from .causes import invalid, not_supported, required

_TYPES = ("array", "boolean", "integer", "number", "object", "string")
#: Where in a schema another one stands, as the sentence about a missing type has it.
_Level = Literal["root", "field", "item"]
_EMPTY: Mapping[_Level, str] = {
    "root": "must not be empty at the root",
    "field": "must not be empty for specified object fields",
    "item": "must not be empty for specified array items",
}
_ANYTHING = ("x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields")


def schema_causes(schema: Mapping[str, Any], path: str, level: _Level = "root") -> Iterator[Cause]:
    """What is wrong with a schema and with those inside it."""
    yield from _type_causes(schema, path, level)
    if schema.get("type") == "array" and schema.get("items") is None:
        yield required(f"{path}.items", "must be specified")
    properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
    if properties and isinstance(additional, Mapping):
        yield Cause("FieldValueForbidden", "Forbidden: additionalProperties and properties are mutual exclusive", path)
    for name, below in properties.items():
        if isinstance(below, Mapping):
            yield from schema_causes(below, f"{path}.properties[{name}]", "field")
    if isinstance(schema.get("items"), Mapping):
        yield from schema_causes(schema["items"], f"{path}.items", "item")
    if isinstance(additional, Mapping):
        yield from schema_causes(additional, f"{path}.additionalProperties", "field")


def _type_causes(schema: Mapping[str, Any], path: str, level: _Level) -> Iterator[Cause]:
    kind = schema.get("type") or ""
    if kind and kind not in _TYPES:
        yield not_supported(f"{path}.type", kind, _TYPES)
    elif not kind and not any(schema.get(key) for key in _ANYTHING):
        yield required(f"{path}.type", _EMPTY[level])
    elif kind and kind != "object" and level == "root":
        yield invalid(f"{path}.type", kind, "must be object at the root")
