"""Route 53: a month's fee for the zone that is made here, and queries."""

from __future__ import annotations

from datetime import date

from wavetank.cost.readings import Range, Reading
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    if plan.dns is None:
        return []
    queries = plan.cost.dns_million_queries
    asked = Reading(
        component="network",
        name="DNS queries",
        meter="route53QueriesPerMillion",
        quantity=Range.up_to(queries, queries),
        unit="million",
        how=f"{queries} million a month assumed",
        path="cost.dnsMillionQueries",
    )
    how = "1 hosted zone; one that exists already is paid by its owner" if plan.dns.create_zone else ""
    zone = Reading("network", plan.dns.zone, "route53ZoneMonth", Range.fixed(1), "zone-months", how, "dns.zone")
    return [*([zone] if plan.dns.create_zone else []), *([asked] if queries else [])]
