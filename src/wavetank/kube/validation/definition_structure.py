"""Whether a schema is structural: what types and fields there are is said outside of ``anyOf``, ``allOf``, ``oneOf``, ``not``.

``definition_schemas`` asks. Upstream: ``pkg/apiserver/schema/validation.go`` and ``complete.go`` of apiextensions-apiserver.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from .. import patterns
from ..errors import Cause
from .causes import forbidden, invalid, required

Schema = Mapping[str, Any]
#: Where in a schema another one stands, as the sentence about a missing type has it.
_Level = Literal["root", "field", "item"]
_EMPTY: Mapping[_Level, str] = {
    "root": "must not be empty at the root",
    "field": "must not be empty for specified object fields",
    "item": "must not be empty for specified array items",
}
_INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]
_PRESERVES, _EMBEDDED, _EITHER = (
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
)
_NESTED_MUST: tuple[tuple[str, str], ...] = (
    ("type", "must be empty to be structural"),
    ("additionalProperties", "must be undefined to be structural"),
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    (_PRESERVES, "must be false to be structural"),
    (_EMBEDDED, "must be false to be structural"),
    (_EITHER, "must be false to be structural"),
    ("x-kubernetes-list-map-keys", "must be empty to be structural"),
    ("x-kubernetes-list-type", "must be undefined to be structural"),
    ("x-kubernetes-map-type", "must be undefined to be structural"),
    ("x-kubernetes-validations", "must be empty to be structural"),
)


def structure_causes(schema: Schema, path: str) -> list[Cause]:
    """What keeps a schema from being structural, sorted as upstream sorts it."""
    found = [*_invariants(schema, path, "root"), *_completeness(schema, path)]
    return sorted(found, key=lambda cause: f"{cause.field}: {cause.message}")


def is_structural(schema: Schema) -> bool:
    return not structure_causes(schema, "")


def _invariants(schema: Schema, path: str, level: _Level) -> Iterator[Cause]:
    items, additional = schema.get("items"), schema.get("additionalProperties")
    if schema.get("type") == "array" and items is None:
        yield required(f"{path}.items", "must be specified")
    if isinstance(items, Mapping):
        yield from _invariants(items, f"{path}.items", "item")
    for name, below in _properties(schema):
        yield from _invariants(below, f"{path}.properties[{name}]", "field")
    if additional is not None and level == "root":
        yield forbidden(f"{path}.additionalProperties", "must not be used at the root")
    if isinstance(additional, Mapping):
        yield from _invariants(additional, f"{path}.additionalProperties", "field")
    yield from _extensions(schema, path)
    yield from _value_validation(schema, path, excused=True)
    yield from _type(schema, path, level)
    yield from _metadata(schema, path, level)
    if schema.get(_EMBEDDED) and not schema.get(_PRESERVES) and not schema.get("properties"):
        why = f"must not be empty if {_EMBEDDED} is true without {_PRESERVES}"
        yield required(f"{path}.properties", why)


def _properties(schema: Schema) -> list[tuple[str, Schema]]:
    return [(n, s) for n, s in (schema.get("properties") or {}).items() if isinstance(s, Mapping)]


def _extensions(schema: Schema, path: str) -> Iterator[Cause]:
    if schema.get(_EITHER):
        for key in (_PRESERVES, _EMBEDDED):
            if schema.get(key):
                yield invalid(f"{path}.{key}", True, f"must be false if {_EITHER} is true")


def _type(schema: Schema, path: str, level: _Level) -> Iterator[Cause]:
    kind = schema.get("type") or ""
    if schema.get(_EMBEDDED) and kind != "object":
        why = f"must be object if {_EMBEDDED} is true"
        yield invalid(f"{path}.type", kind, why) if kind else required(f"{path}.type", why)
    elif not kind and not schema.get(_EITHER) and not schema.get(_PRESERVES):
        yield required(f"{path}.type", _EMPTY[level])
    if schema.get(_EMBEDDED) and schema.get("additionalProperties") is not None:
        yield forbidden(f"{path}.additionalProperties", f"must not be used if {_EMBEDDED} is set")
    if level == "root" and kind and kind != "object":
        yield invalid(f"{path}.type", kind, "must be object at the root")


def _metadata(schema: Schema, path: str, level: _Level) -> Iterator[Cause]:
    """A schema may restrict an object's name, and nothing else of its metadata."""
    properties, own = dict(_properties(schema)), level == "root" or bool(schema.get(_EMBEDDED))
    for key in ("kind", "apiVersion"):
        if own and key in properties and properties[key].get("type") != "string":
            yield invalid(f"{path}.properties[{key}].type", properties[key].get("type") or "", "must be string")
    metadata = properties.get("metadata")
    if metadata is None:
        return
    place = f"{path}.properties[metadata]"
    if own and metadata.get("type") != "object":
        yield invalid(f"{place}.type", metadata.get("type") or "", "must be object")
    more = {key for key, value in metadata.items() if value} - {"type", "properties", "default"}
    if level == "root" and (more or not set(metadata.get("properties") or ()) <= {"name", "generateName"}):
        why = "must not specify anything other than name and generateName, but metadata is implicitly specified"
        yield forbidden(place, why)


