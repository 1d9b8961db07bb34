"""Custom resources are pruned, defaulted and refused as a 1.36 server does it."""

from __future__ import annotations

from typing import Any

from wavetank.kube.decoding import decoded
from wavetank.kube.schema import Schemas, at, node_of_json_schema
from wavetank.kube.structural import defaulted, violations

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["spec"],
    "properties": {
        "spec": {
            "type": "object",
            "required": ["model"],
            "x-kubernetes-validations": [
                {"rule": "self.minReplicas <= self.replicas", "message": "minReplicas must not exceed replicas"}
            ],
            "properties": {
                "model": {"type": "string", "minLength": 3, "pattern": "^[a-z0-9-]+$"},
                "replicas": {"type": "integer", "minimum": 0, "maximum": 10, "default": 1},
                "minReplicas": {"type": "integer", "default": 0},
                "runtime": {"type": "string", "enum": ["sklearn", "onnx", "triton"], "default": "sklearn"},
                "resources": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "groups": {
                    "type": "array",
                    "maxItems": 3,
                    "items": {"type": "string"},
                    "x-kubernetes-list-type": "set",
                },
                "target": {"x-kubernetes-int-or-string": True},
            },
        }
    },
}
NODE = node_of_json_schema(SCHEMA, at(Schemas.for_version("1.36").node("", "v1", "Pod"), ["metadata"]))
SKIPPED = (
    "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)


def lines(obj: dict[str, Any]) -> list[str]:
    return [f"{cause.field}: {cause.message}" for cause in violations(obj, NODE)]


def test_everything_wrong_is_said_at_once() -> None:
    spec = {"model": "X!", "replicas": 99, "runtime": "pytorch", "target": [1], "groups": ["a", "a", "b", "c"]}
    assert lines({"spec": spec}) == [
        'spec.model: Invalid value: "X!": spec.model in body should be at least 3 chars long',
        "spec.replicas: Invalid value: 99: spec.replicas in body should be less than or equal to 10",
        'spec.runtime: Unsupported value: "pytorch": supported values: "sklearn", "onnx", "triton"',
        'spec.target: Invalid value: "array": spec.target in body must be of type integer,string: "array"',
        "spec.groups: Too many: 4: must have at most 3 items",
        'spec.groups[1]: Duplicate value: "a"',
        SKIPPED,
    ]


def test_required_fields() -> None:
    assert lines({}) == ["spec: Required value", SKIPPED]


def test_wrong_types() -> None:
    assert lines({"spec": {"model": "abc", "replicas": "two"}}) == [
        'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
        SKIPPED,
    ]


def test_defaults_fill_what_is_absent() -> None:
    assert defaulted({"spec": {"model": "abc", "replicas": 3}}, NODE) == {
        "spec": {"model": "abc", "replicas": 3, "minReplicas": 0, "runtime": "sklearn"}
    }


def test_unknown_fields_are_pruned_but_not_below_preserved_ones() -> None:
    result = decoded({"spec": {"colour": "blue", "resources": {"limits": {"anything": [1]}}}}, NODE)
    assert result.value == {"spec": {"resources": {"limits": {"anything": [1]}}}}
    assert result.strict_error == 'strict decoding error: unknown field "spec.colour"'


def test_types_are_not_a_matter_of_decoding() -> None:
    assert decoded({"spec": {"replicas": "two"}}, NODE).error == ""


def test_rules_are_checked_once_the_schema_holds() -> None:
    spec = {"model": "abc", "minReplicas": 5, "replicas": 1}
    assert lines({"spec": spec}) == ["spec: Invalid value: minReplicas must not exceed replicas"]
    assert lines({"spec": {**spec, "replicas": 9}}) == []


def test_rules_of_transition_need_an_old_object() -> None:
    rule = {"rule": "self == oldSelf", "message": "is fixed"}
    node = node_of_json_schema(
        {"type": "object", "properties": {"kept": {"type": "string", "x-kubernetes-validations": [rule]}}}
    )
    assert violations({"kept": "a"}, node) == []
    assert violations({"kept": "a"}, node, {"kept": "a"}) == []
    (refusal,) = violations({"kept": "b"}, node, {"kept": "a"})
    assert (refusal.field, refusal.message) == ("kept", 'Invalid value: "b": is fixed')


def test_a_rule_may_say_in_an_expression_what_is_wrong() -> None:
    rule = {"rule": "self.all(t, t.startsWith('x'))", "messageExpression": "'wants x: ' + self.join(',')"}
    plain = {"rule": "self.all(t, t.startsWith('x'))", "messageExpression": "self[7]", "message": "wants x"}
    schema = {"type": "array", "items": {"type": "string"}, "x-kubernetes-validations": [rule, plain]}
    node = node_of_json_schema({"type": "object", "properties": {"tags": schema}})
    assert [c.message for c in violations({"tags": ["a", "b"]}, node)] == [
        "Invalid value: wants x: a,b",
        "Invalid value: wants x",
    ]


def test_a_rule_that_cannot_be_asked_is_quoted() -> None:
    schema = {"type": "object", "x-kubernetes-validations": [{"rule": "self.a > 1"}]}
    (refusal,) = violations({}, node_of_json_schema(schema))
    assert refusal.message == 'Invalid value: "object": no such key: a evaluating rule: self.a > 1'


def test_a_default_that_is_empty_stays_in_the_definition() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}, "default": []}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "things", "kind": "Thing"}
    spec = {"group": "example.com", "scope": "Cluster", "names": names, "versions": [version]}
    kind = ("apiextensions.k8s.io", "v1", "CustomResourceDefinition")
    body = {"apiVersion": "apiextensions.k8s.io/v1", "kind": kind[2], "metadata": {"name": "a"}, "spec": spec}
    node = Schemas.for_version("1.36").node(*kind)
    assert node is not None
    assert decoded(body, node).value["spec"]["versions"][0]["schema"]["openAPIV3Schema"] == schema
