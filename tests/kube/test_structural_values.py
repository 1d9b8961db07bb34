"""Values of custom resources: formats, junctors, what an update may keep, what keeps rules from being asked."""

from __future__ import annotations

from typing import Any

import pytest

from wavetank.kube import patterns
from wavetank.kube.schema import node_of_json_schema
from wavetank.kube.structural import SKIPPED, violations


def lines(value: Any, schema: dict[str, Any], old: Any = None) -> list[str]:
    node = node_of_json_schema({"type": "object", "properties": {"v": schema}})
    before = None if old is None else {"v": old}
    return [f"{cause.field}: {cause.message}" for cause in violations({"v": value}, node, before)]


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        ("date-time", "2026-01-02T03:04:05Z", "yesterday"),
        ("date", "2026-01-02", "2026-13-02"),
        ("duration", "1h30m", "soon"),
        ("byte", "YQ==", "!"),
        ("ipv4", "10.0.0.1", "10.0.0"),
        ("ipv6", "::1", "10.0.0.1"),
        ("cidr", "10.0.0.0/8", "10.0.0.0"),
        ("uri", "https://example.com/a", "::"),
        ("email", "a@b.c", "nobody"),
        ("hostname", "a.example.com", "a_b!"),
        ("uuid", "6c4fa368-a471-46b1-8eb1-07232aa6c0b9", "6c4f"),
        ("int32", "anything", ""),
    ],
)
def test_formats(form: str, good: str, bad: str) -> None:
    schema = {"type": "string", "format": form}
    assert lines(good, schema) == []
    expected = [f'v: Invalid value: "{bad}": v in body must be of type {form}: "{bad}"'] if bad else []
    assert lines(bad, schema) == expected


def test_numbers() -> None:
    schema = {"type": "integer", "minimum": 2, "exclusiveMinimum": True, "maximum": 9, "multipleOf": 2}
    assert lines(2, schema) == ["v: Invalid value: 2: v in body should be greater than 2"]
    assert lines(11, schema) == [
        "v: Invalid value: 11: v in body should be a multiple of 2",
        "v: Invalid value: 11: v in body should be less than or equal to 9",
    ]
    assert lines(4, {"type": "integer", "enum": [1, 2]}) == [
        'v: Unsupported value: 4: supported values: "1", "2"',
    ]


def test_junctors_say_what_the_nearest_alternative_lacks() -> None:
    schema = {"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}
    preserve = {**schema, "x-kubernetes-preserve-unknown-fields": True}
    assert lines({}, preserve) == [
        '<nil>: Invalid value: "": "v" must validate one and only one schema (oneOf). Found none valid',
        "v.a: Required value",
    ]
    assert lines({"a": 1, "b": 2}, preserve) == [
        '<nil>: Invalid value: "": "v" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    ]
    assert lines("x", {"type": "string", "not": {"pattern": "x"}}) == [
        '<nil>: Invalid value: "": "v" must not validate the schema (not)',
    ]


def test_what_has_not_changed_may_stay_wrong() -> None:
    item = {"type": "object", "properties": {"k": {"type": "string"}, "n": {"type": "integer", "maximum": 5}}}
    keyed = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]}
    schema = {"type": "array", "items": item, **keyed}
    old = [{"k": "a", "n": 9}, {"k": "b", "n": 1}]
    assert lines([{"k": "b", "n": 2}, {"k": "a", "n": 9}], schema, old) == []
    assert lines([{"k": "a", "n": 8}], schema, old) == [
        "v[0].n: Invalid value: 8: v[0].n in body should be less than or equal to 5",
    ]
    atomic = {"type": "array", "items": item}
    assert lines(old, atomic, old) == []
    assert len(lines([*old, {"k": "c"}], atomic, old)) == 1


def test_broken_rules_of_unchanged_values_are_warnings() -> None:
    rule = {"rule": "self == self.lowerAscii()", "message": "must be lowercase"}
    text = {"type": "string", "x-kubernetes-validations": [rule]}
    node = node_of_json_schema({"type": "object", "properties": {"name": text, "n": {"type": "integer"}}})
    warned: list[str] = []
    assert violations({"name": "UPPER", "n": 2}, node, {"name": "UPPER", "n": 1}, warn=warned.append) == []
    assert warned == ['name: Invalid value: "UPPER": must be lowercase']
    assert len(violations({"name": "OTHER", "n": 1}, node, {"name": "UPPER", "n": 1})) == 1


def test_only_some_mistakes_keep_rules_from_being_asked() -> None:
    rule = {"rule": "self.n < 3", "message": "too much"}
    number = {"type": "integer", "maximum": 4}
    schema = {"type": "object", "properties": {"n": number}, "x-kubernetes-validations": [rule]}
    assert lines({"n": 9}, schema) == [
        "v.n: Invalid value: 9: v.n in body should be less than or equal to 4",
        "v: Invalid value: too much",
    ]
    assert lines({"n": "x"}, schema)[-1] == f"<nil>: {SKIPPED}"


def test_reasons_and_paths_of_rules() -> None:
    rules = [
        {"rule": "false", "message": "no", "reason": "FieldValueForbidden", "fieldPath": ".a"},
        {"rule": "false", "message": "no", "reason": "FieldValueRequired", "fieldPath": ".m['x']"},
        {"rule": "oldSelf.hasValue()", "message": "new", "optionalOldSelf": True},
    ]
    texts = {"type": "object", "additionalProperties": {"type": "string"}}
    properties = {"a": {"type": "string"}, "m": texts}
    schema = {"type": "object", "properties": properties, "x-kubernetes-validations": rules}
    assert lines({}, schema) == ["v.a: Forbidden: no", "v.m[x]: Required value: no", "v: Invalid value: new"]
    assert lines({"a": "x"}, schema, {"a": "y"}) == ["v.a: Forbidden: no", "v.m[x]: Required value: no"]


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^(?i)(abort|warn)?$", "WARN", True),
        ("a(?i)b", "AB", False),
        ("^[a-z]+$", "a\n", False),
        (r"^[[:alpha:]]+\z", "aB", True),
        (r"^\pL+$", "é", True),
        ("[$a]b", "$b", True),
        (r"^(?<n>a)$", "a", True),
        ("[a&&b|]x", "&x", True),
    ],
)
def test_patterns_are_those_of_go(pattern: str, text: str, found: bool) -> None:
    assert (patterns.compiled(pattern).search(text) is not None) is found
