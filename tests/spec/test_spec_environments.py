"""Environments overlay the base: merging is idempotent, disjoint overlays commute, values keep the place they come from."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st
from platform_texts import MINIMAL, platform, problems

from wavetank.spec.overlay import merged
from wavetank.spec.tree import Node, parse, plain

WORDS = st.sampled_from(["a", "b", "c", "d", "e"])
SCALARS = st.one_of(st.integers(0, 9), st.booleans(), WORDS, st.none())


def _named(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists of things with names of their own."""
    settings = st.dictionaries(WORDS, values, max_size=3)
    return st.dictionaries(WORDS, settings, max_size=3).map(
        lambda things: [{"name": name, **setting} for name, setting in things.items()]
    )


VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.dictionaries(WORDS, inner, max_size=3), st.lists(inner, max_size=3), _named(inner)),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(WORDS, VALUES, max_size=4)


def tree(value: Any) -> Node:
    root, found = parse(yaml.safe_dump(value), "f.yaml")
    assert root is not None
    assert not found
    return root


@given(DOCUMENTS, DOCUMENTS)
def test_the_same_overlay_twice_changes_nothing_more(base: Any, overlay: Any) -> None:
    once = merged(tree(base), tree(overlay))
    assert plain(merged(once, tree(overlay))) == plain(once)


@given(DOCUMENTS, VALUES, VALUES)
def test_overlays_of_different_parts_commute(base: Any, left: Any, right: Any) -> None:
    one, other = tree({"left": left}), tree({"right": right})
    assert plain(merged(merged(tree(base), one), other)) == plain(merged(merged(tree(base), other), one))


@given(DOCUMENTS)
def test_an_empty_overlay_changes_nothing(base: Any) -> None:
    assert plain(merged(tree(base), tree({}))) == plain(tree(base))


def test_maps_merge_named_lists_merge_by_name_and_null_removes() -> None:
    base = {"zones": ["a", "b"], "groups": [{"name": "x", "min": 1, "disk": 20}, {"name": "y"}], "logs": {"days": 7}}
    overlay = {
        "zones": ["c"],
        "groups": [{"name": "y", "min": 3}, {"name": "x", "disk": None}, {"name": "z"}],
        "logs": None,
    }
    assert plain(merged(tree(base), tree(overlay))) == {
        "zones": ["c"],
        "groups": [{"name": "x", "min": 1}, {"name": "y", "min": 3}, {"name": "z"}],
    }


def test_an_overlay_takes_an_element_out_of_a_list() -> None:
    base = {"addOns": ["a", {"name": "b", "version": 1}]}
    overlay = {"addOns": [{"name": "a", "remove": True}]}
    assert plain(merged(tree(base), tree(overlay))) == {"addOns": [{"name": "b", "version": 1}]}


ENVIRONMENTS = (
    MINIMAL
    + """\
environments:
  production:
    nodeGroups:
      - name: general
        maxSize: 5
  dev:
"""
)


def test_an_overridden_value_is_placed_where_the_environment_says_it() -> None:
    production, dev = platform(ENVIRONMENTS, "production"), platform(ENVIRONMENTS, "dev")
    assert (production.written.node_groups[0].max_size, dev.written.node_groups[0].max_size) == (5, 3)
    assert production.place("nodeGroups", "general", "maxSize").line == 22
    assert production.place("nodeGroups", "general", "minSize").line == 7
    assert dev.place("nodeGroups", "general", "maxSize").line == 8


def test_an_unknown_environment_names_the_known_ones() -> None:
    (problem,) = problems(ENVIRONMENTS, "prod")
    assert (problem.message, problem.remedy) == ('there is no environment "prod"', 'Did you mean "production"?')
    (problem,) = problems(MINIMAL, "dev")
    assert problem.remedy == "Known: production."


def test_mistakes_of_other_environments_are_found_too() -> None:
    (problem,) = problems(ENVIRONMENTS.replace("maxSize: 5", "maxSize: none"), "dev")
    assert (problem.line, problem.message) == (
        22,
        'maxSize: expected a whole number, found "none" (environment production)',
    )


def test_a_mistake_of_the_base_is_reported_once() -> None:
    assert len(problems(ENVIRONMENTS.replace("region: ap", "region: up"))) == 1
