"""The bill: readings × prices, each line with its arithmetic; decimal throughout, rounded to the cent only at the end.

A line's amount is rounded half up to the cent and totals are sums of rounded lines, so the printed column adds up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from wavetank.catalog import Price, TieredPrice, ec2_price_usd_hour, internet_out_price, price
from wavetank.cost.meters import all_readings
from wavetank.cost.readings import Range, Reading
from wavetank.plan.model import Plan

CENT = Decimal("0.01")
#: The one meter whose price falls with the month's volume.
INTERNET_OUT = "dataTransferOut"


@dataclass(frozen=True)
class UnitPrice:
    """What a unit costs. ``confirmed`` is False when no source was found for this region."""

    usd: Decimal
    source: str
    date: date | None
    confirmed: bool
    #: (up to this many units, USD per unit) in order, None = all above; empty when the price is flat
    tiers: tuple[tuple[Decimal | None, Decimal], ...] = ()
    free_units: Decimal = Decimal(0)

    def cost(self, units: Decimal) -> Decimal:
        """USD for so many units, exact."""
        if not self.tiers:
            return units * self.usd
        rest, below, total = max(Decimal(0), units - self.free_units), Decimal(0), Decimal(0)
        for limit, usd in self.tiers:
            share = rest if limit is None else min(rest, limit - below)
            total, rest = total + share * usd, rest - share
            below = below if limit is None else limit
        return total


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
        return _sum(line.amount for line in self.lines)

    @property
    def unpriced(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.price is None)

    @property
    def unconfirmed(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.price is not None and not line.price.confirmed)

    def by_component(self) -> dict[str, Range]:
        """Totals by component, in the order of the lines."""
        components = dict.fromkeys(line.reading.component for line in self.lines)
        return {c: _sum(line.amount for line in self.lines if line.reading.component == c) for c in components}


def bill(plan: Plan, on: date) -> Bill:
    """The bill of a month that contains the day ``on`` (support periods and thus fees depend on it)."""
    lines = tuple(_line(plan, reading) for reading in all_readings(plan, on))
    return Bill(plan.name, plan.environment, plan.region, on, lines)


def _line(plan: Plan, reading: Reading) -> Line:
    unit_price = unit_price_of(reading.meter, plan.region, plan.cost.prices)
    return Line(reading, unit_price, None if unit_price is None else _amount(reading.quantity, unit_price))


def unit_price_of(meter: str, region: str, given: Mapping[str, Decimal]) -> UnitPrice | None:
    """The author's price if he gave one, else the catalogue's; None when neither knows."""
    key = meter.removeprefix("ec2:")
    if key in given:
        return UnitPrice(given[key], "given in the spec", None, confirmed=True)
    if meter == INTERNET_OUT:
        graded = internet_out_price(region)
        return None if graded is None else _graded(graded)
    known = ec2_price_usd_hour(region, key) if meter.startswith("ec2:") else price(region, key)
    return None if known is None else _flat(known)


def _flat(known: Price) -> UnitPrice:
    return UnitPrice(known.usd, known.source, known.date, known.confirmed)


def _graded(known: TieredPrice) -> UnitPrice:
    tiers = tuple((None if tier.up_to_gb is None else Decimal(tier.up_to_gb), tier.usd) for tier in known.tiers)
    free = Decimal(known.free_gb_month)
    return UnitPrice(tiers[0][1], known.source, known.date, known.confirmed, tiers=tiers, free_units=free)


def _amount(quantity: Range, unit_price: UnitPrice) -> Range:
    floor, expected, ceiling = (
        unit_price.cost(units).quantize(CENT, ROUND_HALF_UP)
        for units in (quantity.floor, quantity.expected, quantity.ceiling)
    )
    return Range(floor, expected, ceiling)


def _sum(amounts: Iterable[Range | None]) -> Range:
    total = Range.fixed(Decimal("0.00"))
    for amount in amounts:
        total = total if amount is None else total + amount
    return total
