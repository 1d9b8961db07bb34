"""Whatever a well-typed object says, it is read, filled in and judged without an accident."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wavetank.kube.decoding import decoded
from wavetank.kube.defaults import defaulted
from wavetank.kube.kinds import BUILT_IN
from wavetank.kube.schema import Node, Schemas
from wavetank.kube.types import Obj, Resource
from wavetank.kube.validation import validate_create, validate_update

SCHEMAS = Schemas.for_version("1.36")
KINDS = [r for r in BUILT_IN if "update" in r.verbs]
TEXTS = [
    "",
    "a",
    "app",
    "A b",
    "Always",
    "Never",
    "RollingUpdate",
    "x" * 70,
    "é",
    "10.0.0.0/8",
    "a/b",
    "0 * * * *",
    "50%",
]
MAX_DEPTH = 9


def value_of(node: Node, randomness: Random, depth: int) -> Any:
    """A random value that a node can hold."""
    match node.type:
        case "object" if node.additional is not None:
            keys = randomness.sample(TEXTS, randomness.randint(0, 2))
            return {key: value_of(node.additional, randomness, depth + 1) for key in keys}
        case "object":
            likely = 0.0 if depth > MAX_DEPTH else 0.8 if depth < 4 else 0.4
            chosen = [key for key in node.fields if key in node.required or randomness.random() < likely]
            return {key: value_of(node.fields[key], randomness, depth + 1) for key in chosen}
        case "array":
            assert node.items is not None
            count = 0 if depth > MAX_DEPTH else randomness.randint(0, 2)
            return [value_of(node.items, randomness, depth + 1) for _ in range(count)]
        case "string":
            return randomness.choice(TEXTS)
        case "bytes":
            return randomness.choice(["", "YQ=="])
        case "boolean":
            return randomness.random() < 0.5
        case "integer":
            return randomness.choice([-1, 0, 1, 80, 2**31 - 1])
        case "number":
            return randomness.choice([0, 1.5])
        case "quantity":
            return randomness.choice(["0", "100m", "1", "1Gi", "-1", "0.1m"])
        case "intOrString":
            return randomness.choice([0, 1, "25%", "http"])
        case "time" | "microTime":
            return "2026-01-01T00:00:00Z"
        case _:
            return {"a": 1}


def an_object(resource: Resource, randomness: Random) -> Obj:
    node = SCHEMAS.node(resource.group, resource.version, resource.kind)
    assert node is not None
    body = {**value_of(node, randomness, 0), "apiVersion": resource.api_version, "kind": resource.kind}
    body["metadata"] = {**body.get("metadata", {}), "name": "x"}
    read = decoded(body, node)
    assert (read.error, read.unknown_fields) == ("", ())
    made = defaulted(read.value, resource)
    assert decoded(made, node).unknown_fields == ()
    return made


@pytest.mark.parametrize("resource", KINDS, ids=lambda r: f"{r.kind}.{r.version}")
@settings(max_examples=10, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_any_object_is_judged(resource: Resource, seed: int) -> None:
    # Objects are too large for hypothesis to draw and shrink piece by piece: it draws the seed.
    randomness = Random(seed)
    first, second = an_object(resource, randomness), an_object(resource, randomness)
    for cause in [*validate_create(first, resource), *validate_update(second, first, resource)]:
        assert cause.message
        assert cause.field
    assert defaulted(first, resource) == first
