"""Custom resources against their structural schema: defaults, and validation in apiextensions' words.

The API server calls ``defaulted`` on what it stores and what it reads, and ``violations`` on what it is asked to store.
Pruning is ``decoding``'s. Rules in CEL are evaluated once the schema holds; ``violations`` says so when it does not, as a
real server does.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from . import cel
from .errors import Cause
from .schema import Node
from .validation.causes import duplicate, invalid, not_supported, printed, required, too_long, too_many

_RULES = "x-kubernetes-validations"
_SKIPPED = (
    "some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)


def defaulted(value: Any, node: Node) -> Any:
    """``value`` with the schema's defaults (``structural/defaulting``); a null gives way to a default unless nullable."""
    if isinstance(value, dict):
        return _defaulted_object(value, node)
    if isinstance(value, list) and node.items is not None:
        items = node.items
        return [defaulted(item, items) for item in value]
    return value


def _defaulted_object(value: Mapping[str, Any], node: Node) -> dict[str, Any]:
    result = dict(value)
    for key, field in node.fields.items():
        absent = key not in result or (result[key] is None and not field.schema.get("nullable"))
        if absent and "default" in field.schema:
            result[key] = copy.deepcopy(field.schema["default"])
        if key in result:
            result[key] = defaulted(result[key], field)
    if node.additional is not None:
        additional = node.additional
        result |= {k: defaulted(v, additional) for k, v in value.items() if k not in node.fields}
    return result


def violations(obj: Mapping[str, Any], node: Node, old: Mapping[str, Any] | None = None) -> list[Cause]:
    """Everything in ``obj`` that the schema refuses, then what its rules do; ``old`` is the object before an update."""
    found = [*_violations(obj, node.schema, ""), *_duplicates(obj, node, "")]
    if not _has_rules(node.schema):
        return found
    if found:
        return [*found, Cause("FieldValueInvalid", f"Invalid value: null: {_SKIPPED}", "<nil>")]
    return list(_broken_rules(obj, old, node.schema, ""))


_REASONS = {"FieldValueForbidden": "Forbidden", "FieldValueRequired": "Required value"}


def _broken_rules(value: Any, old: Any, schema: Mapping[str, Any], path: str) -> Iterator[Cause]:
    for rule in schema.get(_RULES) or ():
        yield from _broken_rule(value, old, rule, path)
    if isinstance(value, Mapping):
        properties, additional = schema.get("properties", {}), schema.get("additionalProperties")
        for key, item in value.items():
            below = properties.get(key, additional)
            if isinstance(below, Mapping):
                before = old.get(key) if isinstance(old, Mapping) else None
                yield from _broken_rules(item, before, below, _child(path, key))
    elif isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        for index, item in enumerate(value):
            yield from _broken_rules(item, None, schema["items"], f"{path}[{index}]")


def _broken_rule(value: Any, old: Any, rule: Mapping[str, Any], path: str) -> Iterator[Cause]:
    text = rule["rule"]
    if "oldSelf" in text and old is None and not rule.get("optionalOldSelf"):
        return
    try:
        if cel.compiled(text)({"self": value, "oldSelf": old}):
            return
    except cel.NotSupportedError:
        # Better to let an object pass than to refuse one that a real server takes.
        return
    except cel.EvaluationError as wrong:
        said = str(rule.get("message") or text).strip()
        yield Cause("FieldValueInvalid", f"Invalid value: {wrong} evaluating rule: {said}", path)
        return
    reason = rule.get("reason", "FieldValueInvalid")
    message = f"{_REASONS.get(reason, 'Invalid value')}: {_rule_message(rule, {'self': value, 'oldSelf': old})}"
    yield Cause(reason, message, path + rule.get("fieldPath", ""))


def _rule_message(rule: Mapping[str, Any], variables: Mapping[str, Any]) -> str:
    """What ``messageExpression`` makes, if that is a line of text; else the message, else the rule."""
    expression = rule.get("messageExpression")
    if expression:
        try:
            made = cel.compiled(expression)(dict(variables))
        except (cel.NotSupportedError, cel.EvaluationError):
            made = None
        if isinstance(made, str) and made.strip() and "\n" not in made:
            return made.strip()
    return str(rule.get("message") or f"failed rule: {rule['rule'].strip()}").strip()


def _has_rules(schema: Any) -> bool:
    if isinstance(schema, Mapping):
        return _RULES in schema or any(_has_rules(below) for below in schema.values())
    return False


def _violations(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[Cause]:
    if value is None and schema.get("nullable"):
        return
    wrong = _wrong_type(value, schema, path)
    if wrong:
        yield wrong
    yield from _combinations(value, schema, path)
    if "enum" in schema and value not in schema["enum"]:
        yield not_supported(path, value, schema["enum"])
    if wrong:
        return
    match value:
        case str():
            yield from _string_violations(value, schema, path)
        case bool() | None:
            return
        case int() | float():
            yield from _number_violations(value, schema, path)
        case list():
            yield from _list_violations(value, schema, path)
        case dict():
            yield from _object_violations(value, schema, path)


_JSON_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)


