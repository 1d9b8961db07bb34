"""``wavetank cost``: a bill that anybody can add up again from what is printed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from command_line import EXAMPLE, ON, example_with, wavetank

AMOUNTS = ("floor", "expected", "ceiling")
ENVIRONMENTS = pytest.mark.parametrize("environment", ["dev", "production"])


def bill(*arguments: str | Path) -> Any:
    chosen = arguments if "-e" in arguments else (*arguments, "-e", "production")
    ended = wavetank("cost", *chosen, "--format", "json")
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
    document, text = bill(EXAMPLE, *ON), wavetank("cost", EXAMPLE, "-e", "production", *ON).out
    priced = [line for line in document["lines"] if line["unitPrice"]]
    assert all(line["unitPrice"]["source"] for line in priced)
    doubtful = [line for line in priced if not line["unitPrice"]["confirmed"]]
    assert f"* {len(doubtful)} prices are not confirmed for ap-southeast-2" in text
    for row, line in zip(printed_rows(text, len(document["lines"])), document["lines"], strict=False):
        if line["unitPrice"]:
            assert row.split()[-4].endswith("*") is not line["unitPrice"]["confirmed"], row


def test_a_line_without_a_known_price_is_named_and_in_no_total(tmp_path: Path) -> None:
    unknown = example_with(tmp_path, {"instanceTypes: t3.medium": "instanceTypes: c7a.medium"})
    document, text = bill(unknown, *ON), wavetank("cost", unknown, "-e", "production", *ON).out
    unpriced = [line["name"] for line in document["lines"] if line["unitPrice"] is None]
    assert unpriced == document["unpriced"] == ["general: c7a.medium"]
    assert all(line["amount"] is None for line in document["lines"] if line["unitPrice"] is None)
    assert "Not in the total, no price known: general: c7a.medium." in text


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


def test_without_an_environment_all_stand_side_by_side_and_together() -> None:
    text = wavetank("cost", EXAMPLE, "--by", "component", *ON).out
    head = next(row for row in text.splitlines() if row.startswith("component"))
    assert head.split() == ["component", "production", "dev", "together"]
    documents = [bill(EXAMPLE, "-e", name, *ON) for name in ("production", "dev")]
    totals = [Decimal(document["total"]["expected"]) for document in documents]
    expected = next(row for row in text.splitlines() if row.startswith("expected"))
    assert expected.split()[1:] == [f"{usd:,.2f}" for usd in (*totals, sum(totals))]
    everything = wavetank("cost", EXAMPLE, "--format", "json", *ON).json
    assert everything == {"environments": documents}


@pytest.mark.parametrize("view", ["line", "component", "workload", "team"])
def test_whatever_amounts_are_added_up_by_the_total_is_the_same(view: str) -> None:
    rows = wavetank("cost", EXAMPLE, "-e", "production", "--by", view, "--format", "csv", *ON).out.splitlines()
    figures = [[Decimal(cell) for cell in row.rsplit(",", 3)[1:]] for row in rows[1:]]
    assert [sum(column) for column in zip(*figures[:-1], strict=True)] == figures[-1]


def test_markdown_is_a_table_with_the_total_in_bold() -> None:
    rows = wavetank("cost", EXAMPLE, "--by", "team", "--format", "markdown", *ON).out.splitlines()
    assert rows[2] == "| team | production | dev | together |"
    assert rows[3] == "| --- | ---: | ---: | ---: |"
    assert any(row.startswith("| **expected** | **") for row in rows)


def test_spot_machines_cost_less_by_what_is_said_and_nothing_else_changes() -> None:
    changed = ("--what-if", "spot=general:70%", "--compare", EXAMPLE, "-e", "production", "--format", "json", *ON)
    (before, after) = wavetank("cost", EXAMPLE, *changed).json["production"]["lines"]
    assert (before["name"], before["after"]) == ("general: t3.medium", None)
    assert (after["name"], after["before"]) == ("general: t3.medium Spot", None)
    assert Decimal(after["after"]["expected"]) == cents(Decimal(before["before"]["expected"]) * Decimal("0.3"))


def test_a_savings_plan_is_paid_in_the_floor_too() -> None:
    def machines(*arguments: str) -> Any:
        document = bill(EXAMPLE, "-e", "production", *arguments, *ON)
        return [line for line in document["lines"] if line["name"].startswith("general: t3.medium")]

    committed, rest = machines("--what-if", "savings-plan=1y-no-upfront:50%")
    (on_demand,) = machines()
    assert committed["amount"]["floor"] == committed["amount"]["expected"] == committed["amount"]["ceiling"]
    assert Decimal(committed["quantity"]["expected"]) * 2 == Decimal(on_demand["quantity"]["expected"])
    assert Decimal(rest["quantity"]["expected"]) * 2 == Decimal(on_demand["quantity"]["expected"])
    assert not committed["unitPrice"]["confirmed"]


@pytest.mark.parametrize("change", ["spot=", "savings-plan=2y", "cheaper", "spot=general:lots", "spot=general:170%"])
def test_a_what_if_that_nobody_understands_is_refused(change: str) -> None:
    ended = wavetank("cost", EXAMPLE, "--what-if", change)
    assert ended.code == 2
    assert "Traceback" not in ended.err


def test_a_what_if_of_a_group_that_is_not_there_names_those_that_are() -> None:
    ended = wavetank("cost", EXAMPLE, "--what-if", "spot=workers")
    assert ended.code == 2
    assert "no node group 'workers'" in ended.err
    assert "general" in ended.err


def test_a_price_file_overrides_the_catalogue_with_its_own_source(tmp_path: Path) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("natGatewayHour: {usd: 0.05, source: contract 7}\nt3.medium: 0.04\n")
    lines = bill(EXAMPLE, "--price-file", prices, *ON)["lines"]
    gateway = next(line for line in lines if line["meter"] == "natGatewayHour")
    machine = next(line for line in lines if line["meter"] == "ec2:t3.medium")
    assert (gateway["unitPrice"]["usd"], gateway["unitPrice"]["source"]) == ("0.05", "contract 7")
    assert (machine["unitPrice"]["usd"], machine["unitPrice"]["source"]) == ("0.04", "prices.yaml")


def test_every_wrong_entry_of_a_price_file_is_told(tmp_path: Path) -> None:
    prices = tmp_path / "prices.json"
    prices.write_text('{"natGatewayHours": 1, "t3.medium": "cheap", "eksClusterHour": -1}')
    ended = wavetank("cost", EXAMPLE, "--price-file", prices)
    assert ended.code == 2
    assert "Did you mean natGatewayHour?" in ended.err
    assert ended.err.count("has to be a number of USD") == 2


def test_a_bill_is_compared_with_a_git_revision_of_the_same_file(tmp_path: Path) -> None:
    platform = example_with(tmp_path, {"  nat: perZone": "  nat: single"})
    git = ["git", "-C", str(platform.parent), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "one gateway"]):
        subprocess.run([*git, *arguments], check=True)
    platform.write_text(platform.read_text().replace("  nat: single", "  nat: perZone"))
    found = wavetank("cost", platform, "-e", "production", "--compare", "HEAD", "--format", "json", *ON).json
    names = {each["name"]: Decimal(each["difference"]) for each in found["production"]["lines"]}
    assert Decimal(found["production"]["difference"]) == sum(names.values())
    assert set(names) == {"NAT gateways", "public IPv4 addresses"}
    assert names["NAT gateways"] == Decimal("43.07")
    refused = wavetank("cost", platform, "--compare", "no-such-revision")
    assert refused.code == 1
    assert "neither a file nor a git revision" in refused.err


def test_what_is_compared_with_itself_does_not_differ() -> None:
    assert "The bills are the same." in wavetank("cost", EXAMPLE, "--compare", EXAMPLE, *ON).out
