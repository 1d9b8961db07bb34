"""Nodes say how every field of every kind is typed and merged."""

from __future__ import annotations

import pytest

from wavetank.kube.kinds import BUILT_IN
from wavetank.kube.schema import Node, Schemas, at, node_of_json_schema

SCHEMAS = Schemas.for_version("1.36")


def kind(group: str, version: str, name: str) -> Node:
    node = SCHEMAS.node(group, version, name)
    assert node is not None
    return node


def below(node: Node, path: str) -> Node:
    found = at(node, path.split("."))
    assert found is not None, path
    return found


def test_every_built_in_kind_but_metrics_has_a_structure() -> None:
    missing = {r.key for r in BUILT_IN if SCHEMAS.node(r.group, r.version, r.kind) is None}
    assert missing == {"nodes.metrics.k8s.io", "pods.metrics.k8s.io"}


def test_types_that_are_not_json_types() -> None:
    deployment = kind("apps", "v1", "Deployment")
    assert below(deployment, "spec.strategy.rollingUpdate.maxSurge").type == "intOrString"
    assert below(deployment, "spec.template.spec.containers.*.resources.limits.*").type == "quantity"
    assert below(deployment, "metadata.creationTimestamp").type == "time"
    assert below(deployment, "spec.replicas").go_type == "int32"


def test_merge_rules_are_those_beside_the_field() -> None:
    pod = below(kind("", "v1", "Pod"), "spec")
    volumes = below(pod, "volumes")
    assert (volumes.patch_merge_key, volumes.patch_strategies) == ("name", frozenset({"merge", "retainKeys"}))
    ports = below(pod, "containers.*.ports")
    assert (ports.list_type, ports.list_map_keys) == ("map", ("containerPort", "protocol"))
    assert below(pod, "tolerations").list_type == "atomic"
    strategy = below(kind("apps", "v1", "Deployment"), "spec.strategy")
    assert strategy.patch_strategies == frozenset({"retainKeys"})
    assert "rollingUpdate" in strategy.fields
    assert below(kind("apps", "v1", "Deployment"), "spec.selector").map_type == "atomic"


def test_structures_that_contain_themselves_end() -> None:
    schema = below(
        kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition"), "spec.versions.*.schema.openAPIV3Schema"
    )
    assert below(schema, "properties.*.properties.*").struct == "JSONSchemaProps"


def test_a_minor_without_definitions_is_refused() -> None:
    with pytest.raises(KeyError):
        Schemas.for_version("1.2")


def test_every_supported_minor_can_be_read() -> None:
    for minor in ("1.31", "1.32", "1.33", "1.34", "1.35"):
        assert Schemas.for_version(minor).node("apps", "v1", "Deployment") is not None


def test_custom_schemas_become_nodes() -> None:
    node = node_of_json_schema(
        {
            "type": "object",
            "properties": {
                "spec": {
                    "type": "object",
                    "properties": {
                        "groups": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
                        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                        "amount": {"x-kubernetes-int-or-string": True},
                    },
                }
            },
        },
        below(kind("", "v1", "Pod"), "metadata"),
    )
    assert below(node, "spec.groups").list_type == "set"
    assert below(node, "spec.free").preserve_unknown
    assert below(node, "spec.amount").type == "intOrString"
    assert below(node, "metadata.labels.*").type == "string"