def _value_validation(schema: Schema, path: str, *, excused: bool) -> Iterator[Cause]:
    """``excused``: the two halves of an int-or-string, which may stand in ``anyOf`` (or in the first of ``allOf``)."""
    any_of = schema.get("anyOf") or []
    if not (excused and any_of == _INT_OR_STRING):
        for index, part in enumerate(any_of):
            yield from _nested(part, f"{path}.anyOf[{index}]", excused=False)
    for index, part in enumerate(schema.get("allOf") or ()):
        yield from _nested(part, f"{path}.allOf[{index}]", excused=excused and index == 0)
    for index, part in enumerate(schema.get("oneOf") or ()):
        yield from _nested(part, f"{path}.oneOf[{index}]", excused=False)
    if isinstance(schema.get("not"), Mapping):
        yield from _nested(schema["not"], f"{path}.not", excused=False)
    if schema.get("pattern") and (problem := pattern_problem(schema["pattern"])):
        yield invalid(f"{path}.pattern", schema["pattern"], f"must be a valid regular expression, but isn't: {problem}")


def _nested(schema: Any, path: str, *, excused: bool) -> Iterator[Cause]:
    if not isinstance(schema, Mapping):
        return
    yield from _value_validation(schema, path, excused=excused)
    if isinstance(schema.get("items"), Mapping):
        yield from _nested(schema["items"], f"{path}.items", excused=False)
    for name, below in _properties(schema):
        yield from _nested(below, f"{path}.properties[{name}]", excused=False)
    for key, why in _NESTED_MUST:
        present = schema.get(key) is not None if key in ("additionalProperties", "default") else schema.get(key)
        if present:
            yield forbidden(f"{path}.{key}", why)
    if "metadata" in (schema.get("properties") or {}):
        yield forbidden(f"{path}.properties[metadata]", "must not be specified in a nested context")


# Completeness ------------------------------------------------------------------------------------------------------


def _completeness(schema: Schema, path: str) -> Iterator[Cause]:
    yield from _told_outside(schema, path, schema, path)
    if isinstance(schema.get("items"), Mapping):
        yield from _completeness(schema["items"], f"{path}.items")
    for name, below in _properties(schema):
        yield from _completeness(below, f"{path}.properties[{name}]")
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from _completeness(schema["additionalProperties"], f"{path}.additionalProperties")


def _told_outside(outer: Schema, path: str, values: Schema, place: str) -> Iterator[Cause]:
    """What the junctors of ``values`` speak of must be specified in ``outer``."""
    for key in ("allOf", "anyOf", "oneOf"):
        for index, part in enumerate(values.get(key) or ()):
            yield from _part_told_outside(outer, path, part, f"{place}.{key}[{index}]")
    yield from _part_told_outside(outer, path, values.get("not"), f"{place}.not")


def _part_told_outside(outer: Schema, path: str, part: Any, place: str) -> Iterator[Cause]:
    if not isinstance(part, Mapping):
        return
    yield from _told_outside(outer, path, part, place)
    if isinstance(part.get("items"), Mapping):
        if not isinstance(outer.get("items"), Mapping):
            yield required(f"{path}.items", f"because it is defined in {place}.items")
        else:
            yield from _part_told_outside(outer["items"], f"{path}.items", part["items"], f"{place}.items")
    known = dict(_properties(outer))
    for name, below in _properties(part):
        here = f"{path}.properties[{name}]"
        if name not in known:
            yield required(here, f"because it is defined in {place}.properties[{name}]")
        else:
            yield from _part_told_outside(known[name], here, below, f"{place}.properties[{name}]")


_PROBLEMS: tuple[tuple[str, str], ...] = (
    ("missing ), unterminated", "missing closing ): `{pattern}`"),
    ("unbalanced parenthesis", "unexpected ): `{pattern}`"),
    ("unterminated character set", "missing closing ]: `{rest}`"),
    ("nothing to repeat", "missing argument to repetition operator: `{sign}`"),
    ("multiple repeat", "invalid nested repetition operator: `{before}{sign}`"),
    ("bad escape (end", "trailing backslash at end of expression: ``"),
    ("bad escape", "invalid escape sequence: `{pair}`"),
    ("bad character range", "invalid character class range: `{range}`"),
)
_PERL = re.compile(r"\(\?(?:=|!|<=|<!|>)")


def pattern_problem(pattern: str) -> str:
    """What Go's ``regexp`` says of a pattern that it cannot read; empty when it can."""
    perl = _PERL.search(pattern)
    if perl:
        return f"error parsing regexp: invalid or unsupported Perl syntax: `{perl[0][:3]}`"
    try:
        patterns.compiled(pattern)
    except re.error as wrong:
        at = wrong.pos or 0
        words = {
            "pattern": pattern,
            "rest": pattern[at:],
            "sign": pattern[at : at + 1],
            "before": pattern[max(at - 1, 0) : at],
            "pair": pattern[at : at + 2],
            "range": pattern[at : at + 3],
        }
        said = next((text for start, text in _PROBLEMS if wrong.msg.startswith(start)), wrong.msg)
        return "error parsing regexp: " + said.format(**words)
    return ""
