"""The VPC: zones, subnets, NAT gateways, flow logs."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Literal

from wavetank import catalog
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import FlowLogs, NatGateway, NatMode, Network, Subnet
from wavetank.plan.reasons import Default
from wavetank.spec.aws import FlowLogs as WrittenFlowLogs
from wavetank.spec.aws import Network as WrittenNetwork
from wavetank.spec.platform import PlatformFile

_EKS_NETWORK = "docs.aws.amazon.com/eks/latest/userguide/network-reqs.html"
_BEST_PRACTICES = "docs.aws.amazon.com/eks/latest/best-practices"

VPC_RANGE = Default("network.vpc", "room for 65,536 addresses; every pod takes one", _EKS_NETWORK)
TWO_ZONES = Default(
    "network.zones", "EKS accepts no fewer than two zones, and each further one costs a NAT gateway", _EKS_NETWORK
)
NAT_PER_ZONE = Default(
    "network.nat", "the loss of one zone must not cut the others off", f"{_BEST_PRACTICES}/subnets.html"
)
FLOW_LOGS = Default(
    "network.flowLogs", "nothing else shows which connections were refused", f"{_BEST_PRACTICES}/network-security.html"
)
S3_ENDPOINT = Default("network.gatewayEndpoints", "free, and the layers of every image come from S3", _EKS_NETWORK)
NO_INTERFACE_ENDPOINTS = Default(
    "network.interfaceEndpoints", "each costs an hourly fee per zone, and NAT leads there too", _EKS_NETWORK
)


def network(written: PlatformFile, ledger: Ledger) -> Network:
    """The network of a platform; without a word from the author: two zones, a public and a private subnet in each."""
    stated = written.network or WrittenNetwork()
    vpc = ledger.chosen("network.vpcCidr", stated.vpc_cidr, "10.0.0.0/16", VPC_RANGE)
    zones = ledger.chosen("network.zones", stated.zones, catalog.zones(written.region)[:2], TWO_ZONES)
    ledger.derived(
        "network.subnets", None, ("network.zones", "network.vpcCidr"), "a public and a private subnet in each zone"
    )
    public = _subnets("public", stated.public_subnets, vpc, zones, ledger)
    private = _subnets("private", stated.private_subnets, vpc, zones, ledger)
    nat: NatMode = ledger.chosen("network.nat", stated.nat, "perZone", NAT_PER_ZONE)
    return Network(
        vpc_cidr=vpc,
        zones=zones,
        subnets=(*public, *private),
        nat=nat,
        nat_gateways=_nat_gateways(nat, public, zones, ledger),
        flow_logs=_flow_logs(stated.flow_logs, ledger),
        gateway_endpoints=ledger.chosen("network.gatewayEndpoints", stated.gateway_endpoints, ("s3",), S3_ENDPOINT),
        interface_endpoints=ledger.chosen(
            "network.interfaceEndpoints", stated.interface_endpoints, (), NO_INTERFACE_ENDPOINTS
        ),
    )


def _subnets(
    kind: Literal["public", "private"],
    written: tuple[str, ...] | None,
    vpc: str,
    zones: tuple[str, ...],
    ledger: Ledger,
) -> tuple[Subnet, ...]:
    ranges = written or _ranges(kind, vpc, len(zones))
    return tuple(
        _subnet(kind, zone, cidr, f"network.{kind}Subnets[{index}]" if written else "", ledger)
        for index, (zone, cidr) in enumerate(zip(zones, ranges, strict=True))
    )


def _subnet(kind: str, zone: str, cidr: str, stated_at: str, ledger: Ledger) -> Subnet:
    name = f"{kind}-{zone}"
    path = f"network.subnets[{name}]"
    ledger.derived(path, None, ("network.zones",), f"each zone has one {kind} subnet")
    if stated_at:
        ledger.stated(f"{path}.cidr", cidr, stated_at)
    else:
        ledger.derived(
            f"{path}.cidr", cidr, ("network.vpcCidr", "network.zones"), "the VPC's range is shared out over the zones"
        )
    return Subnet(name, cidr, zone, public=kind == "public")


def _ranges(kind: Literal["public", "private"], vpc: str, count: int) -> tuple[str, ...]:
    """Private subnets are sixteenths from the second one on; public ones are small and lie in the first sixteenth."""
    sixteenths = list(IPv4Network(vpc).subnets(prefixlen_diff=4))
    if kind == "private":
        return tuple(str(each) for each in sixteenths[1 : count + 1])
    small = list(sixteenths[0].subnets(prefixlen_diff=4))
    return tuple(str(each) for each in small[1 : count + 1])


def _nat_gateways(
    nat: NatMode, public: tuple[Subnet, ...], zones: tuple[str, ...], ledger: Ledger
) -> tuple[NatGateway, ...]:
    homes = {"none": (), "single": public[:1], "perZone": public}[nat]
    ledger.derived("network.natGateways", None, ("network.nat", "network.zones"), f"NAT is {nat}")
    return tuple(
        NatGateway(f"nat-{subnet.zone}", subnet.name, zones if nat == "single" else (subnet.zone,)) for subnet in homes
    )


def _flow_logs(written: WrittenFlowLogs | None, ledger: Ledger) -> FlowLogs | None:
    stated = written or WrittenFlowLogs()
    ledger.chosen("network.flowLogs", written, None, FLOW_LOGS)
    if not stated.enabled:
        return None
    path = "network.flowLogs"
    rule = Default(
        path, "what was accepted and what was refused, for a month, in records of ten minutes", FLOW_LOGS.source
    )
    return FlowLogs(
        traffic_type=ledger.chosen(f"{path}.trafficType", stated.traffic_type, "ALL", rule),
        retention_days=ledger.chosen(f"{path}.retentionDays", stated.retention_days, 30, rule),
        aggregation_seconds=ledger.chosen(f"{path}.aggregationSeconds", stated.aggregation_seconds, 600, rule),
    )
