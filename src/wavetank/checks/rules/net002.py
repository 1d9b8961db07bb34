"""NET002: one NAT gateway for several zones in production."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from wavetank.catalog import HOURS_PER_MONTH, price
from wavetank.checks.model import Case, Mistake, Rule, Severity
from wavetank.plan.model import Plan

PRODUCTION_NAMES = ("production", "prod", "live")


def check(case: Case) -> Iterator[Mistake]:
    network = case.plan.network
    gateways, zones = len(network.nat_gateways), len({subnet.zone for subnet in network.private_subnets})
    if case.plan.environment in PRODUCTION_NAMES and 0 < gateways < zones:
        yield Mistake(
            path="network.nat",
            message=(
                f"{gateways} NAT gateway for {zones} zones: when its zone fails, pods in the others cannot pull images or "
                f"reach AWS, and now their traffic pays for crossing zones; one per zone {_prices(case.plan, gateways, zones)}"
            ),
            remedy="set network.nat to perZone in production",
            numbers={"natGateways": gateways, "zones": zones},
        )


def _prices(plan: Plan, gateways: int, zones: int) -> str:
    hour = price(plan.region, "natGatewayHour")
    if hour is None:
        return "costs one more hourly fee per zone"
    month = (hour.usd * HOURS_PER_MONTH).quantize(Decimal("0.01"))
    return f"costs ${month * zones} a month instead of ${month * gateways} (plus data)"


RULE = Rule(
    id="NET002",
    severity=Severity.WARN,
    title="A single NAT gateway carries every zone of production",
    source="Amazon VPC user guide, NAT gateways: zonal resources",
    check=check,
)
