"""``wavetank cost``: a bill that anybody can add up again from what is printed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from command_line import EXAMPLE, ON, example_with, wavetank

AMOUNTS = ("floor", "expected", "ceiling")
ENVIRONMENTS = pytest.mark.parametrize("environment", ["dev", "production"])


def bill(*arguments: str | Path) -> Any:
    ended = wavetank("cost", *arguments, "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    return ended.json


def cents(usd: Decimal) -> Decimal:
    return usd.quantize(Decimal("0.01"), ROUND_HALF_UP)


def step_prices(quantity: Decimal, price: dict[str, Any]) -> Iterator[Decimal]:
    """The cost of each step of a price that falls with volume, computed from the JSON alone."""
    billable, below = max(Decimal(0), quantity - Decimal(price["freeUnits"])), Decimal(0)
    for tier in price["tiers"]:
        above = billable if tier["upTo"] is None else min(billable, Decimal(tier["upTo"]))
        yield max(Decimal(0), above - below) * Decimal(tier["usd"])
        below = max(below, above)


def recomputed(line: dict[str, Any], amount: str) -> Decimal:
    quantity, price = Decimal(line["quantity"][amount]), line["unitPrice"]
    return cents(
        sum(step_prices(quantity, price), Decimal(0)) if "tiers" in price else quantity * Decimal(price["usd"])
    )


@ENVIRONMENTS
@pytest.mark.parametrize("amount", AMOUNTS)
def test_each_line_is_quantity_times_price_and_the_total_their_sum_to_the_cent(environment: str, amount: str) -> None:
    document = bill(EXAMPLE, "-e", environment, *ON)
    priced = [line for line in document["lines"] if line["unitPrice"]]
    for line in priced:
        assert Decimal(line["amount"][amount]) == recomputed(line, amount), line["name"]
    total = sum((recomputed(line, amount) for line in priced), Decimal(0))
    assert Decimal(document["total"][amount]) == total
    assert sum(Decimal(part[amount]) for part in document["byComponent"].values()) == total


def printed_rows(text: str, count: int) -> list[str]:
    """The rows of the table, one for each line of the bill, and the total: below the head and its rule."""
    head = next(number for number, row in enumerate(text.splitlines()) if "unit price" in row)
    rows = text.splitlines()[head + 2 : head + 4 + count]
    return [*rows[:count], rows[-1]]


@ENVIRONMENTS
def test_the_printed_table_shows_the_same_figures(environment: str) -> None:
    document = bill(EXAMPLE, "-e", environment, *ON)
    rows = printed_rows(wavetank("cost", EXAMPLE, "-e", environment, *ON).out, len(document["lines"]))
    told = [*document["lines"], {"name": "total a month", "amount": document["total"]}]
    for row, line in zip(rows, told, strict=True):
        amounts = line["amount"]
        assert line["name"] in row
        assert row.split()[-3:] == ([f"{Decimal(amounts[a]):,.2f}" for a in AMOUNTS] if amounts else ["?"] * 3)


@ENVIRONMENTS
def test_floor_expected_and_ceiling_are_in_order(environment: str) -> None:
    document = bill(EXAMPLE, "-e", environment, *ON)
    ranges = [document["total"], *(line["quantity"] for line in document["lines"])]
    for each in ranges:
        assert Decimal(each["floor"]) <= Decimal(each["expected"]) <= Decimal(each["ceiling"])


def test_money_and_quantities_are_strings_because_json_numbers_are_binary_fractions() -> None:
    document = bill(EXAMPLE, *ON)
    for line in document["lines"]:
        assert all(isinstance(line["quantity"][amount], str) for amount in AMOUNTS)
        assert line["amount"] is None or all(isinstance(line["amount"][amount], str) for amount in AMOUNTS)
        assert line["unitPrice"] is None or isinstance(line["unitPrice"]["usd"], str)


def test_every_price_names_its_source_and_the_unconfirmed_ones_are_flagged() -> None:
    document, text = bill(EXAMPLE, *ON), wavetank("cost", EXAMPLE, *ON).out
    priced = [line for line in document["lines"] if line["unitPrice"]]
    assert all(line["unitPrice"]["source"] for line in priced)
    doubtful = [line for line in priced if not line["unitPrice"]["confirmed"]]
    assert f"* {len(doubtful)} prices are not confirmed for ap-southeast-2" in text
    for row, line in zip(printed_rows(text, len(document["lines"])), document["lines"], strict=False):
        if line["unitPrice"]:
            assert row.split()[-4].endswith("*") is not line["unitPrice"]["confirmed"], row


def test_a_line_without_a_known_price_is_named_and_in_no_total() -> None:
    document, text = bill(EXAMPLE, *ON), wavetank("cost", EXAMPLE, *ON).out
    unpriced = [line["name"] for line in document["lines"] if line["unitPrice"] is None]
    assert unpriced == document["unpriced"]
    assert all(line["amount"] is None for line in document["lines"] if line["unitPrice"] is None)
    assert f"Not in the total, no price known: {', '.join(unpriced)}." in text


def test_the_authors_price_is_used_and_counts_as_confirmed(tmp_path: Path) -> None:
    given = example_with(tmp_path, {"traffic: #": "cost: {prices: {natGatewayHour: 0.05}}\n\ntraffic: #"})
    line = next(line for line in bill(given, *ON)["lines"] if line["meter"] == "natGatewayHour")
    assert (line["unitPrice"]["usd"], line["unitPrice"]["confirmed"]) == ("0.05", True)
    assert line["unitPrice"]["source"] == "given in the spec"
    assert line["amount"]["expected"] == "73.00"  # two gateways for 730 hours


def test_extended_support_multiplies_the_cluster_fee_by_six_from_its_first_day() -> None:
    def fee(day: str) -> Decimal:
        lines = bill(EXAMPLE, "--on", day)["lines"]
        return next(
            Decimal(line["amount"]["expected"]) for line in lines if line["name"].startswith("EKS control plane")
        )

    assert fee("2027-08-01") == Decimal("73.00")
    assert fee("2027-08-03") == 6 * fee("2027-08-01")


def test_dev_is_cheaper_than_production_in_every_figure() -> None:
    dev, production = bill(EXAMPLE, "-e", "dev", *ON)["total"], bill(EXAMPLE, "-e", "production", *ON)["total"]
    for amount in AMOUNTS:
        assert Decimal(dev[amount]) < Decimal(production[amount])


def test_a_single_gateway_saves_a_gateway_and_its_address(tmp_path: Path) -> None:
    single = example_with(tmp_path, {"  nat: perZone": "  nat: single"})

    def hours(document: Any, meter: str) -> Decimal:
        return sum((Decimal(x["quantity"]["floor"]) for x in document["lines"] if x["meter"] == meter), Decimal(0))

    one, two = bill(single, *ON), bill(EXAMPLE, *ON)
    for meter in ("natGatewayHour", "publicIPv4Hour"):
        assert hours(two, meter) - hours(one, meter) == 730


def test_the_same_input_gives_the_same_bytes() -> None:
    assert wavetank("cost", EXAMPLE, *ON) == wavetank("cost", EXAMPLE, *ON)
