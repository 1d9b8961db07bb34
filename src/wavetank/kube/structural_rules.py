"""Rules in CEL of a structural schema, evaluated on an object and on what it was before.

``structural`` asks once the rest of the schema holds. Upstream: apiextensions ``pkg/apiserver/schema/cel/validation.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from . import cel
from .cel.checker import walked
from .cel.from_schema import value_of
from .cel.syntax import Ident, SyntaxProblemError, parsed
from .errors import Cause
from .structural_values import ABSENT, correlated
from .validation.causes import printed
from .validation.definition_paths import UnknownPathError, schema_at

Schema = Mapping[str, Any]
RULES = "x-kubernetes-validations"
_LONGEST_MESSAGE = 5 * 1024


@dataclass(frozen=True)
class Place:
    """A value with its schema, its path and what it was; ``unchanged``: it, or the nearest thing above, is as it was."""

    value: Any
    schema: Schema
    path: str
    old: Any = ABSENT
    unchanged: bool = False


def rule_causes(place: Place, warn: Callable[[str], None]) -> Iterator[Cause]:
    """What the rules refuse, the outer ones first; of unchanged values ``warn`` is told instead."""
    if place.value is None:
        return
    for rule in place.schema.get(RULES) or ():
        for cause in _broken(rule, place):
            if place.unchanged and not _uses_old(rule["rule"]):
                warn(f"{cause.field}: {cause.message}")
            else:
                yield cause
    for below in _below(place):
        yield from rule_causes(below, warn)


def _below(place: Place) -> Iterator[Place]:
    value, schema, old = place.value, place.schema, place.old
    if isinstance(value, Mapping):
        properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
        for key, item in value.items():
            below = properties.get(key, additional)
            if isinstance(below, Mapping) and has_rules(below):
                before = old.get(key, ABSENT) if isinstance(old, Mapping) else ABSENT
                path = f"{place.path}.{key}" if key in properties else f"{place.path}[{key}]"
                yield _at(place, item, below, path.lstrip("."), before)
    elif isinstance(value, list) and isinstance(schema.get("items"), Mapping) and has_rules(schema["items"]):
        for index, before in enumerate(correlated(value, schema, old)):
            yield _at(place, value[index], schema["items"], f"{place.path}[{index}]", before)


def _at(above: Place, value: Any, schema: Schema, path: str, old: Any) -> Place:
    made = replace(above, value=value, schema=schema, path=path, old=old)
    return made if old is ABSENT else replace(made, unchanged=bool(value == old))


def has_rules(schema: Any) -> bool:
    if not isinstance(schema, Mapping):
        return False
    if schema.get(RULES):
        return True
    inside = [*(schema.get("properties") or {}).values(), schema.get("items"), schema.get("additionalProperties")]
    return any(map(has_rules, inside))


@lru_cache(maxsize=4096)
def _uses_old(text: str) -> bool:
    try:
        return any(isinstance(node, Ident) and node.name == "oldSelf" for node in walked(parsed(text)))
    except SyntaxProblemError:
        return False


def _broken(rule: Mapping[str, Any], place: Place) -> Iterator[Cause]:
    text, optional = rule["rule"], bool(rule.get("optionalOldSelf"))
    if _uses_old(text) and place.old is ABSENT and not optional:
        return
    variables = _variables(place, optional)
    said = str(rule.get("message") or text).strip()
    path, kind = place.path or "<nil>", printed(place.schema.get("type") or "")
    try:
        if cel.compiled(text)(variables) is True:
            return
    except cel.NotSupportedError:
        # Better to let an object pass than to refuse one that a real server takes.
        return
    except cel.EvaluationError as wrong:
        if str(wrong).startswith("no such overload"):
            why = "call arguments did not match a supported operator, function or macro signature for rule"
            yield Cause("FieldValueInvalid", f"Invalid value: {kind}: '{wrong}': {why}: {said}", path)
        else:
            yield Cause("FieldValueInvalid", f"Invalid value: {kind}: {wrong} evaluating rule: {said}", path)
        return
    yield _cause(rule, place, _message(rule, variables))


def _variables(place: Place, optional: bool) -> dict[str, Any]:
    variables = {"self": value_of(place.value, place.schema)}
    known = place.old is not ABSENT and place.old is not None
    old = value_of(place.old, place.schema) if known else None
    if optional:
        variables["oldSelf"] = cel.Optional(known, old)
    elif known:
        variables["oldSelf"] = old
    return variables


def _cause(rule: Mapping[str, Any], place: Place, message: str) -> Cause:
    """Objects and lists are not printed, values are."""
    reason = rule.get("reason") or "FieldValueInvalid"
    value = "" if isinstance(place.value, (dict, list)) else printed(place.value)
    text = {
        "FieldValueForbidden": f"Forbidden: {message}",
        "FieldValueRequired": f"Required value: {message}",
        "FieldValueDuplicate": f"Duplicate value: {value}" if value else "Duplicate value",
    }.get(reason, f"Invalid value: {value}: {message}" if value else f"Invalid value: {message}")
    return Cause(reason, text, _path(rule, place) or "<nil>")


def _path(rule: Mapping[str, Any], place: Place) -> str:
    if not rule.get("fieldPath"):
        return place.path
    try:
        below, _ = schema_at(rule["fieldPath"], place.schema)
    except UnknownPathError:
        return place.path
    return f"{place.path}.{below}" if place.path else below


def _message(rule: Mapping[str, Any], variables: Mapping[str, Any]) -> str:
    """What ``messageExpression`` makes, if that is a line of text; else the message, else the rule."""
    expression = rule.get("messageExpression")
    if expression:
        try:
            made = cel.compiled(expression)(dict(variables))
        except (cel.NotSupportedError, cel.EvaluationError):
            made = None
        if isinstance(made, str) and 0 < len(made.strip()) <= _LONGEST_MESSAGE and "\n" not in made.strip():
            return made.strip()
    return str(rule.get("message") or f"failed rule: {rule['rule'].strip()}").strip()
