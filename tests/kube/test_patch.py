"""JSON patch and JSON merge patch, with the server's refusals."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.kube.errors import ApiError
from wavetank.kube.patch import json_patch, merge_patch, require_object

DOCUMENT: dict[str, Any] = {"spec": {"replicas": 1, "list": ["a", "b"]}, "metadata": {"labels": {"a/b": "x"}}}


@pytest.mark.parametrize(
    ("operation", "path", "expected"),
    [
        ({"op": "replace", "path": "/spec/replicas", "value": 2}, ("spec", "replicas"), 2),
        ({"op": "add", "path": "/spec/list/-", "value": "c"}, ("spec", "list"), ["a", "b", "c"]),
        ({"op": "add", "path": "/spec/list/0", "value": "c"}, ("spec", "list"), ["c", "a", "b"]),
        ({"op": "remove", "path": "/spec/list/-1"}, ("spec", "list"), ["a"]),
        ({"op": "replace", "path": "/spec/list/1", "value": "z"}, ("spec", "list"), ["a", "z"]),
        ({"op": "remove", "path": "/metadata/labels/a~1b"}, ("metadata", "labels"), {}),
        ({"op": "copy", "from": "/spec/list/0", "path": "/metadata/first"}, ("metadata", "first"), "a"),
        ({"op": "move", "from": "/spec/list", "path": "/metadata/list"}, ("metadata", "list"), ["a", "b"]),
        ({"op": "test", "path": "/spec/replicas", "value": 1}, ("spec", "replicas"), 1),
        ({"op": "test", "path": "/spec/none", "value": None}, ("spec", "replicas"), 1),
    ],
)
def test_an_operation_changes_its_place_only(operation: dict[str, Any], path: tuple[str, str], expected: Any) -> None:
    before = copy.deepcopy(DOCUMENT)
    assert json_patch(DOCUMENT, [operation])[path[0]][path[1]] == expected
    assert before == DOCUMENT


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/spec/replicas", "value": 9},
        {"op": "test", "path": "/spec/replicas", "value": True},
        {"op": "remove", "path": "/metadata/labels/nope"},
        {"op": "replace", "path": "/spec/nope", "value": 1},
        {"op": "add", "path": "/nope/deep", "value": 1},
        {"op": "add", "path": "/spec/list/7", "value": 1},
        {"op": "bogus", "path": "/x"},
        {"op": "add", "path": "/x"},
        {"op": "remove"},
    ],
)
def test_an_operation_that_does_not_fit_is_a_422(operation: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as caught:
        json_patch(DOCUMENT, [operation])
    assert (caught.value.code, caught.value.reason) == (422, "Invalid")
    assert caught.value.message == "the server rejected our request due to an error in our request"


def test_a_json_patch_must_be_a_list() -> None:
    with pytest.raises(ApiError) as caught:
        json_patch(DOCUMENT, {"spec": 1})
    assert caught.value.code == 400
    assert caught.value.message == (
        "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
    )
    with pytest.raises(ApiError) as caught:
        json_patch(DOCUMENT, [{}] * 10001)
    assert caught.value.code == 413


def test_a_merge_patch_must_be_an_object() -> None:
    with pytest.raises(ApiError) as caught:
        require_object("text")
    assert "cannot unmarshal string into Go value of type map[string]interface {}" in caught.value.message


def test_a_merge_patch_removes_with_null_and_replaces_lists() -> None:
    patched = merge_patch(DOCUMENT, {"spec": {"list": ["c"], "replicas": None, "new": {"a": 1, "b": None}}})
    assert patched["spec"] == {"list": ["c"], "new": {"a": 1}}
    assert patched["metadata"] is DOCUMENT["metadata"]


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner), max_leaves=8
)


@given(JSON, JSON)
def test_merging_twice_is_merging_once(document: Any, patch: Any) -> None:
    once = merge_patch(document, patch)
    assert merge_patch(once, patch) == once


@given(JSON)
def test_an_empty_merge_patch_changes_no_object(document: Any) -> None:
    assert merge_patch(document, {}) == (document if isinstance(document, dict) else {})
