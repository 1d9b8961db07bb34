"""What a platform costs a month when nothing happens, from what any input tells; shared by the CST rules. Pure arithmetic."""

from __future__ import annotations

from decimal import Decimal

from wavetank.catalog import HOURS_PER_MONTH, ec2_price_usd_hour, price
from wavetank.checks.aws import NodeGroup
from wavetank.checks.case import Case


def control_plane_usd(case: Case) -> Decimal:
    """The clusters' standard fee."""
    return _hourly(case, "eksClusterHour") * len(case.aws.clusters)


def nat_usd(case: Case) -> Decimal:
    """NAT gateways by the hour, their data not counted."""
    gateways = sum(len(network.nat_gateways or ()) for network in case.aws.networks)
    return _hourly(case, "natGatewayHour") * gateways


def nodes_usd(case: Case, group: NodeGroup, nodes: int) -> Decimal | None:
    """So many nodes of a group on demand; None when its type or price is not known."""
    kind = (group.instance_types or ("",))[0]
    known = ec2_price_usd_hour(region_of(case), kind)
    return None if known is None else known.usd * HOURS_PER_MONTH * nodes


def least_usd(case: Case) -> Decimal:
    """The control plane, NAT gateways and every group at its minimum: more only comes on top."""
    groups = (nodes_usd(case, group, group.min_size or 0) for group in case.aws.node_groups)
    return control_plane_usd(case) + nat_usd(case) + sum((each for each in groups if each is not None), Decimal(0))


def region_of(case: Case) -> str:
    return case.aws.region or "us-east-1"


def _hourly(case: Case, meter: str) -> Decimal:
    known = price(region_of(case), meter)
    return Decimal(0) if known is None else known.usd * HOURS_PER_MONTH
