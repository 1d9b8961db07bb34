"""Money: tiers, rounding, totals that equal their lines, and bills that say what they do not know."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.cost import Bill, Range, UnitPrice
from wavetank.cost.unit_prices import own_prices, unit_price_of

TIERS = ((Decimal(10240), Decimal("0.114")), (Decimal(51200), Decimal("0.098")), (None, Decimal("0.092")))
OUT = UnitPrice(Decimal("0.114"), "list", None, True, tiers=TIERS, free_units=Decimal(100))
amounts = st.decimals(min_value=0, max_value=10**7, places=3)


@pytest.mark.parametrize(
    ("gigabytes", "usd"),
    [
        ("0", "0"),
        ("100", "0"),
        ("101", "0.114"),
        ("10340", "1167.360"),
        ("10341", "1167.458"),
        ("51300", "5181.440"),
        ("51301", "5181.532"),
    ],
)
def test_graded_prices_charge_each_step_for_its_share_after_the_free_allowance(gigabytes: str, usd: str) -> None:
    assert OUT.cost(Decimal(gigabytes)) == Decimal(usd)


@given(amounts, amounts)
def test_more_units_never_cost_less_and_the_last_unit_costs_between_the_steps(a: Decimal, b: Decimal) -> None:
    less, more = sorted((a, b))
    growth = OUT.cost(more) - OUT.cost(less)
    assert 0 <= growth <= (more - less) * Decimal("0.114")


@given(st.lists(st.tuples(amounts, amounts, amounts), max_size=8))
def test_a_total_is_the_sum_of_its_lines_to_the_cent(triples: list[tuple[Decimal, Decimal, Decimal]]) -> None:
    ranges = [Range(*sorted(triple)) for triple in triples]
    total = sum(ranges, Range.fixed(0))
    assert total.expected == sum((r.expected for r in ranges), Decimal(0))
    assert total.floor <= total.expected <= total.ceiling


def test_a_range_out_of_order_is_our_mistake_and_is_refused() -> None:
    with pytest.raises(AssertionError, match="ordered"):
        Range(Decimal(2), Decimal(1), Decimal(3))


def test_the_authors_price_wins_over_the_catalogue_and_counts_as_confirmed() -> None:
    given_price = unit_price_of(
        "natGatewayHour", "ap-southeast-2", own_prices({"natGatewayHour": Decimal("0.05")}, "given in the spec")
    )
    known = unit_price_of("natGatewayHour", "ap-southeast-2", {})
    assert given_price is not None
    assert known is not None
    assert (given_price.usd, given_price.confirmed) == (Decimal("0.05"), True)
    assert (known.usd, known.confirmed) == (Decimal("0.059"), False)


def test_an_unknown_price_is_not_a_price_of_zero() -> None:
    assert unit_price_of("ec2:p5.48xlarge", "ap-southeast-1", {}) is None
    assert unit_price_of("ec2:t3.medium", "ap-southeast-2", {}) is not None


def test_an_empty_bill_is_zero_dollars_and_zero_cents() -> None:
    empty = Bill("p", "production", "ap-southeast-2", date(2026, 11, 21), ())
    assert str(empty.total.expected) == "0.00"
    assert empty.unpriced == empty.unconfirmed == ()
