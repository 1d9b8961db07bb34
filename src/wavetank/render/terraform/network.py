"""network.tf: the VPC, its subnets, and the ways out of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wavetank.plan.model import NatGateway, Plan, Subnet
from wavetank.render.hcl import Attribute, Block, Comment, Item, attributes, block, expression
from wavetank.render.terraform.parts import explained, resource, set_of, template
from wavetank.render.terraform.variables import variable
from wavetank.render.trace import Traced

#: how the AWS Load Balancer Controller finds the subnets of public and of internal load balancers
PUBLIC_ROLE_TAG = "kubernetes.io/role/elb"
PRIVATE_ROLE_TAG = "kubernetes.io/role/internal-elb"
#: how Karpenter finds subnets and security groups for the nodes that it starts
KARPENTER_TAG = "karpenter.sh/discovery"


def items(plan: Plan) -> tuple[Item, ...]:
    """Everything below the VPC; NAT and gateway endpoints only where the plan has them."""
    return (
        _locals(plan),
        _vpc(),
        _internet_gateway(),
        _subnets("public", {PUBLIC_ROLE_TAG: "1"}, "Load balancers and NAT gateways stand here; nodes do not."),
        _subnets("private", _private_tags(plan), "Nodes and pods live here."),
        *_public_routes(),
        *(_nat(plan) if plan.network.nat_gateways else ()),
        *_private_routes(plan),
        *(_gateway_endpoints(plan) if plan.network.gateway_endpoints else ()),
    )


def _locals(plan: Plan) -> Block:
    network = plan.network
    groups: dict[str, Traced] = {
        "public_subnets": _subnet_map(network.public_subnets, ()),
        "private_subnets": _subnet_map(network.private_subnets, network.nat_gateways),
    }
    if network.nat_gateways:
        subnets = {
            gateway.name: Traced(gateway.subnet, f"{_nat_path(gateway)}.subnet") for gateway in network.nat_gateways
        }
        groups["nat_gateways"] = explained(plan, subnets, "network.nat")
    return block("locals", (), tuple(Attribute(name, value) for name, value in groups.items()), "network")


def _subnet_map(subnets: Sequence[Subnet], gateways: Sequence[NatGateway]) -> Traced:
    return Traced({subnet.name: _subnet_values(subnet, gateways) for subnet in subnets}, "network.subnets")


def _subnet_values(subnet: Subnet, gateways: Sequence[NatGateway]) -> Traced:
    path = f"network.subnets[{subnet.name}]"
    values = {"cidr": Traced(subnet.cidr, f"{path}.cidr"), "zone": Traced(subnet.zone, f"{path}.zone")}
    for gateway in gateways:
        if subnet.zone in gateway.zones:
            values["nat_gateway"] = Traced(gateway.name, f"{_nat_path(gateway)}.zones")
    return Traced(values, path)


def _nat_path(gateway: NatGateway) -> str:
    return f"network.natGateways[{gateway.name}]"


def _vpc() -> Block:
    body: tuple[Item, ...] = (
        Attribute("cidr_block", variable("vpc_cidr", "network.vpcCidr")),
        *attributes(
            enable_dns_support=True, enable_dns_hostnames=True, tags={"Name": expression("local.cluster_name")}
        ),
    )
    return resource("aws_vpc", "main", body, "network")


def _internet_gateway() -> Block:
    body = attributes(vpc_id=expression("aws_vpc.main.id"), tags={"Name": expression("local.cluster_name")})
    return resource("aws_internet_gateway", "main", body, "network")


def _private_tags(plan: Plan) -> dict[str, Any]:
    discovery = {KARPENTER_TAG: Traced(expression("local.cluster_name"), "karpenter")} if plan.karpenter else {}
    return {PRIVATE_ROLE_TAG: "1"} | discovery


def _subnets(kind: str, tags: dict[str, Any], comment: str) -> Block:
    body: tuple[Item, ...] = (
        Comment(comment),
        *attributes(
            for_each=expression(f"local.{kind}_subnets"),
            vpc_id=expression("aws_vpc.main.id"),
            cidr_block=expression("each.value.cidr"),
            availability_zone=expression("each.value.zone"),
            tags={"Name": template("${local.cluster_name}-${each.key}")} | tags,
        ),
    )
    return resource("aws_subnet", kind, body, "network.subnets")


def _public_routes() -> tuple[Block, ...]:
    table = attributes(vpc_id=expression("aws_vpc.main.id"), tags={"Name": template("${local.cluster_name}-public")})
    route = attributes(
        route_table_id=expression("aws_route_table.public.id"),
        destination_cidr_block="0.0.0.0/0",
        gateway_id=expression("aws_internet_gateway.main.id"),
    )
    association = attributes(
        for_each=expression("aws_subnet.public"),
        subnet_id=expression("each.value.id"),
        route_table_id=expression("aws_route_table.public.id"),
    )
    return (
        resource("aws_route_table", "public", table, "network"),
        resource("aws_route", "public_internet", route, "network"),
        resource("aws_route_table_association", "public", association, "network.subnets"),
    )


def _nat(plan: Plan) -> tuple[Block, ...]:
    name = {"Name": template("${local.cluster_name}-${each.key}")}
    address = attributes(for_each=expression("local.nat_gateways"), domain="vpc", tags=name)
    gateway: tuple[Item, ...] = (
        *attributes(
            for_each=expression("local.nat_gateways"),
            allocation_id=expression("aws_eip.nat[each.key].id"),
            subnet_id=expression("aws_subnet.public[each.value].id"),
            tags=name,
        ),
        Comment("The gateway's own traffic leaves through the internet gateway."),
        *attributes(depends_on=[expression("aws_internet_gateway.main")]),
    )
    return (
        resource("aws_eip", "nat", address, "network.nat"),
        resource("aws_nat_gateway", "main", gateway, "network.nat"),
    )


def _private_routes(plan: Plan) -> tuple[Block, ...]:
    table = attributes(
        for_each=expression("local.private_subnets"),
        vpc_id=expression("aws_vpc.main.id"),
        tags={"Name": template("${local.cluster_name}-${each.key}")},
    )
    association = attributes(
        for_each=expression("aws_subnet.private"),
        subnet_id=expression("each.value.id"),
        route_table_id=expression("aws_route_table.private[each.key].id"),
    )
    blocks = [
        resource("aws_route_table", "private", table, "network.subnets"),
        resource("aws_route_table_association", "private", association, "network.subnets"),
    ]
    return (*blocks, _nat_route()) if plan.network.nat_gateways else tuple(blocks)


def _nat_route() -> Block:
    body = attributes(
        for_each=expression(
            "{ for name, subnet in local.private_subnets : name => subnet if can(subnet.nat_gateway) }"
        ),
        route_table_id=expression("aws_route_table.private[each.key].id"),
        destination_cidr_block="0.0.0.0/0",
        nat_gateway_id=expression("aws_nat_gateway.main[each.value.nat_gateway].id"),
    )
    return resource("aws_route", "private_nat", body, "network.nat")


def _gateway_endpoints(plan: Plan) -> tuple[Block, ...]:
    services = Traced(list(plan.network.gateway_endpoints), "network.gatewayEndpoints")
    body: tuple[Item, ...] = (
        Comment("Gateway endpoints are free, and what goes through them does not pay for NAT."),
        Attribute("for_each", Traced(expression(set_of(plan.network.gateway_endpoints)), services.path)),
        *attributes(
            vpc_id=expression("aws_vpc.main.id"),
            service_name=template("com.amazonaws.${local.region}.${each.key}"),
            vpc_endpoint_type="Gateway",
            route_table_ids=expression("[for table in aws_route_table.private : table.id]"),
            tags={"Name": template("${local.cluster_name}-${each.key}")},
        ),
    )
    return (resource("aws_vpc_endpoint", "gateway", body, services.path),)
