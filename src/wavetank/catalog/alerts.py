"""Alert rules that a platform may name instead of writing PromQL, each with the documentation its metrics come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wavetank.catalog.files import data

#: stands in an expression for the number of its comparison
THRESHOLD = "{threshold}"


@dataclass(frozen=True)
class AlertFacts:
    """One built-in alert."""

    name: str
    #: rules of one group are evaluated together
    group: str
    #: PromQL; THRESHOLD stands for the number
    expr: str
    #: None where there is no number to choose
    threshold: Decimal | None
    #: what the number counts, for example "percent of a node's CPU"
    unit: str
    #: the objective that the number comes from where the author has set it: p99Milliseconds, availabilityPercent, ...
    objective: str | None
    #: how long it must be true, as Prometheus writes durations
    for_: str
    severity: str
    summary: str
    #: where the metrics are documented
    source: str


def alert(name: str, mesh: bool = False) -> AlertFacts | None:
    """A built-in alert, from the metrics of the service mesh where there is one; None when there is no such alert."""
    row = data("alerts")["alerts"].get(name)
    if row is None:
        return None
    return _facts(name, row if mesh else row | row.get("withoutMesh", {}))


def alert_names() -> tuple[str, ...]:
    """Every built-in alert."""
    return tuple(data("alerts")["alerts"])


def _facts(name: str, row: Mapping[str, Any]) -> AlertFacts:
    return AlertFacts(
        name=name,
        group=row["group"],
        expr=row["expr"],
        threshold=Decimal(row["threshold"]) if "threshold" in row else None,
        unit=row.get("unit", ""),
        objective=row.get("objective"),
        for_=row["for"],
        severity=row["severity"],
        summary=row["summary"],
        source=row["source"],
    )
