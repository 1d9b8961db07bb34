"""NET002: one NAT gateway for several zones in production."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from wavetank.catalog import HOURS_PER_MONTH, price
from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity


def check(case: Case) -> Iterator[Mistake]:
    network = case.aws.network
    if network is None or network.nat_gateways is None or network.subnets is None or not case.is_production:
        return
    gateways, zones = len(network.nat_gateways), len({s.zone for s in network.subnets if s.public is False and s.zone})
    if 0 < gateways < zones:
        yield Mistake(
            at=network.nat_gateways[0].at(),
            message=(
                f"{gateways} NAT gateway for {zones} zones: when its zone fails, pods in the others cannot pull images or "
                f"reach AWS, and now their traffic pays for crossing zones; one per zone "
                f"{_prices(case.aws.region, gateways, zones)}"
            ),
            remedy="give each zone a NAT gateway in production (network.nat: perZone in a spec)",
            numbers={"natGateways": gateways, "zones": zones},
        )


def _prices(region: str | None, gateways: int, zones: int) -> str:
    hour = price(region, "natGatewayHour") if region else None
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
