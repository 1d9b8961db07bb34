"""Label and field selectors: what they match, and the server's words for what they cannot be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.kube.errors import ApiError
from wavetank.kube.field_selectors import parse_field_selector, selectors_of_query
from wavetank.kube.label_syntax import label_value_problems, qualified_name_problems
from wavetank.kube.selectors import InvalidSelectorError, LabelSelector, parse_label_selector
from wavetank.kube.types import Resource

PODS = Resource("", "v1", "Pod", "pods", "pod", True)
CONFIG_MAPS = Resource("", "v1", "ConfigMap", "configmaps", "configmap", True)
CUSTOM = Resource("rec.example.com", "v1", "InferenceService", "inferenceservices", "inferenceservice", True)


@pytest.mark.parametrize(
    ("text", "labels", "matches"),
    [
        ("", {}, True),
        ("app=a", {"app": "a"}, True),
        ("app==a", {"app": "b"}, False),
        ("app!=a", {}, True),
        ("app in (a, b),env", {"app": "b", "env": ""}, True),
        ("env notin (prod)", {}, True),
        ("env notin (prod)", {"env": "prod"}, False),
        ("!env", {"env": "x"}, False),
        ("! env", {}, True),
        ("size>3,size<5", {"size": "4"}, True),
        ("size>3", {"size": "many"}, False),
        ("app in ()", {"app": ""}, True),
        ("app in (,a)", {"app": ""}, True),
        ("app=", {"app": ""}, True),
        ("in in (in)", {"in": "in"}, True),
        ("kubernetes.io/os=linux", {"kubernetes.io/os": "linux"}, True),
    ],
)
def test_a_query_selects_by_labels(text: str, labels: dict[str, str], matches: bool) -> None:
    assert parse_label_selector(text).matches(labels) is matches


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("app in backend", "unable to parse requirement: found 'backend' expected: '('"),
        ("app=,", "found '', expected: identifier after ','"),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("(", "found '(', expected: !, identifier, or 'end of string'"),
    ],
)
def test_a_query_that_cannot_be_read_says_where(text: str, message: str) -> None:
    with pytest.raises(InvalidSelectorError) as caught:
        parse_label_selector(text)
    assert str(caught.value) == message


def test_a_bad_value_names_its_place() -> None:
    with pytest.raises(
        InvalidSelectorError, match=r'^unable to parse requirement: values\[0\]\[a\]: Invalid value: "-b"'
    ):
        parse_label_selector("a=-b")


def test_no_selector_selects_nothing_and_an_empty_one_everything() -> None:
    assert not LabelSelector.from_object(None).matches({"a": "b"})
    assert LabelSelector.from_object({}).matches({"a": "b"})
    assert LabelSelector.from_map(None).matches({})
    assert not LabelSelector.from_node_expressions([]).matches({})


def test_expressions_of_an_object_are_all_required() -> None:
    expressions = [{"key": "b", "operator": "In", "values": ["y", "x"]}, {"key": "c", "operator": "DoesNotExist"}]
    selector = LabelSelector.from_object({"matchLabels": {"a": "1"}, "matchExpressions": expressions})
    assert str(selector) == "a=1,b in (x,y),!c"
    assert selector.matches({"a": "1", "b": "x"})
    assert not selector.matches({"a": "1", "b": "x", "c": ""})
    with pytest.raises(InvalidSelectorError, match='"Near" is not a valid label selector operator'):
        LabelSelector.from_object({"matchExpressions": [{"key": "a", "operator": "Near"}]})


KEYS, VALUES = st.sampled_from("abc"), st.sampled_from(("x", "y", "1", "2"))
LABELS = st.dictionaries(KEYS, VALUES)


@given(KEYS, st.lists(VALUES, min_size=1, max_size=3), LABELS)
def test_every_operator_and_its_opposite_split_the_world(key: str, values: list[str], labels: dict[str, str]) -> None:
    listed = ",".join(values)
    for positive, negative in (
        (f"{key} in ({listed})", f"{key} notin ({listed})"),
        (key, f"!{key}"),
        (f"{key}=x", f"{key}!=x"),
    ):
        assert parse_label_selector(positive).matches(labels) != parse_label_selector(negative).matches(labels)


@given(LABELS, LABELS)
def test_a_conjunction_selects_what_both_parts_select(a: dict[str, str], labels: dict[str, str]) -> None:
    parts = [f"{k}={v}" for k, v in a.items()]
    both = parse_label_selector(",".join(parts))
    assert both.matches(labels) == all(parse_label_selector(p).matches(labels) for p in parts)
    assert both == LabelSelector.from_object({"matchLabels": a}) == parse_label_selector(str(both))


def test_label_syntax_is_judged_in_kubernetes_words() -> None:
    assert qualified_name_problems("example.com/MyName") == []
    assert qualified_name_problems("/x") == ["prefix part must be non-empty"]
    assert qualified_name_problems("a" * 64) == ["name part must be no more than 63 bytes"]
    assert qualified_name_problems("bad key")[0].startswith("name part must consist of alphanumeric characters")
    assert label_value_problems("") == []
    assert label_value_problems("x y")[0].startswith("a valid label must be an empty string or consist of")


POD: dict[str, Any] = {
    "metadata": {"name": "p", "namespace": "ns"},
    "spec": {"nodeName": "n", "restartPolicy": "Always"},
    "status": {"phase": "Running"},
}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("metadata.name=p,metadata.namespace==ns", True),
        ("status.phase!=Running", False),
        ("spec.nodeName=", False),
        ("spec.nodeName=n", True),
        ("spec.hostNetwork=false", True),
        ("status.phase!=Running,metadata.name!=nothing", False),
    ],
)
def test_a_query_selects_by_fields(text: str, matches: bool) -> None:
    assert parse_field_selector(text, PODS).matches(POD) is matches


def test_a_store_can_ask_for_the_required_name() -> None:
    assert parse_field_selector("metadata.name=p", PODS).required("metadata.name") == "p"
    assert parse_field_selector("metadata.name!=p", PODS).required("metadata.name") is None


@pytest.mark.parametrize(
    ("resource", "labels", "fields", "why"),
    [
        (PODS, "", "spec.containers=x", "field label not supported: spec.containers"),
        (
            CONFIG_MAPS,
            "",
            "data=x",
            '"data" is not a known field selector: only "metadata.name", "metadata.namespace"',
        ),
        (CUSTOM, "", "spec.model=churn-v3", "field label not supported: spec.model"),
        (PODS, "app=,", "", "found '', expected: identifier after ','"),
        (PODS, "", "junk", "invalid selector: 'junk'; can't understand 'junk'"),
    ],
)
def test_an_unusable_query_is_a_400_that_repeats_it(resource: Resource, labels: str, fields: str, why: str) -> None:
    with pytest.raises(ApiError) as caught:
        selectors_of_query(resource, labels, fields)
    assert (caught.value.code, caught.value.reason) == (400, "BadRequest")
    place = f"{resource.group}/{resource.version}, Resource={resource.plural}"
    assert caught.value.message == (
        f'Unable to find "{place}" that match label selector "{labels}", field selector "{fields}": {why}'
    )


def test_a_custom_resource_is_selected_by_the_fields_it_declares() -> None:
    selector = parse_field_selector("spec.color=red", CUSTOM, [".spec.color"])
    assert selector.matches({"spec": {"color": "red"}})
    assert not selector.matches({"spec": {}})


def test_values_escape_commas_and_equal_signs() -> None:
    assert parse_field_selector(r"metadata.name=a\,b\=c", PODS).required("metadata.name") == "a,b=c"
