"""YAML that every reader takes for what was meant."""

from __future__ import annotations

from typing import Any

import pytest
import yaml as pyyaml
from hypothesis import example, given
from hypothesis import strategies as st

from wavetank.render import yaml
from wavetank.render.trace import Traced, bare, tree

texts = st.text(st.characters(codec="utf-8"), max_size=30)
scalars = st.none() | st.booleans() | st.integers() | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=15
)


def text(item: Any) -> str:
    return "".join(f"{line.text}\n" for line in yaml.documents([item]))


@given(values)
@example("a\nb")
@example({"a": "x\n\n  y\n", "b": "trailing \nspace", "c": "\n", "d": "x\n\n"})
@example(["- x", "# y", "a #b", "a: b", "a:", "-", "--", "---", "? x", "&a", "*b", "!c", "%d", "@e", "`f", "'", '"'])
@example(["1e3", "0x1F", "0o17", "017", "1_000", "12:30:45", "2026-01-01", ".5", "+1", ".inf", ".NaN", "~", "", " "])
def test_what_is_written_reads_back_as_the_same_value(value: Any) -> None:
    assert pyyaml.safe_load(text(value)) == value


@given(st.lists(st.dictionaries(texts, values, min_size=1, max_size=4), max_size=4))
def test_several_documents_stay_apart(items: list[dict[str, Any]]) -> None:
    source = "".join(f"{line.text}\n" for line in yaml.documents(items))
    assert list(pyyaml.safe_load_all(source)) == items


@pytest.mark.parametrize(
    "word", ["yes", "No", "ON", "off", "y", "N", "true", "False", "null", "~", "1e3", "0o17", "1", "08"]
)
def test_strings_that_yaml_reads_as_something_else_are_quoted(word: str) -> None:
    assert yaml.scalar(word) == f'"{word}"'


@pytest.mark.parametrize(
    "word",
    [
        "250m",
        "512Mi",
        "10.0.0.0/16",
        "arn:aws:iam::1:role/x",
        "http",
        "app.kubernetes.io/name",
        "--port",
        "a b",
        "100m-x",
    ],
)
def test_ordinary_strings_of_manifests_stay_bare(word: str) -> None:
    assert yaml.scalar(word) == word


def test_an_object_begins_with_what_it_is() -> None:
    manifest = {"data": {"z": "1", "a": "2"}, "metadata": {"name": "x"}, "kind": "ConfigMap", "apiVersion": "v1"}
    assert list(pyyaml.safe_load(text(manifest))) == ["apiVersion", "kind", "metadata", "data"]
    assert text(manifest).index("  z:") < text(manifest).index("  a:")


def test_comments_stand_above_what_they_explain_and_are_no_content() -> None:
    value = {"list": [Traced({"a": Traced(1, "p", "why one")}, "q", "an element")], "key": Traced("x", "r", "why x")}
    assert text(value).splitlines() == ["list:", "# an element", "# why one", "- a: 1", "# why x", "key: x"]
    assert pyyaml.safe_load(text(value)) == bare(value)


def test_every_line_carries_the_path_of_its_value() -> None:
    lines = yaml.document(tree({"env": [{"name": "LOG", "value": "on"}], "text": "a\nb\n"}, "c"))
    assert [(line.text, line.path) for line in lines] == [
        ("env:", "c.env"),
        ("- name: LOG", "c.env[LOG].name"),
        ('  value: "on"', "c.env[LOG].value"),
        ("text: |", "c.text"),
        ("  a", "c.text"),
        ("  b", "c.text"),
    ]
