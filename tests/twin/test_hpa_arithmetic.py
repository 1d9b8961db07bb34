"""Replicas from metrics, and the limits on how fast they may change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.twin.controllers.hpa_limits import Memory, Range, down_limit, up_limit, with_behavior, without_behavior
from wavetank.twin.controllers.hpa_replicas import Grouped, Tolerance, by_average, by_utilization, by_value, utilization

NEAR = Tolerance(0.1, 0.1)
DEFAULT_UP = {"policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}], "stabilizationWindowSeconds": 0}


def ready(*names: str) -> Grouped:
    return Grouped(frozenset(names), frozenset(), frozenset())


@pytest.mark.parametrize(
    ("usage", "current", "expected"),
    [
        ([800, 900, 1000], 3, (6, 90)),
        ([540] * 4, 4, (4, 54)),
        ([559] * 4, 4, (4, 55)),
        ([560] * 4, 4, (5, 56)),
    ],
)
def test_utilization_is_a_whole_percentage(usage: list[int], current: int, expected: tuple[int, int]) -> None:
    values = {f"p{i}": milli for i, milli in enumerate(usage)}
    requests = dict.fromkeys(values, 1000)
    assert by_utilization(current, 50, values, ready(*values), requests, NEAR) == expected


def test_pods_without_metrics_damp_growth() -> None:
    groups = Grouped(frozenset({"a"}), frozenset(), frozenset({"b"}))
    requests = {"a": 1000, "b": 1000}
    assert by_utilization(2, 50, {"a": 1500}, groups, requests, NEAR)[0] == 3


def test_pods_that_start_count_as_idle_when_growing() -> None:
    groups = Grouped(frozenset({"a"}), frozenset({"b", "c"}), frozenset())
    assert by_average(3, 100, {"a": 900}, groups, NEAR)[0] == 9
    assert by_average(3, 100, {"a": 250}, groups, NEAR)[0] == 3


def test_a_direction_that_flips_changes_nothing() -> None:
    groups = Grouped(frozenset({"a"}), frozenset(), frozenset({"b", "c"}))
    assert by_average(3, 100, {"a": 150}, groups, NEAR)[0] == 3


def test_a_shared_value_scales_the_ready_pods() -> None:
    assert by_value(4, 20, 10, ready_pods=2, near=NEAR) == 4
    assert by_value(0, 25, 10, ready_pods=0, near=NEAR) == 3


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=20))
def test_utilization_rounds_down(usage: list[int]) -> None:
    values = {f"p{i}": milli for i, milli in enumerate(usage)}
    assert utilization(values, dict.fromkeys(values, 1000)) == sum(usage) // (10 * len(usage))


def test_without_behavior_size_doubles_at_most_but_may_reach_four() -> None:
    allowed = Range(1, 100)
    assert without_behavior(1, 50, allowed, Memory(), 0, 300).replicas == 4
    fast = without_behavior(10, 50, allowed, Memory(), 0, 300)
    assert (fast.replicas, fast.limited[1]) == (20, "ScaleUpLimit")


def test_a_high_proposal_is_remembered_for_the_window() -> None:
    memory, allowed = Memory([(0.0, 8)]), Range(1, 100)
    assert without_behavior(8, 2, allowed, memory, 299, 300).replicas == 8
    assert without_behavior(8, 2, allowed, memory, 301, 300).replicas == 2


def test_policies_look_at_changes_in_their_period() -> None:
    memory = Memory(ups=[(10.0, 4)])
    assert up_limit(8, memory, 20.0, DEFAULT_UP) == 8
    assert up_limit(8, memory, 26.0, DEFAULT_UP) == 12
    percent = {"policies": [{"type": "Percent", "value": 10, "periodSeconds": 60}]}
    assert up_limit(15, Memory(), 0, percent) == 17
    assert down_limit(15, Memory(), 0, percent) == 13
    assert down_limit(15, Memory(), 0, {**percent, "selectPolicy": "Disabled"}) == 15


@given(st.integers(1, 50), st.integers(0, 200), st.integers(1, 20), st.integers(20, 100))
def test_the_result_stays_within_the_allowed_range(current: int, proposal: int, least: int, most: int) -> None:
    allowed = Range(least, most)
    down = {"policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}], "stabilizationWindowSeconds": 300}
    behavior = {"scaleUp": DEFAULT_UP, "scaleDown": down}
    inside = min(max(current, least), most)
    for result in (
        without_behavior(inside, proposal, allowed, Memory(), 0, 300),
        with_behavior(inside, proposal, allowed, Memory(), 0, behavior),
    ):
        assert least <= result.replicas <= most
