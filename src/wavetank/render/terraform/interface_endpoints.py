"""interface_endpoints.tf: AWS services with addresses in the private subnets, so that their traffic does not leave the VPC."""

from __future__ import annotations

from wavetank.plan.model import Plan
from wavetank.render.hcl import Attribute, Item, attributes, expression
from wavetank.render.terraform.caches import FUNCTIONS
from wavetank.render.terraform.parts import resource, set_of, template
from wavetank.render.terraform.security_groups import PODS, Peer, group_id, guarded
from wavetank.render.trace import Traced

PATH = "network.interfaceEndpoints"
GROUP = "endpoints"
_HTTPS = 443


def items(plan: Plan) -> tuple[Item, ...]:
    """One endpoint per service, all behind one security group; nothing when the plan has none."""
    services = plan.network.interface_endpoints
    if not services:
        return ()
    body: tuple[Item, ...] = (
        Attribute("for_each", Traced(expression(set_of(services)), PATH)),
        *attributes(
            vpc_id=expression("aws_vpc.main.id"),
            service_name=template("com.amazonaws.${local.region}.${each.key}"),
            vpc_endpoint_type="Interface",
            subnet_ids=expression("[for subnet in aws_subnet.private : subnet.id]"),
            security_group_ids=[group_id(GROUP)],
            private_dns_enabled=True,
            tags={"Name": template("${local.cluster_name}-${each.key}")},
        ),
    )
    guard = guarded(GROUP, "AWS services inside the VPC", _HTTPS, _peers(plan), PATH)
    return (*guard, resource("aws_vpc_endpoint", "interface", body, PATH))


def _peers(plan: Plan) -> tuple[Peer, ...]:
    """Private DNS leads everything in the VPC to the endpoints, so functions that stand in it must be let in, too."""
    functions = plan.serverless.functions if plan.serverless else ()
    inside = Peer(FUNCTIONS, group_id(FUNCTIONS), "Functions in the VPC")
    return (PODS, inside) if any(each.in_vpc for each in functions) else (PODS,)
