"""Differences of objects: what is one thing, and which of its fields differ."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wavetank.render.difference import FieldChange, changes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)


def fields(old: Any, new: Any) -> tuple[FieldChange, ...]:
    (change,) = changes({"x": old}, {"x": new})
    return change.fields


def test_things_are_told_apart_by_name() -> None:
    found = changes({"a": 1, "b": {"x": 1}, "c": 3}, {"b": {"x": 2}, "c": 3, "d": 4})
    assert [(change.name, change.change) for change in found] == [("a", "removed"), ("b", "changed"), ("d", "added")]


def test_a_field_is_named_by_its_path() -> None:
    old = {"spec": {"containers": [{"name": "a", "image": "a:1"}, {"name": "b"}], "labels": {"x/y": "1"}}}
    new = {"spec": {"containers": [{"name": "b"}, {"name": "a", "image": "a:2"}], "labels": {"x/y": "2"}}}
    assert [(field.path, field.old, field.new) for field in fields(old, new)] == [
        ("spec.containers[a].image", "a:1", "a:2"),
        ("spec.labels[x/y]", "1", "2"),
    ]


def test_what_one_side_lacks_is_added_or_removed() -> None:
    found = fields({"a": 1, "list": [{"name": "x"}]}, {"b": 2, "list": [{"name": "y"}]})
    assert [(field.path, field.change) for field in found] == [
        ("a", "removed"),
        ("list[x]", "removed"),
        ("list[y]", "added"),
        ("b", "added"),
    ]


def test_lists_without_names_are_compared_by_place_or_as_a_whole() -> None:
    assert [field.path for field in fields({"a": [1, 2]}, {"a": [1, 3]})] == ["a[1]"]
    assert [field.path for field in fields({"a": [1, 2]}, {"a": [1]})] == ["a"]


@given(JSON, JSON)
def test_there_is_a_difference_exactly_where_values_differ(old: Any, new: Any) -> None:
    assert bool(changes({"x": old}, {"x": new})) == (old != new)
    assert changes({"x": old}, {"x": old}) == ()
