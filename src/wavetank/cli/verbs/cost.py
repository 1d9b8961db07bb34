"""``wavetank cost``: the monthly bill as a table or JSON, every line with its arithmetic and the source of its price."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import click

from wavetank.app.design import design
from wavetank.cli.options import environment_option, format_option, on_option, platform_argument, today
from wavetank.cli.table import table
from wavetank.cost import Bill, Line, Range, UnitPrice


@click.command()
@platform_argument
@environment_option
@format_option
@on_option
def command(platform: Path, environment: str, output_format: str, on: date | None) -> None:
    """Price PLATFORM.YAML for a month.

    Each line is quantity × unit price: the floor is paid when nothing happens, expected follows the spec's assumptions, the
    ceiling is what the plan's own limits allow. Prices marked * are not confirmed for the region; cost.prices overrides them.

    \b
    wavetank cost platform.yaml -e production
    wavetank cost platform.yaml -e dev --format json
    """
    bill = design(platform, environment, on or today()).bill
    click.echo(as_json(bill) if output_format == "json" else as_text(bill))


def as_text(bill: Bill) -> str:
    rows = [row for line in bill.lines for row in [_row(line)]]
    head = ("", "line", "quantity expected", "unit price", "floor", "expected", "ceiling")
    total = ("", "total a month", "", "", *_three(bill.total))
    text = [
        f"{bill.platform} ({bill.environment}) in {bill.region}: USD a month, as of {bill.on}",
        "",
        table([head, *rows, total], right={2, 3, 4, 5, 6}, rule_before_last=True),
    ]
    if bill.unconfirmed:
        text += [
            "",
            f"* {len(bill.unconfirmed)} prices are not confirmed for {bill.region}; set them under cost.prices if yours differ.",
        ]
    if graded := [line for line in bill.lines if line.price is not None and line.price.tiers]:
        text += ["", *dict.fromkeys(map(_graded_note, graded))]
    if bill.unpriced:
        names = ", ".join(line.reading.name for line in bill.unpriced)
        text += ["", f"Not in the total, no price known: {names}."]
    return "\n".join([*text, "", "Sources:", *_sources(bill)])


def _row(line: Line) -> tuple[str, ...]:
    reading = line.reading
    quantity = f"{_plain(reading.quantity.expected)} {reading.unit}"
    if line.price is None or line.amount is None:
        return (reading.component, reading.name, quantity, "unknown", "?", "?", "?")
    mark = ("†" if line.price.tiers else "") + ("" if line.price.confirmed else "*")
    return (reading.component, reading.name, quantity, f"{_plain(line.price.usd)}{mark}", *_three(line.amount))


def _three(amount: Range) -> tuple[str, str, str]:
    return f"{amount.floor:,.2f}", f"{amount.expected:,.2f}", f"{amount.ceiling:,.2f}"


def _plain(number: Decimal) -> str:
    """Without exponent and trailing zeros, at most four decimals for quantities that are not exact."""
    rounded = number if number.as_tuple().exponent in range(-5, 1) else number.quantize(Decimal("0.0001"))
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _graded_note(line: Line) -> str:
    assert line.price is not None, "a graded line has a price"
    free = f"; the first {_plain(line.price.free_units)} {line.reading.unit} of a month are free"
    return "† the price of the first step, it falls with volume" + (free if line.price.free_units else "")


def _sources(bill: Bill) -> list[str]:
    lines: dict[str, None] = {}
    for line in bill.lines:
        if line.price is not None:
            day = f" ({line.price.date})" if line.price.date else ""
            lines[f"  {line.price.source}{day}"] = None
    return list(lines)


def as_json(bill: Bill) -> str:
    document = {
        "platform": bill.platform,
        "environment": bill.environment,
        "region": bill.region,
        "on": bill.on.isoformat(),
        "currency": "USD",
        "lines": [_line(line) for line in bill.lines],
        "byComponent": {name: _amounts(amount) for name, amount in bill.by_component().items()},
        "total": _amounts(bill.total),
        "unpriced": [line.reading.name for line in bill.unpriced],
    }
    return json.dumps(document, indent=2)


def _amounts(amount: Range) -> dict[str, str]:
    """Money and quantities are strings: a JSON number would be read as a binary fraction."""
    return {"floor": str(amount.floor), "expected": str(amount.expected), "ceiling": str(amount.ceiling)}


def _line(line: Line) -> dict[str, object]:
    reading, price = line.reading, line.price
    told: dict[str, object] = {
        "component": reading.component,
        "name": reading.name,
        "meter": reading.meter,
        "unit": reading.unit,
        "quantity": _amounts(reading.quantity),
        "how": reading.how,
        "path": reading.path,
        "unitPrice": None,
        "amount": None,
    }
    if price is not None and line.amount is not None:
        day = price.date.isoformat() if price.date else None
        told["unitPrice"] = {
            "usd": str(price.usd),
            "source": price.source,
            "date": day,
            "confirmed": price.confirmed,
            **_steps(price),
        }
        told["amount"] = _amounts(line.amount)
    return told


def _steps(price: UnitPrice) -> dict[str, object]:
    """What a reader needs to redo the arithmetic of a price that falls with volume; nothing for a flat one."""
    if not price.tiers:
        return {}
    tiers = [{"upTo": None if limit is None else str(limit), "usd": str(usd)} for limit, usd in price.tiers]
    return {"freeUnits": str(price.free_units), "tiers": tiers}
