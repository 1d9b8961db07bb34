"""Load balancers: an hour's fee and capacity units (LCU), of which the largest of several dimensions is billed.

Requests are shared evenly by the load balancers that face the internet, or by all where none does. Each request is taken as a
connection of its own; keep-alive makes it cheaper.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from wavetank.base.units import KIB_PER_GB
from wavetank.catalog import application_load_balancer_unit, network_load_balancer_unit
from wavetank.cost.balancers import Balancer, balancers
from wavetank.cost.readings import HOURS_PER_MONTH, Range, Reading, hourly
from wavetank.plan.model import Plan

SECONDS_PER_HOUR = 3600
SECONDS_PER_MINUTE = 60


def readings(plan: Plan, on: date) -> list[Reading]:
    found = balancers(plan)
    facing = [each for each in found if each.internet_facing] or found
    return [reading for each in found for reading in _balancer(plan, each, len(facing) if each in facing else None)]


def _balancer(plan: Plan, balancer: Balancer, sharers: int | None) -> list[Reading]:
    kind = "application" if balancer.kind == "alb" else "network"
    name = f"{balancer.name}: {kind} load balancer"
    meter = "albHour" if balancer.kind == "alb" else "nlbHour"
    fee = hourly("network", name, meter, 1, "load balancer", balancer.path, balancer.workload)
    mean = plan.traffic.requests_per_second / sharers if sharers else Decimal(0)
    busiest = plan.traffic.peak_requests_per_second / sharers if sharers else Decimal(0)
    expected, peak = capacity_units(plan, mean, balancer), capacity_units(plan, busiest, balancer)
    units = Reading(
        component="network",
        name=f"{balancer.name}: load balancer capacity units",
        meter="albLcuHour" if balancer.kind == "alb" else "nlbLcuHour",
        quantity=Range.up_to(expected, peak).times(HOURS_PER_MONTH),
        unit="LCU-hours",
        how=f"{expected:.4f} LCU on average (a connection for each request), {peak:.4f} at the peak",
        path=balancer.path,
        workload=balancer.workload,
    )
    return [fee, units]


def capacity_units(plan: Plan, requests_per_second: Decimal, balancer: Balancer | None = None) -> Decimal:
    """Capacity units at a rate: of an NLB for TCP, or of an ALB with its rules."""
    kib = plan.traffic.request_kib + plan.traffic.response_kib
    gigabytes_an_hour = requests_per_second * kib * SECONDS_PER_HOUR / KIB_PER_GB
    if balancer is None or balancer.kind == "nlb":
        unit = network_load_balancer_unit()
        return max(requests_per_second / unit.new_connections_per_second, gigabytes_an_hour / unit.gb_per_hour)
    return _application_units(requests_per_second, gigabytes_an_hour, balancer.rules)


def _application_units(requests_per_second: Decimal, gigabytes_an_hour: Decimal, rules: int) -> Decimal:
    unit = application_load_balancer_unit()
    evaluations = requests_per_second * max(0, rules - unit.free_rules)
    return max(
        requests_per_second / unit.new_connections_per_second,
        requests_per_second * SECONDS_PER_MINUTE / unit.active_connections_per_minute,
        gigabytes_an_hour / unit.gb_per_hour,
        evaluations / unit.rule_evaluations_per_second,
    )
