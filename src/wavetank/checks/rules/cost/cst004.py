"""CST004: a price for a unit that AWS does not bill."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from wavetank.catalog import instance_type_names, price_keys
from wavetank.checks.case import Case
from wavetank.checks.from_plan import place
from wavetank.checks.model import Mistake, Rule, Severity

#: meters whose price is graded and therefore not among the flat ones
_GRADED = ("dataTransferOut",)


def check(case: Case) -> Iterator[Mistake]:
    plan = case.plan
    known = (*price_keys(), *instance_type_names(), *_GRADED)
    for key, stated in (plan.cost.prices if plan else {}).items():
        assert plan is not None, "there are prices of a plan only"
        if key not in known:
            near = get_close_matches(key, known, 3, 0.4)
            yield Mistake(
                at=place(plan, f"cost.prices[{key}]"),
                message=f"nothing is billed by {key}: the price of {stated} USD is used nowhere",
                remedy=f"did you mean {' or '.join(near)}?"
                if near
                else "a load balancer is billed by hour and by LCU-hour",
                numbers={"key": key, "usd": str(stated)},
            )


RULE = Rule(
    id="CST004",
    severity=Severity.ERROR,
    title="AWS bills no such unit",
    source="AWS price lists; an ALB is billed by the hour and by LCU-hours, not by requests",
    check=check,
)