def _json_type(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return "integer"
    return next((name for kind, name in _JSON_TYPES if isinstance(value, kind)), "null")


def _wrong_type(value: Any, schema: Mapping[str, Any], path: str) -> Cause | None:
    wanted = (
        ["integer", "string"]
        if schema.get("x-kubernetes-int-or-string")
        else [schema["type"]]
        if schema.get("type")
        else []
    )
    actual = _json_type(value)
    if not wanted or actual in wanted or (actual == "integer" and "number" in wanted):
        return None
    return invalid(path, actual, f"{path} in body must be of type {','.join(wanted)}: {printed(actual)}")


def _string_violations(value: str, schema: Mapping[str, Any], path: str) -> Iterator[Cause]:
    # Upstream's string validator stops at its first complaint.
    if len(value) > schema.get("maxLength", len(value)):
        yield too_long(path, schema["maxLength"])
    elif len(value) < schema.get("minLength", 0):
        yield invalid(path, value, f"{path} in body should be at least {schema['minLength']} chars long")
    elif "pattern" in schema and not re.search(_python_pattern(schema["pattern"]), value):
        yield invalid(path, value, f"{path} in body should match '{schema['pattern']}'")
    if not _has_format(value, schema.get("format", "")):
        yield invalid(path, value, f"{path} in body must be of type {schema['format']}: {printed(value)}")


def _python_pattern(pattern: str) -> str:
    """RE2 says ``\\z`` for the end of the text and lets ``$`` match only there."""
    return re.sub(r"(?<!\\)\$", r"\\Z", pattern.replace(r"\z", r"\Z"))


def _has_format(value: str, name: str) -> bool:
    match name:
        case "date-time":
            try:
                return "T" in value and datetime.fromisoformat(value).tzinfo is not None
            except ValueError:
                return False
        case "uuid":
            return bool(re.fullmatch(r"(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", value))
        case "ipv4":
            return bool(re.fullmatch(r"(\d{1,3})(\.\d{1,3}){3}", value))
        case _:
            return True


def _number_violations(value: float, schema: Mapping[str, Any], path: str) -> Iterator[Cause]:
    factor = schema.get("multipleOf")
    if factor and value % factor != 0:
        yield invalid(path, value, f"{path} in body should be a multiple of {factor}")
    most, least = schema.get("maximum"), schema.get("minimum")
    if most is not None and (value > most or (value == most and schema.get("exclusiveMaximum"))):
        yield invalid(
            path,
            value,
            f"{path} in body should be less than {'' if schema.get('exclusiveMaximum') else 'or equal to '}{most}",
        )
    if least is not None and (value < least or (value == least and schema.get("exclusiveMinimum"))):
        yield invalid(
            path,
            value,
            f"{path} in body should be greater than {'' if schema.get('exclusiveMinimum') else 'or equal to '}{least}",
        )


def _list_violations(value: list[Any], schema: Mapping[str, Any], path: str) -> Iterator[Cause]:
    if isinstance(schema.get("items"), Mapping):
        for index, item in enumerate(value):
            yield from _violations(item, schema["items"], f"{path}[{index}]")
    if len(value) > schema.get("maxItems", len(value)):
        yield too_many(path, len(value), schema["maxItems"])
    if len(value) < schema.get("minItems", 0):
        yield invalid(path, len(value), f"{path} in body should have at least {schema['minItems']} items")
    if schema.get("uniqueItems") and len({printed(item) for item in value}) < len(value):
        yield invalid(path, value, f"{path} in body shouldn't contain duplicates")


def _object_violations(value: Mapping[str, Any], schema: Mapping[str, Any], path: str) -> Iterator[Cause]:
    if len(value) > schema.get("maxProperties", len(value)):
        yield too_many(path, len(value), schema["maxProperties"])
    if len(value) < schema.get("minProperties", 0):
        yield invalid(path, len(value), f"{path} in body should have at least {schema['minProperties']} properties")
    for key in schema.get("required", ()):
        if key not in value:
            yield required(_child(path, key))
    properties, additional = schema.get("properties", {}), schema.get("additionalProperties")
    for key, item in value.items():
        below = properties.get(key, additional)
        if isinstance(below, Mapping):
            yield from _violations(item, below, _child(path, key))


def _child(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _combinations(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[Cause]:
    def holds(part: Mapping[str, Any]) -> bool:
        return next(_violations(value, part, path), None) is None

    # The two halves of an int-or-string are already judged by its type.
    if "anyOf" in schema and not schema.get("x-kubernetes-int-or-string") and not any(map(holds, schema["anyOf"])):
        yield invalid("<nil>", "", f'"{path}" must validate at least one schema (anyOf)')
    if "oneOf" in schema:
        valid = sum(map(holds, schema["oneOf"]))
        if valid != 1:
            count = f"Found {valid} valid alternatives" if valid else "Found none valid"
            yield invalid("<nil>", "", f'"{path}" must validate one and only one schema (oneOf). {count}')
    for part in schema.get("allOf", ()):
        yield from _violations(value, part, path)
    if "not" in schema and holds(schema["not"]):
        yield invalid("<nil>", "", f'"{path}" must not validate the schema (not)')


def _duplicates(value: Any, node: Node, path: str) -> Iterator[Cause]:
    """Repeated entries of lists of type ``set`` and ``map`` (``structural-listtype``)."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            below = node.fields.get(key, node.additional)
            if below is not None and below.custom:
                yield from _duplicates(item, below, _child(path, key))
    elif isinstance(value, list) and node.items is not None:
        seen: set[str] = set()
        for index, item in enumerate(value):
            identity = _identity(item, node)
            if identity is not None:
                if printed(identity) in seen:
                    yield duplicate(f"{path}[{index}]", identity)
                seen.add(printed(identity))
            yield from _duplicates(item, node.items, f"{path}[{index}]")


def _identity(item: Any, node: Node) -> Any:
    if node.list_type == "set":
        return item
    if node.list_type == "map" and isinstance(item, Mapping):
        return {key: item[key] for key in sorted(node.list_map_keys) if key in item}
    return None
