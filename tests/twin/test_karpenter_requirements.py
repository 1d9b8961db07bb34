"""The algebra of labels: what a requirement allows, what two allow together, and the words for what cannot be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wavetank.twin.components.karpenter.requirements import Requirement, Requirements, of_labels, requirement

KEY = "karpenter.k8s.aws/instance-cpu"
VALUES = [str(n) for n in range(6)] + ["a", "b"]
SOME = st.lists(st.sampled_from(VALUES), min_size=1, max_size=4, unique=True)
#: The sets are small: few draws meet all that can happen.
FEW = settings(max_examples=50, deadline=None)
NUMBER = st.integers(0, 5).map(lambda n: [str(n)])


def anything() -> st.SearchStrategy[Requirement]:
    plain = st.tuples(st.sampled_from(["In", "NotIn"]), SOME)
    bare = st.tuples(st.sampled_from(["Exists", "DoesNotExist"]), st.just(list[str]()))
    bounds = st.tuples(st.sampled_from(["Gt", "Lt", "Gte", "Lte"]), NUMBER)
    return st.one_of(plain, bare, bounds).map(lambda pair: requirement(KEY, pair[0], pair[1]))


def allowed(one: Requirement) -> set[str]:
    return set(filter(one.has, VALUES))


@FEW
@given(anything(), anything())
def test_both_allow_what_each_allows(a: Requirement, b: Requirement) -> None:
    assert allowed(a & b) == allowed(a) & allowed(b)


@FEW
@given(anything(), anything())
def test_the_order_does_not_matter(a: Requirement, b: Requirement) -> None:
    assert a & b == b & a


@FEW
@given(anything(), anything(), anything())
def test_nor_does_the_grouping(a: Requirement, b: Requirement, c: Requirement) -> None:
    assert allowed((a & b) & c) == allowed(a & (b & c))


@FEW
@given(anything())
def test_twice_is_once_and_anything_changes_nothing(a: Requirement) -> None:
    assert a & a == a
    assert a & Requirement(KEY, complement=True) == a


@FEW
@given(anything(), anything())
def test_nothing_that_is_empty_becomes_possible_again(a: Requirement, b: Requirement) -> None:
    if a.is_empty:
        assert (a & b).is_empty


@FEW
@given(anything())
def test_what_is_written_on_a_claim_reads_the_same(a: Requirement) -> None:
    read = Requirements().plus(
        requirement(each["key"], each["operator"], each.get("values") or ()) for each in a.as_objects()
    )
    assert allowed(read[KEY]) == allowed(a)


@FEW
@given(st.lists(anything(), max_size=5))
def test_narrowing_only_takes_away(parts: list[Requirement]) -> None:
    whole = Requirements()
    for part in parts:
        narrower = whole.plus((part,))
        assert allowed(narrower.of(KEY)) <= allowed(whole.of(KEY))
        whole = narrower


def test_the_larger_minimum_of_values_counts() -> None:
    a, b = requirement("family", "Exists", (), 2), requirement("family", "In", ("m", "c", "r"), 3)
    assert (a & b).min_values == 3
    assert str(a & b) == "family In [c m r] minValues 3"


@pytest.mark.parametrize(
    ("operator", "values", "text"),
    [
        ("In", ["b", "a"], "key In [a b]"),
        ("NotIn", list("fedcba"), "key NotIn [a b c d e and 1 others]"),
        ("Gt", ["4"], "key Exists >4"),
        ("Gte", ["4"], "key Exists >3"),
        ("Lt", ["4"], "key Exists <4"),
        ("Lte", ["4"], "key Exists <5"),
        ("DoesNotExist", [], "key DoesNotExist"),
    ],
)
def test_requirements_are_printed_as_karpenter_prints_them(operator: str, values: list[str], text: str) -> None:
    assert str(requirement("key", operator, values)) == text


def test_labels_of_older_releases_mean_those_of_today() -> None:
    assert requirement("failure-domain.beta.kubernetes.io/zone", "In", ("a",)).key == "topology.kubernetes.io/zone"


def test_a_new_node_may_get_well_known_labels_but_no_others() -> None:
    pool = of_labels({"karpenter.sh/nodepool": "default"})
    of_zone = of_labels({"topology.kubernetes.io/zone": "us-west-2a"})
    of_team = of_labels({"team": "blue"})
    assert pool.incompatibility(of_zone, of_new_node=True) == ""
    assert pool.incompatibility(of_team, of_new_node=True) == 'label "team" does not have known values'
    assert pool.incompatibility(of_zone, of_new_node=False) == (
        'label "topology.kubernetes.io/zone" does not have known values'
    )
    absent = Requirements().plus((requirement("team", "NotIn", ("red",)),))
    assert pool.incompatibility(absent, of_new_node=False) == ""


def test_a_contradiction_names_both_sides() -> None:
    pool, pod = of_labels({"kubernetes.io/arch": "amd64"}), of_labels({"kubernetes.io/arch": "arm64"})
    assert pool.conflict(pod) == (
        "key kubernetes.io/arch, kubernetes.io/arch In [arm64] not in kubernetes.io/arch In [amd64]"
    )
    nowhere = Requirements().plus((requirement("gpu", "DoesNotExist"),))
    assert nowhere.conflict(Requirements().plus((requirement("gpu", "NotIn", ("a10g",)),))) == ""
