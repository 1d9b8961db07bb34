"""Network load balancers: an hour's fee and capacity units (LCU): the largest of connections, open flows and bytes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from wavetank.base.units import KIB_PER_GB
from wavetank.catalog import network_load_balancer_unit
from wavetank.cost.readings import HOURS_PER_MONTH, Range, Reading
from wavetank.plan.model import Plan, Service

SECONDS_PER_HOUR = 3600


def readings(plan: Plan, on: date) -> list[Reading]:
    balancers = [service for service in plan.services if service.load_balancer is not None]
    return [reading for service in balancers for reading in _balancer(plan, service, len(balancers))]


def _balancer(plan: Plan, service: Service, balancers: int) -> list[Reading]:
    path = f"services[{service.name}]"
    fee = Reading(
        component="network",
        name=f"{service.name}: network load balancer",
        meter="nlbHour",
        quantity=Range.fixed(HOURS_PER_MONTH),
        unit="hours",
        how=f"1 load balancer × {HOURS_PER_MONTH} h",
        path=path,
    )
    expected = capacity_units(plan, plan.traffic.requests_per_second / balancers)
    peak = capacity_units(plan, plan.traffic.peak_requests_per_second / balancers)
    units = Reading(
        component="network",
        name=f"{service.name}: load balancer capacity units",
        meter="nlbLcuHour",
        quantity=Range.up_to(expected, peak).times(HOURS_PER_MONTH),
        unit="LCU-hours",
        how=f"{expected:.4f} LCU on average (a connection for each request), {peak:.4f} at the peak",
        path=path,
    )
    return [fee, units]


def capacity_units(plan: Plan, requests_per_second: Decimal) -> Decimal:
    """NLB capacity units for TCP, taking a new connection for each request (keep-alive makes it cheaper)."""
    unit = network_load_balancer_unit()
    kib = plan.traffic.request_kib + plan.traffic.response_kib
    gigabytes_an_hour = requests_per_second * kib * SECONDS_PER_HOUR / KIB_PER_GB
    return max(requests_per_second / unit.new_connections_per_second, gigabytes_an_hour / unit.gb_per_hour)
