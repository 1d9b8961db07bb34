"""The bill: readings × prices, each line with its arithmetic; decimal throughout, rounded to the cent only at the end.

A line's amount is rounded half up to the cent and totals are sums of rounded lines, so the printed column adds up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from wavetank.cost.meters import all_readings
from wavetank.cost.readings import Range, Reading
from wavetank.cost.unit_prices import UnitPrice, own_prices, unit_price_of
from wavetank.plan.model import Plan

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Line:
    """One line: ``amount`` is in USD, rounded to the cent; None when no price is known (then it is in no total)."""

    reading: Reading
    price: UnitPrice | None
    amount: Range | None


@dataclass(frozen=True)
class Bill:
    """A month's bill of a platform in one environment."""

    platform: str
    environment: str
    region: str
    on: date
    lines: tuple[Line, ...]

    @property
    def total(self) -> Range:
        return total(line.amount for line in self.lines)

    @property
    def unpriced(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.price is None)

    @property
    def unconfirmed(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.price is not None and not line.price.confirmed)

    def by_component(self) -> dict[str, Range]:
        """Totals by component, in the order of the lines."""
        components = dict.fromkeys(line.reading.component for line in self.lines)
        return {c: total(line.amount for line in self.lines if line.reading.component == c) for c in components}


def bill(plan: Plan, on: date, own: Mapping[str, UnitPrice] | None = None) -> Bill:
    """The bill of a month that contains the day ``on`` (support periods and thus fees depend on it).

    ``own``: prices by key that come before those of the catalogue; those of the platform file come before both.
    """
    prices = {**(own or {}), **own_prices(plan.cost.prices, "given in the spec")}
    lines = tuple(_line(plan, reading, prices) for reading in all_readings(plan, on))
    return Bill(plan.name, plan.environment, plan.region, on, lines)


def _line(plan: Plan, reading: Reading, prices: Mapping[str, UnitPrice]) -> Line:
    unit_price = unit_price_of(reading.meter, reading.region or plan.region, prices)
    return Line(reading, unit_price, None if unit_price is None else _amount(reading.quantity, unit_price))


def _amount(quantity: Range, unit_price: UnitPrice) -> Range:
    floor, expected, ceiling = (
        unit_price.cost(units).quantize(CENT, ROUND_HALF_UP)
        for units in (quantity.floor, quantity.expected, quantity.ceiling)
    )
    return Range(floor, expected, ceiling)


def total(amounts: Iterable[Range | None]) -> Range:
    """Their sum; what has no price counts nothing."""
    found = Range.fixed(Decimal("0.00"))
    for amount in amounts:
        found = found if amount is None else found + amount
    return found
