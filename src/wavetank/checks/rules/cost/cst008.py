"""CST008: limits that allow a bill of a different order than the one that is expected."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from wavetank.checks.case import Case
from wavetank.checks.from_plan import place
from wavetank.checks.model import Mistake, Place, Rule, Severity
from wavetank.checks.rules.cost.least import nodes_usd

#: beyond this nobody means the upper figure as a plan
RATIO = Decimal(4)


def check(case: Case) -> Iterator[Mistake]:
    if case.plan is not None and case.bill is not None:
        total = case.bill.total
        budgets = case.plan.budgets
        if total.expected and total.ceiling / total.expected > RATIO and not budgets:
            yield _mistake(place(case.plan, "nodeGroups"), total.floor, total.expected, total.ceiling)
        return
    groups = [group for group in case.aws.node_groups if group.min_size is not None and group.max_size is not None]
    if not case.given.nodes or len(groups) != len(case.aws.node_groups) or case.aws.of_type("aws_budgets_budget"):
        return
    least = [nodes_usd(case, group, group.min_size or 0) for group in groups]
    most = [nodes_usd(case, group, group.max_size or 0) for group in groups]
    if None in (*least, *most):
        return
    low, high = (sum((each for each in some if each is not None), Decimal(0)) for some in (least, most))
    if groups and low and high / low > RATIO:
        yield _mistake(groups[0].at("max_size"), low, low, high)


def _mistake(at: Place, floor: Decimal, expected: Decimal, ceiling: Decimal) -> Mistake:
    return Mistake(
        at=at,
        message=(
            f"the limits allow ${ceiling:.2f} a month where ${expected:.2f} are expected (at least ${floor:.2f}), "
            "and no budget tells "
            "anybody on the way there"
        ),
        remedy="add a budget with an alert (budgets), or lower the maxima to what you would pay",
        numbers={"floorUsd": f"{floor:.2f}", "expectedUsd": f"{expected:.2f}", "ceilingUsd": f"{ceiling:.2f}"},
    )


RULE = Rule(
    id="CST008",
    severity=Severity.INFO,
    title="The limits allow many times the expected bill",
    source="node groups at their maximum, prices of the catalogue",
    check=check,
)
