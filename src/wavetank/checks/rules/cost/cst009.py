"""CST009: what estimates usually leave out is a good part of the planned cost."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from wavetank.checks.case import Case
from wavetank.checks.from_plan import place
from wavetank.checks.model import Mistake, Rule, Severity

#: words of meters and names that tables on paper do not have (NAT gateways and public addresses are CST002's)
HIDDEN = ("root volumes", "logs", "flow", "across zones", "snapshot", "kms", "insights", "backups")
SHARE = Decimal("0.15")


def check(case: Case) -> Iterator[Mistake]:
    if case.plan is None or case.bill is None or case.plan.objectives.monthly_cost_usd is None:
        return
    lines = [
        line for line in case.bill.lines if line.amount and any(word in line.reading.name.lower() for word in HIDDEN)
    ]
    hidden = sum((line.amount.expected for line in lines if line.amount), Decimal(0))
    stated = case.plan.objectives.monthly_cost_usd
    if stated and hidden / stated > SHARE:
        dearest = sorted(lines, key=lambda line: -line.amount.expected if line.amount else 0)[:4]
        told = ", ".join(f"{line.reading.name} ${line.amount.expected}" for line in dearest if line.amount)
        yield Mistake(
            at=place(case.plan, "objectives.monthlyCostUsd"),
            message=f"${hidden} of the planned ${stated} go into what estimates leave out: {told}",
            remedy="shorten retention, keep traffic in its zone, use endpoints, fewer NAT gateways; or know that it is paid",
            numbers={"hiddenUsd": str(hidden), "plannedUsd": str(stated)},
        )


RULE = Rule(
    id="CST009",
    severity=Severity.INFO,
    title="A good part of the cost is in what estimates leave out",
    source="prices of the catalogue, with their source and date (`wavetank cost`)",
    check=check,
)
