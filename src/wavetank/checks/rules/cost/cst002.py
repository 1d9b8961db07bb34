"""CST002: a monthly budget that was made without NAT gateways and public IPv4 addresses."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from wavetank.checks.case import Case
from wavetank.checks.from_plan import place
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.cost.forgotten import FORGOTTEN_METERS, forgotten_usd
from wavetank.cost import Bill
from wavetank.plan.model import Plan


def check(case: Case) -> Iterator[Mistake]:
    if case.plan is None or case.bill is None or case.plan.objectives.monthly_cost_usd is None:
        return
    budget = case.plan.objectives.monthly_cost_usd
    forgotten = forgotten_usd(case.bill)
    total = case.bill.total.expected
    if forgotten and total - forgotten <= budget < total:
        yield _mistake(case.plan, case.bill, budget, forgotten, total)


def _mistake(plan: Plan, bill: Bill, budget: Decimal, forgotten: Decimal, total: Decimal) -> Mistake:
    lines = [line for line in bill.lines if line.reading.meter in FORGOTTEN_METERS and line.amount is not None]
    parts = ", ".join(f"{line.reading.name} ${line.amount.expected}" for line in lines if line.amount)
    return Mistake(
        at=place(plan, "objectives.monthlyCostUsd"),
        message=(
            f"the budget of ${budget} a month covers everything but what bills leave out: {parts}; "
            f"the expected bill is ${total}, ${total - budget} above it"
        ),
        remedy=f"plan for ${total} a month, or use fewer NAT gateways and public addresses",
        numbers={"budgetUsd": str(budget), "expectedUsd": str(total), "forgottenUsd": str(forgotten)},
    )


RULE = Rule(
    id="CST002",
    severity=Severity.ERROR,
    title="NAT gateways and public IPv4 addresses are missing from the budget",
    source="Amazon VPC pricing: NAT gateways by hour and GB, public IPv4 by hour",
    check=check,
)
