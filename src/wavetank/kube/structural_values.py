"""Values against the OpenAPI constraints of a structural schema, in the words of kube-openapi's validators.

``structural`` asks. With the value before an update, what did not change is let pass (ratcheting). Upstream: kube-openapi
``pkg/validation/validate`` and ``strfmt``, apiextensions ``pkg/apiserver/validation``.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from . import patterns
from .cel.values import read_duration, read_timestamp
from .errors import Cause
from .validation.causes import invalid, not_supported, printed, required, too_long, too_many
from .validation.names import dns_label, dns_subdomain

Schema = Mapping[str, Any]
#: There is no value to compare with.
ABSENT = object()


def value_causes(value: Any, schema: Schema, path: str, old: Any = ABSENT) -> Iterator[Cause]:
    """Everything in ``value`` that the schema refuses, except in parts that are as they were in ``old``."""
    if (value is None and schema.get("nullable")) or (old is not ABSENT and _equal(value, old)):
        return
    wrong = _wrong_type(value, schema, path)
    if wrong:
        yield wrong
    yield from _combinations(value, schema, path, old)
    if "enum" in schema and not any(_equal(value, each) for each in schema["enum"]):
        allowed = [each if isinstance(each, str) else printed(each) for each in schema["enum"]]
        yield not_supported(path, value, allowed)
    if wrong:
        return
    match value:
        case str():
            yield from _string_causes(value, schema, path)
        case bool() | None:
            return
        case int() | float():
            yield from _number_causes(value, schema, path)
        case list():
            yield from _list_causes(value, schema, path, old)
        case dict():
            yield from _object_causes(value, schema, path, old)


def _equal(a: Any, b: Any) -> bool:
    return bool(a == b) and isinstance(a, bool) == isinstance(b, bool)


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


def _type_cause(path: str, value: Any, wanted: str) -> Cause:
    message = f"Invalid value: {printed(value)}: {path} in body must be of type {wanted}: {printed(value)}"
    return Cause("FieldValueTypeInvalid", message, path)


def _wrong_type(value: Any, schema: Schema, path: str) -> Cause | None:
    either = schema.get("x-kubernetes-int-or-string")
    wanted = ["integer", "string"] if either else [schema["type"]] if schema.get("type") else []
    actual = _json_type(value)
    if not wanted or actual in wanted or (actual == "integer" and "number" in wanted):
        return None
    return _type_cause(path, actual, ",".join(wanted))


# Strings -----------------------------------------------------------------------------------------------------------


def _string_causes(value: str, schema: Schema, path: str) -> Iterator[Cause]:
    # Upstream's string validator stops at its first complaint.
    if len(value) > schema.get("maxLength", len(value)):
        yield too_long(path, schema["maxLength"])
    elif len(value) < schema.get("minLength", 0):
        yield invalid(path, value, f"{path} in body should be at least {schema['minLength']} chars long")
    elif "pattern" in schema and not patterns.compiled(schema["pattern"]).search(value):
        yield invalid(path, value, f"{path} in body should match '{schema['pattern']}'")
    form = schema.get("format") or ""
    check = _FORMATS.get(form.replace("-", "") if form == "date-time" else form)
    if check is not None and not check(value):
        yield _type_cause(path, value, form)


def _matching(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _is_address(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


def _is_network(text: str) -> bool:
    try:
        return "/" in text and bool(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return False


def _is_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) or text.startswith("/")


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _is_date(text: str) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", text)) and read_timestamp(f"{text}T00:00:00Z") is not None


def _is_duration(text: str) -> bool:
    words = r"\d+(\.\d+)?\s*(ns|nano|us|µs|micro|ms|milli|s|sec|second|m|min|minute|h|hr|hour|d|day|w|wk|week)s?"
    return read_duration(text) is not None or bool(re.fullmatch(rf"({words}\s*)+", text.strip()))


_HEX = "[0-9a-fA-F]"
_HOST = (
    r"(?=.{1,255}\Z)([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\.?"
)
#: Those that an API server keeps of a definition; others say nothing. ``StripUnsupportedFormatsPostProcess``.
_FORMATS: Mapping[str, Callable[[str], bool]] = {
    "datetime": lambda text: read_timestamp(text.replace("t", "T").replace("z", "Z")) is not None,
    "date": _is_date,
    "duration": _is_duration,
    "byte": _is_base64,
    "uri": _is_uri,
    "email": _matching(r"[^@\s<>]+@[^@\s<>]+|.*<[^@\s<>]+@[^@\s<>]+>"),
    "hostname": _matching(_HOST),
    "ipv4": lambda text: _is_address(text, 4),
    "ipv6": lambda text: _is_address(text, 6),
    "cidr": _is_network,
    "mac": _matching(rf"{_HEX}{{2}}([:-]){_HEX}{{2}}(\1{_HEX}{{2}}){{4}}|({_HEX}{{4}}\.){{2}}{_HEX}{{4}}"),
    "uuid": _matching(rf"{_HEX}{{8}}-?{_HEX}{{4}}-?{_HEX}{{4}}-?{_HEX}{{4}}-?{_HEX}{{12}}"),
    "uuid3": _matching(rf"{_HEX}{{8}}-?{_HEX}{{4}}-?3{_HEX}{{3}}-?{_HEX}{{4}}-?{_HEX}{{12}}"),
    "uuid4": _matching(rf"{_HEX}{{8}}-?{_HEX}{{4}}-?4{_HEX}{{3}}-?[89abAB]{_HEX}{{3}}-?{_HEX}{{12}}"),
    "uuid5": _matching(rf"{_HEX}{{8}}-?{_HEX}{{4}}-?5{_HEX}{{3}}-?[89abAB]{_HEX}{{3}}-?{_HEX}{{12}}"),
    "hexcolor": _matching(rf"#?({_HEX}{{3}}|{_HEX}{{6}})"),
    "rgbcolor": _matching(r"rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)"),
    "ssn": _matching(r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    "bsonobjectid": _matching(rf"{_HEX}{{24}}"),
    "k8s-short-name": lambda text: not dns_label(text),
    "k8s-long-name": lambda text: not dns_subdomain(text),
}


# Numbers, lists, objects -------------------------------------------------------------------------------------------


def _number_causes(value: float, schema: Schema, path: str) -> Iterator[Cause]:
    factor = schema.get("multipleOf")
    if factor and not float(value / factor).is_integer():
        yield invalid(path, value, f"{path} in body should be a multiple of {factor}")
    most, least = schema.get("maximum"), schema.get("minimum")
    if most is not None and (value > most or (value == most and schema.get("exclusiveMaximum"))):
        limit = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        yield invalid(path, value, f"{path} in body should be {limit} {most}")
    if least is not None and (value < least or (value == least and schema.get("exclusiveMinimum"))):
        limit = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        yield invalid(path, value, f"{path} in body should be {limit} {least}")


def _list_causes(value: list[Any], schema: Schema, path: str, old: Any) -> Iterator[Cause]:
    if isinstance(schema.get("items"), Mapping):
        before = correlated(value, schema, old)
        for index, item in enumerate(value):
            yield from value_causes(item, schema["items"], f"{path}[{index}]", before[index])
    if len(value) > schema.get("maxItems", len(value)):
        yield too_many(path, len(value), schema["maxItems"])
    if len(value) < schema.get("minItems", 0):
        yield invalid(path, len(value), f"{path} in body should have at least {schema['minItems']} items")
    if schema.get("uniqueItems") and len({printed(item) for item in value}) < len(value):
        yield invalid(path, value, f"{path} in body shouldn't contain duplicates")


def correlated(value: list[Any], schema: Schema, old: Any) -> list[Any]:
    """For each item the one that it was before: only items of maps have an identity."""
    keys = schema.get("x-kubernetes-list-map-keys") or ()
    if schema.get("x-kubernetes-list-type") != "map" or not isinstance(old, list):
        return [ABSENT] * len(value)
    known = {_key(item, keys): item for item in old}
    return [known.get(_key(item, keys), ABSENT) for item in value]


def _key(item: Any, keys: Sequence[str]) -> str:
    return printed([item.get(key) for key in keys]) if isinstance(item, Mapping) else printed(item)


def _object_causes(value: Mapping[str, Any], schema: Schema, path: str, old: Any) -> Iterator[Cause]:
    if len(value) > schema.get("maxProperties", len(value)):
        yield too_many(path, len(value), schema["maxProperties"])
    if len(value) < schema.get("minProperties", 0):
        yield invalid(path, len(value), f"{path} in body should have at least {schema['minProperties']} properties")
    for key in schema.get("required", ()):
        if key not in value:
            yield required(child(path, key))
    properties, additional = schema.get("properties") or {}, schema.get("additionalProperties")
    for key, item in value.items():
        below = properties.get(key, additional)
        if isinstance(below, Mapping):
            before = old.get(key, ABSENT) if isinstance(old, Mapping) else ABSENT
            yield from value_causes(item, below, child(path, key), before)


def child(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


# Junctors ----------------------------------------------------------------------------------------------------------


def _combinations(value: Any, schema: Schema, path: str, old: Any) -> Iterator[Cause]:
    def found(key: str) -> list[list[Cause]]:
        return [list(value_causes(value, part, path, old)) for part in schema.get(key) or ()]

    # The two halves of an int-or-string are already judged by its type.
    if "anyOf" in schema and not schema.get("x-kubernetes-int-or-string"):
        alternatives = found("anyOf")
        if alternatives and all(alternatives):
            yield invalid("<nil>", "", f'"{path}" must validate at least one schema (anyOf)')
            yield from _nearest(alternatives, schema["anyOf"], value)
    if schema.get("oneOf"):
        alternatives = found("oneOf")
        valid = sum(not causes for causes in alternatives)
        if valid != 1:
            told = f"Found {valid} valid alternatives" if valid else "Found none valid"
            yield invalid("<nil>", "", f'"{path}" must validate one and only one schema (oneOf). {told}')
            yield from () if valid else _nearest(alternatives, schema["oneOf"], value)
    yield from _all_of(found("allOf"), path)
    if "not" in schema and next(value_causes(value, schema["not"], path), None) is None:
        yield invalid("<nil>", "", f'"{path}" must not validate the schema (not)')


def _all_of(parts: list[list[Cause]], path: str) -> Iterator[Cause]:
    for causes in parts:
        yield from causes
    wrong = sum(bool(causes) for causes in parts)
    if wrong:
        none = ". None validated" if wrong == len(parts) else ""
        yield invalid("<nil>", "", f'"{path}" must validate all the schemas (allOf){none}')


def _nearest(alternatives: list[list[Cause]], parts: Sequence[Schema], value: Any) -> list[Cause]:
    """The complaints of the alternative that looked at most of the value; the first of several such."""

    def looked_at(index: int) -> int:
        properties = parts[index].get("properties") or {}
        return sum(key in properties for key in value) if isinstance(value, Mapping) else 0

    return alternatives[max(range(len(parts)), key=lambda index: (looked_at(index), -index))]
