"""How many pods a Deployment may add and remove at a time."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from wavetank.twin.controllers.rolling import (
    Limits,
    Size,
    is_saturated,
    limits_of,
    next_new_size,
    old_sizes,
    proportional_sizes,
)

VECTORS = [(1, 0), (1, 0), (1, 0), (1, 1), (2, 1), (2, 1), (2, 1), (2, 2), (3, 2), (3, 2)]
LIMITS = st.builds(
    lambda replicas, surge, unavailable: limits_of(replicas, "RollingUpdate", f"{surge}%", f"{unavailable}%"),
    st.integers(1, 60),
    st.integers(0, 100),
    st.integers(0, 100),
)


@pytest.mark.parametrize(("replicas", "expected"), list(enumerate(VECTORS, 1)))
def test_a_quarter_rounds_up_for_surge_and_down_for_unavailable(replicas: int, expected: tuple[int, int]) -> None:
    limits = limits_of(replicas, "RollingUpdate", "25%", "25%")
    assert (limits.max_surge, limits.max_unavailable) == expected


def test_neither_surge_nor_unavailable_means_one_unavailable() -> None:
    assert limits_of(3, "RollingUpdate", 0, 0) == Limits(3, 0, 1)


@given(LIMITS, st.integers(0, 80), st.integers(0, 80))
def test_growing_never_exceeds_the_surge(limits: Limits, new: int, old: int) -> None:
    new = min(new, limits.replicas)
    grown = next_new_size(new, new + old, limits, "RollingUpdate")
    assert grown >= new
    assert grown + old <= max(limits.max_total, new + old)


@given(LIMITS, st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=4), st.integers(0, 60))
def test_shrinking_keeps_enough_available(limits: Limits, old: list[tuple[int, int]], available: int) -> None:
    sizes = [Size(f"old-{i}", n, min(n, a), created=str(i)) for i, (n, a) in enumerate(old)]
    new = Size("new", limits.replicas, min(available, limits.replicas))
    before = sum(s.available for s in sizes) + new.available
    after = old_sizes(sizes, new, limits)
    left = sum(min(s.available, after.get(s.name, s.replicas)) for s in sizes) + new.available
    assert all(after[s.name] <= s.replicas for s in sizes if s.name in after)
    assert left >= min(before, limits.min_available)


def test_unhealthy_pods_go_before_healthy_ones() -> None:
    limits = Limits(10, 3, 2)
    old = [Size("a", 5, 5, created="1"), Size("b", 5, 2, created="2")]
    assert old_sizes(old, Size("new", 3, 0), limits) == {"b": 3}


def test_scaling_up_midway_is_shared_in_proportion() -> None:
    sizes = [Size("old", 8, max_replicas=13, created="1"), Size("new", 5, max_replicas=13, created="2")]
    limits = Limits(16, 5, 3)
    assert proportional_sizes(sizes, limits, 13) == {"old": 13, "new": 8}


@given(LIMITS, st.lists(st.integers(1, 30), min_size=2, max_size=4))
def test_growing_in_proportion_ends_at_the_allowed_total(limits: Limits, replicas: list[int]) -> None:
    total = sum(replicas)
    assume(limits.max_total >= total)
    sizes = [Size(f"rs-{i}", n, max_replicas=total, created=str(i)) for i, n in enumerate(replicas)]
    assert sum(proportional_sizes(sizes, limits, total).values()) == limits.max_total


def test_a_deployment_that_is_all_new_is_saturated() -> None:
    assert is_saturated(Size("new", 3, 3, desired=3), 3)
    assert not is_saturated(Size("new", 3, 2, desired=3), 3)
    assert not is_saturated(None, 3)
