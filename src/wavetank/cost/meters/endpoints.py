"""Interface VPC endpoints: an hour's fee for each in each zone, and a fee for every gigabyte through them."""

from __future__ import annotations

from datetime import date

from wavetank.cost.readings import HOURS_PER_MONTH, Range, Reading
from wavetank.cost.traffic import growing
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    endpoints, zones = len(plan.network.interface_endpoints), len(plan.network.zones)
    if endpoints == 0:
        return []
    fee = Reading(
        component="network",
        name="interface endpoints",
        meter="vpcInterfaceEndpointHour",
        quantity=Range.fixed(HOURS_PER_MONTH * endpoints * zones),
        unit="hours",
        how=f"{endpoints} endpoints × {zones} zones × {HOURS_PER_MONTH} h",
        path="network.interfaceEndpoints",
    )
    gigabytes = plan.cost.endpoint_gb
    data = Reading(
        component="network",
        name="data through interface endpoints",
        meter="vpcInterfaceEndpointGB",
        quantity=growing(plan, gigabytes),
        unit="GB",
        how=f"{gigabytes} GB a month assumed",
        path="cost.endpointGb",
    )
    return [fee, *([data] if gigabytes else [])]
