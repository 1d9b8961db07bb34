"""Schemas of custom resource definitions are refused where apiextensions refuses them, with its words and paths."""

from __future__ import annotations

from wavetank.kube.validation.definition_schemas import schema_causes


def test_types_must_be_known_and_stated_and_lists_must_say_what_of() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "strin"},
            "b": {"type": "array"},
            "c": {},
            "d": {"type": "array", "items": {}},
            "e": {"type": "object", "additionalProperties": {"type": "text"}},
            "free": {"x-kubernetes-preserve-unknown-fields": True},
            "port": {"x-kubernetes-int-or-string": True},
        },
    }
    supported = '"array", "boolean", "integer", "number", "object", "string"'
    found = [(c.field.removeprefix("s."), c.message) for c in schema_causes(schema, "s")]
    assert sorted(found) == [
        ("properties[a].type", f'Unsupported value: "strin": supported values: {supported}'),
        ("properties[b].items", "Required value: must be specified"),
        ("properties[c].type", "Required value: must not be empty for specified object fields"),
        ("properties[d].items.type", "Required value: must not be empty for specified array items"),
        ("properties[e].additionalProperties.type", f'Unsupported value: "text": supported values: {supported}'),
    ]


def test_the_root_is_an_object() -> None:
    (cause,) = schema_causes({"type": "string"}, "s")
    assert (cause.field, cause.message) == ("s.type", 'Invalid value: "string": must be object at the root')
    (cause,) = schema_causes({}, "s")
    assert cause.message == "Required value: must not be empty at the root"


def test_a_schema_that_preserves_everything_needs_no_type() -> None:
    assert list(schema_causes({"x-kubernetes-preserve-unknown-fields": True}, "s")) == []
