"""Sheets of several bills: environments side by side, and what differs from another state of the platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from wavetank.app.bills import Comparison
from wavetank.cli.bills.figures import money, signed
from wavetank.cli.bills.sheet import Sheet
from wavetank.cost import Bill, Difference, Range


def side_by_side(bills: Sequence[Bill], view: str, totals: Sequence[Mapping[str, Range]]) -> Sheet:
    """A column of expected USD for each environment, then one of all together; floor and ceiling below the total."""
    names = list(dict.fromkeys(name for each in totals for name in each))
    rows = [(name, *_cells([each.get(name) for each in totals])) for name in names]
    sums = [bill.total for bill in bills]
    floor = tuple(money(each.floor) for each in sums), money(sum((each.floor for each in sums), Decimal(0)))
    ceiling = tuple(money(each.ceiling) for each in sums), money(sum((each.ceiling for each in sums), Decimal(0)))
    first = bills[0]
    return Sheet(
        title=f"{first.platform}: USD a month, expected, as of {first.on}",
        head=(view, *(bill.environment for bill in bills), "together"),
        rows=(
            *rows,
            ("", *("" for _ in bills), ""),
            ("floor", *floor[0], floor[1]),
            ("ceiling", *ceiling[0], ceiling[1]),
        ),
        total=("expected", *_cells(sums)),
        left=1,
        notes=tuple(_notes(bills)),
    )


def _cells(amounts: Sequence[Range | None]) -> tuple[str, ...]:
    each = tuple("-" if amount is None else money(amount.expected) for amount in amounts)
    return (*each, money(sum((amount.expected for amount in amounts if amount), Decimal(0))))


def _notes(bills: Sequence[Bill]) -> list[str]:
    unpriced = list(dict.fromkeys(line.reading.name for bill in bills for line in bill.unpriced))
    doubtful = max(len(bill.unconfirmed) for bill in bills)
    notes = [f"Not in the totals, no price known: {', '.join(unpriced)}."] if unpriced else []
    if doubtful:
        notes.append(
            f"Up to {doubtful} prices are not confirmed; `-e ENVIRONMENT` shows which, with every line's arithmetic."
        )
    return ["", *notes] if notes else []


def differences_of(found: Comparison) -> Sheet:
    """Every line that differs: before, after, and what the expectation grew by."""
    before, after = found.before.total.expected, found.after.total.expected
    return Sheet(
        title=f"{found.after.environment}: USD a month, expected",
        head=("", "line", "before", "after", "difference"),
        rows=tuple(_difference(each) for each in found.lines),
        total=("", "total a month", money(before), money(after), signed(after - before)),
        left=2,
        notes=() if found.lines else ("", "The bills are the same."),
    )


def _difference(each: Difference) -> tuple[str, ...]:
    before, after = (("-" if side is None else money(side.expected)) for side in (each.before, each.after))
    return each.component, each.name, before, after, signed(each.usd)
