"""entrance.tf: the internal load balancer through which functions and APIs reach Services of the cluster.

It is Terraform's, so that its name is known to them; TargetGroupBindings (kubernetes/) have the controller register the pods.
"""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.aws_names import shortened
from wavetank.plan.model import Entrance, Plan
from wavetank.render.hcl import Attribute, Block, Comment, Item, attributes, block, expression
from wavetank.render.terraform.parts import explained, identifiers, resource
from wavetank.render.terraform.security_groups import (
    CLUSTER_GROUP,
    PODS,
    Peer,
    egress,
    group_id,
    ingress,
    security_group,
)
from wavetank.render.trace import Traced

GROUP = "entrance"
VPC_LINK = "vpc_link"
FUNCTIONS = "functions"
#: longer than anybody here waits, and AWS's own value: an idle connection does not end while somebody waits for an answer
_IDLE_SECONDS = 350
#: of a load balancer
_NAME_CHARACTERS = 32


def items(plan: Plan) -> tuple[Item, ...]:
    """Security group, load balancer, and for each Service a target group with its listener."""
    entrances = plan.serverless.entrances if plan.serverless else ()
    if not entrances:
        return ()
    labels = identifiers(each.service for each in entrances)
    return (
        *_guard(plan),
        _load_balancer(plan),
        *(item for each in entrances for item in _entrance(plan, each, labels[each.service])),
    )


def listener(plan: Plan, service: str) -> str:
    """The address of the listener that leads to a Service."""
    entrances = plan.serverless.entrances if plan.serverless else ()
    return f"aws_lb_listener.entrance_{identifiers(each.service for each in entrances)[service]}"


def clients(plan: Plan, service: str) -> tuple[str, ...]:
    """The security groups whose members come to a Service: of functions that call it, of API Gateway's link."""
    half = plan.serverless
    if half is None:
        return ()
    called = any(call.service == service for function in half.functions for call in function.calls)
    routed = any(route.service == service for api in half.apis for route in api.routes)
    return (*((FUNCTIONS,) if called else ()), *((VPC_LINK,) if routed else ()))


def _guard(plan: Plan) -> Iterator[Block]:
    entrances = plan.serverless.entrances if plan.serverless else ()
    yield security_group(GROUP, "Internal load balancer", "serverless.entrances")
    for each in entrances:
        path = f"serverless.entrances[{each.service}]"
        for client in clients(plan, each.service):
            yield ingress(GROUP, each.port, Peer(client, group_id(client), f"To {each.service}"), path)
    for port in sorted({each.target_port for each in entrances}):
        balancer = Peer(GROUP, group_id(GROUP), "Internal load balancer")
        yield egress(GROUP, port, PODS, "serverless.entrances")
        yield ingress("cluster", port, balancer, "serverless.entrances", CLUSTER_GROUP)


def _load_balancer(plan: Plan) -> Block:
    body = attributes(
        name=shortened(f"{plan.cluster.name}-{GROUP}".replace("_", "-"), _NAME_CHARACTERS),
        internal=True,
        load_balancer_type="network",
        subnets=expression("[for subnet in aws_subnet.private : subnet.id]"),
        security_groups=[group_id(GROUP)],
        enable_cross_zone_load_balancing=True,
    )
    return resource("aws_lb", GROUP, body, "serverless.entrances")


def _entrance(plan: Plan, each: Entrance, label: str) -> Iterator[Block]:
    path, name = f"serverless.entrances[{each.service}]", f"entrance_{label}"
    yield _target_group(plan, each, name, path)
    forward = attributes(type="forward", target_group_arn=expression(f"aws_lb_target_group.{name}.arn"))
    body: tuple[Item, ...] = (
        *attributes(load_balancer_arn=expression(f"aws_lb.{GROUP}.arn")),
        Attribute("port", explained(plan, each.port, f"{path}.port")),
        *attributes(protocol="TCP", tcp_idle_timeout_seconds=_IDLE_SECONDS),
        block("default_action", (), forward, path),
    )
    yield resource("aws_lb_listener", name, body, path)


def _target_group(plan: Plan, each: Entrance, name: str, path: str) -> Block:
    health = attributes(
        protocol="HTTP",
        path=explained(plan, each.health_check_path, f"{path}.healthCheckPath"),
        port="traffic-port",
        interval=10,
        timeout=5,
        healthy_threshold=2,
        unhealthy_threshold=2,
    )
    body: tuple[Item, ...] = (
        Comment("Filled by the load balancer controller through the TargetGroupBinding of the same name."),
        *attributes(
            name=Traced(each.target_group, f"{path}.targetGroup"),
            port=Traced(each.target_port, f"{path}.targetPort"),
            protocol="TCP",
            target_type="ip",
            vpc_id=expression("aws_vpc.main.id"),
            deregistration_delay="30",
            preserve_client_ip="false",
        ),
        block("health_check", (), health, f"{path}.healthCheckPath"),
    )
    return resource("aws_lb_target_group", name, body, path)
