"""CST001: a cost that was promised and that the platform exceeds before anything happens."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from wavetank.checks.aws import Resource
from wavetank.checks.case import Case
from wavetank.checks.from_plan import place
from wavetank.checks.model import Mistake, Place, Rule, Severity
from wavetank.checks.rules.cost.least import control_plane_usd, least_usd, nat_usd
from wavetank.plan.model import Plan


def check(case: Case) -> Iterator[Mistake]:
    if case.plan is not None and case.bill is not None:
        floor = case.bill.total.floor
        parts = ", ".join(
            f"{name} ${amount.floor}" for name, amount in case.bill.by_component().items() if amount.floor
        )
        for path, stated in _promises(case.plan):
            if stated < floor:
                yield _mistake(place(case.plan, path), stated, floor, parts)
        return
    if case.given.cluster and case.given.nodes:
        least = least_usd(case)
        for budget in case.aws.of_type("aws_budgets_budget"):
            limit = _limit(budget)
            if limit is not None and limit < least:
                machines = least - control_plane_usd(case) - nat_usd(case)
                parts = f"control plane ${control_plane_usd(case):.2f}, NAT gateways ${nat_usd(case):.2f}, nodes ${machines:.2f}"
                yield _mistake(budget.at("limit_amount"), limit, least, parts)


def _promises(plan: Plan) -> Iterator[tuple[str, Decimal]]:
    """Path and amount of all that is said about the cost of a month."""
    if plan.objectives.monthly_cost_usd is not None:
        yield "objectives.monthlyCostUsd", plan.objectives.monthly_cost_usd
    for budget in plan.budgets:
        yield f"budgets[{budget.name}].monthlyUsd", budget.monthly_usd


def _limit(budget: Resource) -> Decimal | None:
    """A monthly budget in USD; None for any other."""
    if budget.text("limit_unit") not in ("USD", None) or budget.text("time_unit") not in ("MONTHLY", None):
        return None
    try:
        return Decimal(str(budget.body.get("limit_amount")))
    except InvalidOperation:
        return None


def _mistake(at: Place, stated: Decimal, least: Decimal, parts: str) -> Mistake:
    return Mistake(
        at=at,
        message=f"${stated} a month are planned, but the lines add up to ${least:.2f} before anything happens: {parts}",
        remedy="`wavetank cost` shows every line; plan for their sum, or take something away",
        numbers={"plannedUsd": str(stated), "leastUsd": f"{least:.2f}"},
    )


RULE = Rule(
    id="CST001",
    severity=Severity.ERROR,
    title="The lines add up to more than the total",
    source="prices of the catalogue, with their source and date (`wavetank cost`)",
    check=check,
)
