"""The example's bill follows its platform: more of anything never costs less, and every line says what causes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wavetank.catalog import HOURS_PER_MONTH
from wavetank.cost import Bill, Range, bill
from wavetank.plan import plan
from wavetank.plan.model import Plan
from wavetank.spec import load

EXAMPLE = Path(__file__).parents[2] / "examples" / "ml-inference" / "platform.yaml"
ON = date(2026, 11, 21)
rates = st.decimals(min_value=0, max_value=5_000, places=1)


@cache
def example(environment: str = "production") -> Plan:
    return plan(load(EXAMPLE, environment))


def with_traffic(mean: Decimal, peak: Decimal) -> Bill:
    platform = example()
    traffic = replace(platform.traffic, requests_per_second=mean, peak_requests_per_second=peak)
    return bill(replace(platform, traffic=traffic), ON)


def no_more(less: Range, more: Range) -> bool:
    return less.floor <= more.floor and less.expected <= more.expected and less.ceiling <= more.ceiling


@given(rates, rates, rates)
@settings(max_examples=40, deadline=None)
def test_more_traffic_never_costs_less(a: Decimal, b: Decimal, over: Decimal) -> None:
    less, more = sorted((a, b))
    peak = more + over
    assert with_traffic(less, peak).total.expected <= with_traffic(more, peak).total.expected
    assert with_traffic(more, more).total.ceiling <= with_traffic(more, peak).total.ceiling


@given(
    st.integers(min_value=0, max_value=6), st.integers(min_value=0, max_value=6), st.integers(min_value=0, max_value=6)
)
@settings(max_examples=40, deadline=None)
def test_more_nodes_never_cost_less(least: int, desired_more: int, most_more: int) -> None:
    def total(extra: int) -> Range:
        (group,) = example().node_groups
        sizes = (least, least + desired_more + extra, least + desired_more + extra + most_more)
        grown = replace(group, min_size=sizes[0], desired_size=sizes[1], max_size=max(1, sizes[2]))
        return bill(replace(example(), node_groups=(grown,)), ON).total

    assert no_more(total(0), total(1))


@given(rates, rates)
@settings(max_examples=40, deadline=None)
def test_every_bill_adds_up_by_line_and_by_component(mean: Decimal, over: Decimal) -> None:
    made = with_traffic(mean, mean + over)
    by_line = sum((line.amount.expected for line in made.lines if line.amount), Decimal(0))
    by_component = sum((part.expected for part in made.by_component().values()), Decimal(0))
    assert made.total.expected == by_line == by_component
    assert made.total.expected == made.total.expected.quantize(Decimal("0.01"))


@pytest.mark.parametrize("environment", ["dev", "production"])
def test_every_line_says_where_its_quantity_comes_from_and_which_plan_value_causes_it(environment: str) -> None:
    for line in bill(example(environment), ON).lines:
        assert line.reading.how
        assert line.reading.unit
        assert example(environment).place(line.reading.path) or line.reading.path, line.reading.name


def test_nodes_are_paid_by_the_hour_between_their_limits() -> None:
    (group,) = example().node_groups
    (hours,) = [line.reading.quantity for line in bill(example(), ON).lines if line.reading.meter == "ec2:t3.medium"]
    sizes = (group.min_size, group.desired_size, group.max_size)
    assert (hours.floor, hours.expected, hours.ceiling) == tuple(size * HOURS_PER_MONTH for size in sizes)
