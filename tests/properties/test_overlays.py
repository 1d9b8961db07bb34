"""Overlays of whole platforms: laid over twice they are what they are once, and those of different keys may come in any order."""

from __future__ import annotations

import json
from typing import Any

from drawn import Draw, Section
from drawn_platforms import FILE, overlay, platforms, text_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wavetank.spec import load_text
from wavetank.spec.overlay import merged
from wavetank.spec.tree import Node, parse, plain

PROFILE = settings(
    deadline=None, derandomize=True, database=None, max_examples=40, suppress_health_check=list(HealthCheck)
)


@st.composite
def platforms_with_overlays(draw: Draw) -> tuple[Section, list[Section]]:
    document = draw(platforms())
    document.pop("environments", None)
    return document, [overlay(draw, document), overlay(draw, document)]


def tree(value: Any) -> Node:
    root, found = parse(json.dumps(value), "f.yaml")
    assert root is not None
    assert not found
    return root


def laid(base: Section, *overlays: Section) -> Any:
    found = tree(base)
    for each in overlays:
        found = merged(found, tree(each))
    return plain(found)


@PROFILE
@given(platforms_with_overlays())
def test_an_overlay_of_a_platform_applied_twice_equals_once(drawn: tuple[Section, list[Section]]) -> None:
    base, (one, other) = drawn
    assert laid(base, one, one) == laid(base, one)
    assert laid(base, one, other, other) == laid(base, one, other)


@PROFILE
@given(platforms_with_overlays())
def test_overlays_of_disjoint_keys_commute(drawn: tuple[Section, list[Section]]) -> None:
    base, (one, other) = drawn
    apart = {key: value for key, value in other.items() if key not in one}
    assert laid(base, one, apart) == laid(base, apart, one)


@PROFILE
@given(platforms_with_overlays())
def test_elements_of_different_names_commute(drawn: tuple[Section, list[Section]]) -> None:
    base, _ = drawn
    overlays = [
        {"workloads": [{"name": each["name"], "team": f"team-{at}"}]} for at, each in enumerate(base["workloads"])
    ]
    assert laid(base, *overlays) == laid(base, *reversed(overlays))


@PROFILE
@given(platforms_with_overlays())
def test_an_environment_is_the_file_that_its_overlay_makes(drawn: tuple[Section, list[Section]]) -> None:
    """Written out by hand, the platform of an environment is the same platform."""
    base, (one, _) = drawn
    by_overlay = load_text(text_of({**base, "environments": {"production": one}}), FILE)
    by_hand = load_text(text_of(json.loads(json.dumps(laid(base, one), default=float))), FILE)
    unsaid = {"environments": None}
    assert by_overlay.written.model_copy(update=unsaid) == by_hand.written.model_copy(update=unsaid)
