"""budgets.tf: AWS budgets and who hears when they are used up."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from wavetank.plan.model import Budget, Plan
from wavetank.render.hcl import Attribute, Block, Item, attributes, block, expression
from wavetank.render.terraform.parts import identifiers, resource
from wavetank.render.trace import Traced

_FORECAST_FROM_PERCENT = 100


def items(plan: Plan) -> tuple[Item, ...]:
    names = identifiers(each.name for each in plan.budgets)
    return tuple(_budget(plan, each, names[each.name]) for each in plan.budgets)


def _budget(plan: Plan, budget: Budget, name: str) -> Block:
    path = f"budgets[{budget.name}]"
    body: tuple[Item, ...] = (
        *attributes(
            name=Traced(f"{plan.name}-{plan.environment}-{budget.name}", f"{path}.name"),
            budget_type="COST",
            limit_amount=Traced(format(budget.monthly_usd.normalize(), "f"), f"{path}.monthlyUsd"),
            limit_unit="USD",
            time_unit="MONTHLY",
        ),
        *([_of_platform(plan, f"{path}.covers")] if budget.covers == "platform" else []),
        *_notifications(budget, path),
    )
    return resource("aws_budgets_budget", name, body, path)


def _of_platform(plan: Plan, path: str) -> Block:
    """Counts what carries the platform's tag; the tag must be activated as a cost allocation tag of the account."""
    values = [f"user:platform${plan.tags.get('platform', plan.name)}"]
    return block("cost_filter", (), attributes(name="TagKeyValue", values=Traced(values, path)), path)


def _notifications(budget: Budget, path: str) -> Iterator[Block]:
    for percent in budget.alert_percents:
        yield _notification(budget, percent, "ACTUAL", path)
        if percent >= _FORECAST_FROM_PERCENT:
            yield _notification(budget, percent, "FORECASTED", path)


def _notification(budget: Budget, percent: Decimal, kind: str, path: str) -> Block:
    body = (
        *attributes(comparison_operator="GREATER_THAN", threshold=Traced(_number(percent), f"{path}.alertPercents")),
        *attributes(threshold_type="PERCENTAGE", notification_type=kind),
        Attribute("subscriber_email_addresses", Traced(list(budget.emails), f"{path}.emails")),
    )
    return block("notification", (), body, path)


def _number(value: Decimal) -> Any:
    return int(value) if value == value.to_integral_value() else expression(format(value.normalize(), "f"))
