"""CST003: a price in the spec that is far from the region's list price."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from wavetank.catalog import ec2_price_usd_hour, price
from wavetank.checks.case import Case
from wavetank.checks.from_plan import place
from wavetank.checks.model import Mistake, Rule, Severity

#: enterprise agreements take a few percent off; more is another region's price or a memory
TOLERANCE = Decimal("0.15")


def check(case: Case) -> Iterator[Mistake]:
    plan = case.plan
    for key, stated in (plan.cost.prices if plan else {}).items():
        assert plan is not None, "there are prices of a plan only"
        known = price(plan.region, key) or ec2_price_usd_hour(plan.region, key)
        if known is not None and known.usd and abs(stated - known.usd) / known.usd > TOLERANCE:
            percent = (stated - known.usd) / known.usd * 100
            yield Mistake(
                at=place(plan, f"cost.prices[{key}]"),
                message=(
                    f"the price of {key} is given as {stated} USD; the list price in {plan.region} is {known.usd} USD "
                    f"({percent:+.0f} %, {known.source})"
                ),
                remedy=(
                    "remove it to count with the list price, or keep it if your contract says so and suppress this "
                    "with that reason"
                ),
                numbers={"statedUsd": str(stated), "listUsd": str(known.usd)},
            )


RULE = Rule(
    id="CST003",
    severity=Severity.WARN,
    title="Not the region's price",
    source="the catalogue's price list",
    check=check,
)
