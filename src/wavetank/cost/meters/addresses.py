"""Public IPv4 addresses: every one is billed by the hour, those of NAT gateways and of load balancers included."""

from __future__ import annotations

from datetime import date

from wavetank.cost.balancers import balancers
from wavetank.cost.readings import HOURS_PER_MONTH, Range, Reading
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    of_nat = len(plan.network.nat_gateways)
    of_balancers = sum(each.zones for each in balancers(plan) if each.internet_facing)
    count = of_nat + of_balancers
    if count == 0:
        return []
    return [
        Reading(
            component="network",
            name="public IPv4 addresses",
            meter="publicIPv4Hour",
            quantity=Range.fixed(HOURS_PER_MONTH * count),
            unit="hours",
            how=f"{of_nat} of NAT gateways + {of_balancers} of load balancers × {HOURS_PER_MONTH} h",
            path="network.nat",
        )
    ]
