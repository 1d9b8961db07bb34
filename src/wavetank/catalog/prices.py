"""Prices with their source. No price is not a price of zero: whoever asks gets None and has to say so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from wavetank.catalog.files import data
from wavetank.catalog.learned import current

#: the month of AWS's own price examples
HOURS_PER_MONTH = Decimal(data("prices")["hoursPerMonth"])


@dataclass(frozen=True)
class Price:
    """US dollars per unit (the key's name ends with the unit), where it comes from and whether a document confirms it."""

    usd: Decimal
    source: str
    #: of the source; None where the source carries no date
    date: date | None
    confirmed: bool
    note: str = ""


@dataclass(frozen=True)
class Tier:
    """A step of a graded price: ``usd`` per GB up to ``up_to_gb`` in the month; None is the last, open step."""

    up_to_gb: int | None
    usd: Decimal


@dataclass(frozen=True)
class TieredPrice:
    tiers: tuple[Tier, ...]
    free_gb_month: int
    source: str
    date: date | None
    confirmed: bool


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def ec2_price_usd_hour(region: str, instance_type: str) -> Price | None:
    """On-demand Linux price of one hour; None when the type is not offered there or its price is not known."""
    own = current()
    if instance_type in own.ec2_usd_hour.get(region, {}):
        return Price(own.ec2_usd_hour[region][instance_type], own.source, own.date, True)
    facts = data("ec2-prices")
    if region not in facts["regions"] or instance_type not in facts["types"]:
        return None
    usd = facts["types"][instance_type][facts["regions"].index(region)]
    return None if usd is None else Price(Decimal(usd), facts["sourceOf"][region], _day(facts["dates"][region]), True)


def price(region: str, key: str) -> Price | None:
    """The price named ``key`` (``natGatewayHour``, ``ebsGp3GBMonth``; ``price_keys`` has all) in a region."""
    own = current()
    if key in own.usd.get(region, {}):
        return Price(own.usd[region][key], own.source, own.date, True)
    facts = data("prices")
    row = facts["regions"].get(region, {}).get(key)
    if row is None:
        return None
    usd, source, confirmed, *note = row
    origin = facts["sources"][source]
    return Price(Decimal(usd), origin["text"], _day(origin["date"]), confirmed, *note)


def internet_out_price(region: str) -> TieredPrice | None:
    """Data transfer from the region to the internet, graded by the month's volume."""
    facts = data("prices")
    row = facts["internetOut"].get(region)
    if row is None:
        return None
    origin = facts["sources"][row["source"]]
    tiers = tuple(Tier(up_to, Decimal(usd)) for up_to, usd in row["tiers"])
    return TieredPrice(tiers, row["freeGbMonth"], origin["text"], _day(origin["date"]), row["confirmed"])


@cache
def price_keys() -> tuple[str, ...]:
    """The names of all prices but those of EC2 instances."""
    return tuple(dict.fromkeys(key for prices in data("prices")["regions"].values() for key in prices))


@dataclass(frozen=True)
class LoadBalancerUnit:
    """What one capacity unit (LCU) of a network load balancer covers for TCP; the largest dimension is billed."""

    new_connections_per_second: int
    active_connections: int
    gb_per_hour: int


def network_load_balancer_unit() -> LoadBalancerUnit:
    """The dimensions of an NLB capacity unit for TCP."""
    unit = data("prices")["nlbCapacityUnitTcp"]
    return LoadBalancerUnit(unit["newConnPerSec"], unit["activeConn"], unit["GBPerHour"])


@dataclass(frozen=True)
class ApplicationLoadBalancerUnit:
    """What one capacity unit (LCU) of an application load balancer covers; the largest dimension is billed."""

    new_connections_per_second: int
    active_connections_per_minute: int
    gb_per_hour: int
    rule_evaluations_per_second: int
    #: rules that are evaluated for nothing
    free_rules: int


def application_load_balancer_unit() -> ApplicationLoadBalancerUnit:
    """The dimensions of an ALB capacity unit."""
    unit = data("prices")["albCapacityUnit"]
    return ApplicationLoadBalancerUnit(
        unit["newConnPerSec"],
        unit["activeConnPerMin"],
        unit["GBPerHour"],
        unit["ruleEvalPerSec"],
        unit["freeRules"],
    )


@dataclass(frozen=True)
class Saving:
    """What is taken off a list price, as a fraction of it; none of them is confirmed."""

    fraction: Decimal
    source: str


def spot_saving() -> Saving:
    """What Spot machines are assumed to cost less than on demand."""
    row = data("prices")["spot"]
    return Saving(Decimal(row["savingFraction"]), row["source"])


def spot_saving_percent() -> Decimal:
    """The same in percent."""
    return spot_saving().fraction * 100


def valkey_saving() -> Saving:
    """What nodes of ElastiCache cost less with Valkey than with Redis OSS."""
    row = data("prices")["valkey"]
    return Saving(Decimal(row["savingFraction"]), row["source"])


def commitment_saving(kind: str, term: str) -> Saving:
    """What a ``savings-plan`` or ``reserved`` instances save for a term (``1y-no-upfront``); KeyError for others."""
    facts = data("prices")["commitments"]
    return Saving(Decimal(facts["savingFractions"][kind][term]), facts["source"])


def commitment_terms(kind: str) -> tuple[str, ...]:
    """The terms of a kind of commitment."""
    return tuple(data("prices")["commitments"]["savingFractions"].get(kind, ()))


@dataclass(frozen=True)
class InsightsMetrics:
    """How many metrics Container Insights (enhanced observability) observes, and how often in an hour. Not confirmed."""

    observations_per_hour: int
    per_cluster: int
    per_node: int
    per_pod: int
    per_container: int
    source: str


def container_insights() -> InsightsMetrics:
    """What CloudWatch counts for a cluster with the observability add-on."""
    row = data("prices")["containerInsights"]
    return InsightsMetrics(
        row["observationsPerHour"],
        row["metricsPerCluster"],
        row["metricsPerNode"],
        row["metricsPerPod"],
        row["metricsPerContainer"],
        row["source"],
    )
