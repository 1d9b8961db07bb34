"""What differs between two bills, line by line; the differences add up to that of the totals. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from wavetank.cost.bill import Bill, total
from wavetank.cost.readings import Range

NOTHING = Range.fixed(Decimal("0.00"))


@dataclass(frozen=True)
class Difference:
    """A line of either bill; ``before`` or ``after`` is None where that bill does not have it."""

    component: str
    name: str
    before: Range | None
    after: Range | None
    #: what the expectation grew by
    usd: Decimal


def differences(before: Bill, after: Bill) -> list[Difference]:
    """Every line whose expectation, floor or ceiling differs; lines that are equal in both bills are left out."""
    keys = dict.fromkeys((line.reading.component, line.reading.name) for line in (*before.lines, *after.lines))
    found = [_difference(key, _of(before, key), _of(after, key)) for key in keys]
    return [each for each in found if each.before != each.after]


def _of(bill: Bill, key: tuple[str, str]) -> Range | None:
    mine = [line.amount for line in bill.lines if (line.reading.component, line.reading.name) == key]
    return total(mine) if mine else None


def _difference(key: tuple[str, str], before: Range | None, after: Range | None) -> Difference:
    usd = (after or NOTHING).expected - (before or NOTHING).expected
    return Difference(key[0], key[1], before, after, usd)
