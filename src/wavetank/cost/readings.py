"""A reading: a month's quantity of one billable meter, without its price.

``meters`` read them off a plan; ``bill`` multiplies them by prices. Quantities are ranges: ``floor`` is what is paid when
nothing happens, ``expected`` what the author's assumptions lead to, ``ceiling`` what the plan's own limits allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from wavetank.catalog import HOURS_PER_MONTH

DAYS_PER_MONTH = Decimal(365) / 12
SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600
MILLION = Decimal(1_000_000)


@dataclass(frozen=True)
class Range:
    """Three amounts of one unit, in order."""

    floor: Decimal
    expected: Decimal
    ceiling: Decimal

    def __post_init__(self) -> None:
        assert self.floor <= self.expected <= self.ceiling, f"a range is ordered, not {self}"

    @classmethod
    def fixed(cls, amount: Decimal | int) -> Range:
        return cls(Decimal(amount), Decimal(amount), Decimal(amount))

    @classmethod
    def up_to(cls, expected: Decimal, ceiling: Decimal) -> Range:
        """Nothing at least; a ceiling below the expectation is raised to it."""
        return cls(Decimal(0), expected, max(expected, ceiling))

    def times(self, factor: Decimal | int) -> Range:
        return Range(self.floor * factor, self.expected * factor, self.ceiling * factor)

    def __add__(self, other: Range) -> Range:
        return Range(self.floor + other.floor, self.expected + other.expected, self.ceiling + other.ceiling)


ZERO = Range.fixed(0)


@dataclass(frozen=True)
class Reading:
    """``meter`` is a key of the price catalogue, ``ec2:<type>``, ``spot:<type>:<percent off>`` or
    ``commitment:<kind>:<term>:<type>``; ``how`` shows where the quantity comes from; ``path`` is the plan value that causes
    the cost; ``component`` groups lines: cluster, nodes, network, ...
    """

    component: str
    name: str
    meter: str
    quantity: Range
    unit: str
    how: str
    path: str
    #: name of the workload that alone causes the cost; "" when it belongs to none or to many
    workload: str = ""
    #: name of the ``fleet.Machines`` whose pods share the cost; "" for everything but nodes
    machines: str = ""
    #: where it is charged when that is not the platform's region
    region: str = ""


def hourly(component: str, name: str, meter: str, count: int, what: str, path: str, workload: str = "") -> Reading:
    """Things that stand there all month: ``what`` names one of them, in the singular."""
    how = f"{count} {what}{'s' if count != 1 else ''} × {HOURS_PER_MONTH} h"
    return Reading(component, name, meter, Range.fixed(HOURS_PER_MONTH * count), "hours", how, path, workload=workload)


def plain(number: Decimal) -> str:
    """A quantity for people: no exponent, no trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


__all__ = [
    "DAYS_PER_MONTH",
    "HOURS_PER_MONTH",
    "MILLION",
    "SECONDS_PER_MONTH",
    "ZERO",
    "Range",
    "Reading",
    "hourly",
    "plain",
]
