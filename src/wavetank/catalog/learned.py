"""Facts that somebody fetched for himself (``wavetank facts update``); they come before those that are packaged.

They hold inside ``with learned(facts)`` only, which the command line opens once around a verb: whoever computes sees the same
facts from the beginning to the end. Read by ``instances`` and ``prices``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Learned:
    """``types`` are rows as in ``data/instance-types.json``; prices are USD by region and instance type or price key."""

    source: str = ""
    date: date | None = None
    types: Mapping[str, list[Any]] = field(default_factory=dict)
    ec2_usd_hour: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    usd: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)


_NOTHING = Learned()
_LEARNED: ContextVar[Learned] = ContextVar("learned facts", default=_NOTHING)


def current() -> Learned:
    """What holds now; nothing outside of ``learned``."""
    return _LEARNED.get()


@contextmanager
def learned(facts: Learned) -> Iterator[None]:
    """Inside, these facts come before those that are packaged."""
    token = _LEARNED.set(facts)
    try:
        yield
    finally:
        _LEARNED.reset(token)


def as_document(facts: Learned) -> dict[str, Any]:
    """As JSON; money as strings."""
    return {
        "source": facts.source,
        "date": facts.date.isoformat() if facts.date else None,
        "instanceTypes": dict(facts.types),
        "ec2UsdHour": {region: _texts(prices) for region, prices in facts.ec2_usd_hour.items()},
        "usd": {region: _texts(prices) for region, prices in facts.usd.items()},
    }


def _texts(prices: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: str(usd) for name, usd in prices.items()}


def from_document(document: Mapping[str, Any]) -> Learned:
    """The inverse; KeyError, TypeError or ValueError (decimal.InvalidOperation is an ArithmeticError) for anything else."""
    day = document["date"]
    return Learned(
        source=str(document["source"]),
        date=date.fromisoformat(day) if day else None,
        types={str(name): list(row) for name, row in document["instanceTypes"].items()},
        ec2_usd_hour={region: _decimals(prices) for region, prices in document["ec2UsdHour"].items()},
        usd={region: _decimals(prices) for region, prices in document["usd"].items()},
    )


def _decimals(prices: Mapping[str, str]) -> dict[str, Decimal]:
    return {str(name): Decimal(usd) for name, usd in prices.items()}
