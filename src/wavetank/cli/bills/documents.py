"""Bills as JSON documents. Money and quantities are strings: a JSON number would be read as a binary fraction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wavetank.app.bills import Comparison
from wavetank.cost import Bill, Line, Range, UnitPrice


def document_of(bill: Bill, shares: Mapping[str, Mapping[str, Range]] | None = None) -> dict[str, Any]:
    """The whole bill; ``shares``: further totals, by what they are shared by (workload, team)."""
    return {
        "platform": bill.platform,
        "environment": bill.environment,
        "region": bill.region,
        "on": bill.on.isoformat(),
        "currency": "USD",
        "lines": [_line(line) for line in bill.lines],
        "byComponent": _totals(bill.by_component()),
        **{f"by{view.capitalize()}": _totals(totals) for view, totals in (shares or {}).items()},
        "total": amounts(bill.total),
        "unpriced": [line.reading.name for line in bill.unpriced],
    }


def _totals(totals: Mapping[str, Range]) -> dict[str, Any]:
    return {name: amounts(amount) for name, amount in totals.items()}


def amounts(amount: Range) -> dict[str, str]:
    return {"floor": str(amount.floor), "expected": str(amount.expected), "ceiling": str(amount.ceiling)}


def _line(line: Line) -> dict[str, object]:
    reading, price = line.reading, line.price
    told: dict[str, object] = {
        "component": reading.component,
        "name": reading.name,
        "meter": reading.meter,
        "unit": reading.unit,
        "quantity": amounts(reading.quantity),
        "how": reading.how,
        "path": reading.path,
        **({"workload": reading.workload} if reading.workload else {}),
        **({"region": reading.region} if reading.region else {}),
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
        told["amount"] = amounts(line.amount)
    return told


def _steps(price: UnitPrice) -> dict[str, object]:
    """What a reader needs to redo the arithmetic of a price that falls with volume; nothing for a flat one."""
    if not price.tiers:
        return {}
    tiers = [{"upTo": None if limit is None else str(limit), "usd": str(usd)} for limit, usd in price.tiers]
    return {"freeUnits": str(price.free_units), "tiers": tiers}


def comparison_document(found: Comparison) -> dict[str, Any]:
    """Both totals, and every line that differs."""
    before, after = found.before.total, found.after.total
    return {
        "before": amounts(before),
        "after": amounts(after),
        "difference": str(after.expected - before.expected),
        "lines": [
            {
                "component": each.component,
                "name": each.name,
                "before": None if each.before is None else amounts(each.before),
                "after": None if each.after is None else amounts(each.after),
                "difference": str(each.usd),
            }
            for each in found.lines
        ],
    }
