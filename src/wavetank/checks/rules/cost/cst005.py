"""CST005: a cost that was promised, and that the expected bill exceeds."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.from_plan import place
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.cost.forgotten import forgotten_usd


def check(case: Case) -> Iterator[Mistake]:
    if case.plan is None or case.bill is None:
        return
    stated, total = case.plan.objectives.monthly_cost_usd, case.bill.total
    # Below the floor it is CST001's, within what bills forget it is CST002's.
    if stated is None or not total.floor <= stated < total.expected - forgotten_usd(case.bill):
        return
    dearest = sorted(
        (line for line in case.bill.lines if line.amount), key=lambda line: -line.amount.expected if line.amount else 0
    )
    lines = ", ".join(f"{line.reading.name} ${line.amount.expected}" for line in dearest[:3] if line.amount)
    yield Mistake(
        at=place(case.plan, "objectives.monthlyCostUsd"),
        message=f"${stated} a month are planned, the expected bill is ${total.expected}; the dearest lines are {lines}",
        remedy=f"plan for ${total.expected} (and up to ${total.ceiling} at the limits), or take something away",
        numbers={"plannedUsd": str(stated), "expectedUsd": str(total.expected), "ceilingUsd": str(total.ceiling)},
    )


RULE = Rule(
    id="CST005",
    severity=Severity.WARN,
    title="The expected bill is above the plan",
    source="prices of the catalogue, with their source and date (`wavetank cost`)",
    check=check,
)
