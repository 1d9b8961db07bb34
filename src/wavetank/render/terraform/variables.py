"""variables.tf and terraform.tfvars: what differs between environments or is changed most, in one place to read and change.

Resources use ``var.<name>``; the value stands in terraform.tfvars with its plan path and reason, so that explain answers there
as well as at the resource. ``VARIABLES`` lists them in the order in which people read them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wavetank.plan.model import NodeGroup, Plan
from wavetank.render.hcl import Attribute, Block, Call, Item, attributes, block, expression, quoted
from wavetank.render.terraform.parts import explained
from wavetank.render.trace import Traced, entries


@dataclass(frozen=True)
class Variable:
    """An input of the configuration; ``value`` is None where the plan has nothing for it."""

    name: str
    type: Any
    description: str
    path: str
    value: Callable[[Plan], Any]


def variable(name: str, path: str) -> Traced:
    """A reference to a variable from the line of a resource, with the plan path of its value."""
    assert any(each.name == name for each in VARIABLES), f"there is no variable {name!r}"
    return Traced(expression(f"var.{name}"), path)


def of_node_group(group: NodeGroup, field: str, path: str) -> Traced:
    """A reference to a value of one node group: ``var.node_groups["general"].min_size``."""
    return Traced(expression(f"var.node_groups[{quoted(group.name)}].{field}"), path)


# --- values -----------------------------------------------------------------------------------------------------------


def _public_access(plan: Plan) -> Any:
    endpoint = plan.cluster.endpoint
    path = "cluster.endpoint.publicAccessCidrs"
    return explained(plan, list(endpoint.public_access_cidrs), path) if endpoint.public else None


def _log_retention(plan: Plan) -> Any:
    path = "cluster.logs.retentionDays"
    return explained(plan, plan.cluster.logs.retention_days, path) if plan.cluster.logs.types else None


def _node_groups(plan: Plan) -> Any:
    groups = {group.name: _node_group(plan, group) for group in plan.node_groups}
    return Traced(groups, "nodeGroups") if groups else None


def _node_group(plan: Plan, group: NodeGroup) -> Traced:
    path = f"nodeGroups[{group.name}]"
    values = {
        "instance_types": Traced(list(group.instance_types), f"{path}.instanceTypes"),
        "capacity_type": Traced(group.capacity_type, f"{path}.capacityType"),
        "min_size": Traced(group.min_size, f"{path}.minSize"),
        "desired_size": Traced(group.desired_size, f"{path}.desiredSize"),
        "max_size": Traced(group.max_size, f"{path}.maxSize"),
        "disk_gib": Traced(group.disk.gib, f"{path}.disk.gib"),
    }
    return Traced(values, path)


_GROUP_TYPE = {
    "instance_types": expression("list(string)"),
    "capacity_type": expression("string"),
    "min_size": expression("number"),
    "desired_size": expression("number"),
    "max_size": expression("number"),
    "disk_gib": expression("number"),
}

VARIABLES: tuple[Variable, ...] = (
    Variable("region", expression("string"), "AWS region", "region", lambda plan: Traced(plan.region, "region")),
    Variable(
        "account_id",
        expression("string"),
        "The only AWS account that may be worked on",
        "accountId",
        lambda plan: Traced(plan.account_id, "accountId"),
    ),
    Variable(
        "tags", expression("map(string)"), "Tags of all resources", "tags", lambda plan: entries(plan.tags, "tags")
    ),
    Variable(
        "vpc_cidr",
        expression("string"),
        "Address range of the VPC; the subnets lie in it",
        "network.vpcCidr",
        lambda plan: explained(plan, plan.network.vpc_cidr, "network.vpcCidr"),
    ),
    Variable(
        "cluster_version",
        expression("string"),
        "Kubernetes minor of the cluster and its nodes",
        "cluster.version",
        lambda plan: explained(plan, plan.cluster.version, "cluster.version"),
    ),
    Variable(
        "public_access_cidrs",
        expression("list(string)"),
        "Who may reach the cluster's API from the internet",
        "cluster.endpoint.publicAccessCidrs",
        _public_access,
    ),
    Variable(
        "cluster_log_retention_days",
        expression("number"),
        "Days for which logs of the control plane are kept",
        "cluster.logs.retentionDays",
        _log_retention,
    ),
    Variable(
        "node_groups",
        Call("map", Call("object", _GROUP_TYPE)),
        "Machines and sizes of the node groups, by name",
        "nodeGroups",
        _node_groups,
    ),
)


def items(plan: Plan) -> tuple[Item, ...]:
    """variables.tf: those for which the plan has a value."""
    return tuple(_declaration(each) for each in VARIABLES if each.value(plan) is not None)


def _declaration(each: Variable) -> Block:
    return block("variable", (each.name,), attributes(description=each.description, type=each.type), each.path)


def values(plan: Plan) -> tuple[Item, ...]:
    """terraform.tfvars: their values in this environment."""
    given = {each.name: each.value(plan) for each in VARIABLES}
    return tuple(Attribute(name, value) for name, value in given.items() if value is not None)
