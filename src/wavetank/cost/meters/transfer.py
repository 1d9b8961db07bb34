"""Data that leaves: to the internet, by tiers, and across zones, where each side is charged."""

from __future__ import annotations

from datetime import date

from wavetank.cost.readings import Reading
from wavetank.cost.traffic import growing
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    out = Reading(
        component="network",
        name="data out to the internet",
        meter="dataTransferOut",
        quantity=growing(plan, plan.cost.internet_out_gb),
        unit="GB",
        how=f"{plan.cost.internet_out_gb} GB a month assumed, the free allowance and tiers applied",
        path="cost.internetOutGb",
    )
    across = Reading(
        component="network",
        name="data across zones",
        meter="dataTransferIntraRegionGB",
        quantity=growing(plan, plan.cost.cross_zone_gb).times(2),
        unit="GB",
        how=f"{plan.cost.cross_zone_gb} GB a month assumed, charged on both sides",
        path="cost.crossZoneGb",
    )
    return [out, across]
