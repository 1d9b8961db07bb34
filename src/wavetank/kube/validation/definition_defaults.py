"""Defaults in schemas of custom resources: they must be what the schema allows, rules included, and nothing more.

Upstream: ``pkg/apiserver/schema/defaulting/validation.go`` of apiextensions-apiserver.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .. import structural
from ..decoding import decoded
from ..errors import Cause
from ..schema import node_of_json_schema
from .causes import invalid

Schema = Mapping[str, Any]


def default_causes(schema: Schema, path: str) -> Iterator[Cause]:
    """Defaults inside maps are not looked at, as upstream: they are never applied to what is not there."""
    if schema.get("default") is not None:
        yield from _own(schema["default"], schema, f"{path}.default")
    if isinstance(schema.get("items"), Mapping):
        yield from default_causes(schema["items"], f"{path}.items")
    for name, below in (schema.get("properties") or {}).items():
        if isinstance(below, Mapping):
            yield from default_causes(below, f"{path}.properties[{name}]")


def _own(default: Any, schema: Schema, path: str) -> Iterator[Cause]:
    if decoded({"v": default}, node_of_json_schema({"type": "object", "properties": {"v": schema}})).unknown_fields:
        yield invalid(path, default, "must not have unknown fields")
    wrong = structural.violations(default, node_of_json_schema(schema))
    for cause in wrong:
        if cause.message == structural.SKIPPED:
            continue
        place = "" if cause.field == "<nil>" else cause.field
        below = f".{place}" if place and not place.startswith("[") else place
        yield Cause(cause.reason, cause.message, path + below)
