"""NAT gateways: an hour's fee for each, and a fee for every gigabyte through them."""

from __future__ import annotations

from datetime import date

from wavetank.cost.readings import HOURS_PER_MONTH, Range, Reading
from wavetank.cost.traffic import growing
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    count = len(plan.network.nat_gateways)
    if count == 0:
        return []
    fee = Reading(
        component="network",
        name="NAT gateways",
        meter="natGatewayHour",
        quantity=Range.fixed(HOURS_PER_MONTH * count),
        unit="hours",
        how=f"{count} NAT gateway{'s' if count > 1 else ''} × {HOURS_PER_MONTH} h",
        path="network.nat",
    )
    data = Reading(
        component="network",
        name="data through NAT",
        meter="natGatewayGB",
        quantity=growing(plan, plan.cost.nat_gb),
        unit="GB",
        how=f"{plan.cost.nat_gb} GB a month assumed; ceiling at the peak's rate",
        path="cost.natGb",
    )
    return [fee, data]
