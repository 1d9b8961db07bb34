"""node_groups.tf: the managed node groups, one launch template each, and the role that all nodes share.

A launch template is always needed: a node group itself can state neither the type and encryption of its root volume nor
the hop limit of the metadata service.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wavetank.kube.types import Obj
from wavetank.plan.model import NodeGroup, Plan
from wavetank.plan.reasons import key_path
from wavetank.render.hcl import Attribute, Blank, Block, Comment, Expression, Item, attributes, block, expression
from wavetank.render.terraform.parts import (
    attached,
    explained,
    identifiers,
    indexed,
    resource,
    role_name,
    service_trust,
    template,
    why,
)
from wavetank.render.terraform.user_data import user_data
from wavetank.render.terraform.variables import of_node_group
from wavetank.render.trace import Traced, entries

_POLICY = "arn:aws:iam::aws:policy/"
NODE_POLICIES = {"worker": "AmazonEKSWorkerNodePolicy", "registry": "AmazonEC2ContainerRegistryReadOnly"}
CNI_POLICY = {"cni": "AmazonEKS_CNI_Policy"}
_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}


def items(plan: Plan) -> tuple[Item, ...]:
    """The role, then a launch template and a node group for each group of the plan."""
    names = identifiers(group.name for group in plan.node_groups)
    early = identifiers(add_on.name for add_on in plan.add_ons)
    first = [f"aws_eks_addon.{early[add_on.name]}" for add_on in plan.add_ons if add_on.before_nodes]
    groups = [item for group in plan.node_groups for item in _group(plan, group, names[group.name], first)]
    return (*_role(plan), *groups) if groups else ()


def _role(plan: Plan) -> Iterator[Block]:
    role = attributes(
        name=role_name(f"{plan.cluster.name}-node"), assume_role_policy=service_trust("ec2.amazonaws.com")
    )
    yield resource("aws_iam_role", "node", role, "nodeGroups")
    for name, policy in node_policies(plan).items():
        yield attached(f"node_{name}", "node", _POLICY + policy, "nodeGroups")


def node_policies(plan: Plan) -> Mapping[str, str]:
    """The CNI's permissions stay off the nodes when its service account has a role of its own."""
    has_own_role = any(add_on.name == "vpc-cni" and add_on.role for add_on in plan.add_ons)
    return NODE_POLICIES if has_own_role else NODE_POLICIES | CNI_POLICY


def _group(plan: Plan, group: NodeGroup, name: str, first: list[str]) -> tuple[Block, ...]:
    path = f"nodeGroups[{group.name}]"
    tags = (_autoscaler_tags(plan, group, name, path),) if group.autoscaler_tags else ()
    return (_launch_template(plan, group, name, path), _node_group(plan, group, name, path, first), *tags)


def _launch_template(plan: Plan, group: NodeGroup, name: str, path: str) -> Block:
    hops = explained(plan, group.metadata_hop_limit, f"{path}.metadataHopLimit")
    metadata: tuple[Item, ...] = (
        *attributes(http_endpoint="enabled", http_tokens="required"),
        Attribute("http_put_response_hop_limit", hops),
    )
    tagged = attributes(resource_type="instance", tags={"Name": template(f"${{local.cluster_name}}-{group.name}")})
    body: tuple[Item, ...] = (
        *attributes(name=template(f"${{local.cluster_name}}-{group.name}"), update_default_version=True),
        *attributes(user_data=user_data(group, path)),
        block("metadata_options", (), metadata, path),
        _root_volume(group, path),
        block("tag_specifications", (), tagged, path),
    )
    return resource("aws_launch_template", name, body, path)


def _root_volume(group: NodeGroup, path: str) -> Block:
    """Bottlerocket keeps containers on its second volume; all other images have one."""
    device = "/dev/xvdb" if group.ami_type.startswith("BOTTLEROCKET") else "/dev/xvda"
    ebs = attributes(
        volume_size=of_node_group(group, "disk_gib", f"{path}.disk.gib"),
        volume_type=Traced(group.disk.type, f"{path}.disk.type"),
        encrypted=Traced(group.disk.encrypted, f"{path}.disk.encrypted"),
        delete_on_termination=True,
    )
    body: tuple[Item, ...] = (*attributes(device_name=device), block("ebs", (), ebs, f"{path}.disk"))
    return block("block_device_mappings", (), body, f"{path}.disk")


def _node_group(plan: Plan, group: NodeGroup, name: str, path: str, first: list[str]) -> Block:
    policies = [f"aws_iam_role_policy_attachment.node_{policy}" for policy in node_policies(plan)]
    ways_out = ["aws_route.private_nat"] if plan.network.nat_gateways else []
    if plan.network.interface_endpoints and not plan.network.nat_gateways:
        ways_out.append("aws_vpc_endpoint.interface")
    subnets = [_subnet(plan, subnet) for subnet in group.subnets]
    body: tuple[Item, ...] = (
        *attributes(
            cluster_name=expression("aws_eks_cluster.main.name"),
            node_group_name=Traced(group.name, f"{path}.name"),
            node_role_arn=expression("aws_iam_role.node.arn"),
            version=expression("aws_eks_cluster.main.version"),
            subnet_ids=Traced(subnets, f"{path}.subnets"),
            instance_types=of_node_group(group, "instance_types", f"{path}.instanceTypes"),
            capacity_type=of_node_group(group, "capacity_type", f"{path}.capacityType"),
            ami_type=Traced(group.ami_type, f"{path}.amiType"),
        ),
        *((Attribute("labels", entries(group.labels, f"{path}.labels")),) if group.labels else ()),
        _launch_template_reference(name, path),
        _scaling(group, path),
        _update(group, path),
        *(_taint(taint, f"{path}.taints[{index}]") for index, taint in enumerate(group.taints)),
        Blank(),
        Comment("Add-ons that a node needs to become Ready come first; permissions outlive the nodes on destroy."),
        *attributes(depends_on=[expression(item) for item in (*policies, *ways_out, *first)]),
        _lifecycle(path),
    )
    return resource("aws_eks_node_group", name, body, path)


def _subnet(plan: Plan, name: str) -> Expression:
    kind = "public" if any(subnet.name == name for subnet in plan.network.public_subnets) else "private"
    return indexed(f"aws_subnet.{kind}", name, "id")


def _launch_template_reference(name: str, path: str) -> Block:
    body = attributes(
        id=expression(f"aws_launch_template.{name}.id"),
        version=expression(f"aws_launch_template.{name}.latest_version"),
    )
    return block("launch_template", (), body, path)


def _autoscaler_tags(plan: Plan, group: NodeGroup, name: str, path: str) -> Block:
    """On the scaling group that EKS makes: an autoscaler reads them there."""
    where = f"{path}.autoscalerTags"
    cluster = f"/{plan.cluster.name}"
    tags: dict[Any, Traced] = {}
    for key, value in group.autoscaler_tags.items():
        shown = template(f"{key.removesuffix(cluster)}/${{local.cluster_name}}") if key.endswith(cluster) else key
        tags[shown] = Traced(value, key_path(where, key))
    tag = attributes(key=expression("each.key"), value=expression("each.value"), propagate_at_launch=False)
    body: tuple[Item, ...] = (
        Attribute("for_each", Traced(tags, where, why(plan, where))),
        *attributes(
            autoscaling_group_name=expression(f"aws_eks_node_group.{name}.resources[0].autoscaling_groups[0].name")
        ),
        block("tag", (), tag, where),
    )
    return resource("aws_autoscaling_group_tag", name, body, where)


def _scaling(group: NodeGroup, path: str) -> Block:
    body = attributes(
        min_size=of_node_group(group, "min_size", f"{path}.minSize"),
        desired_size=of_node_group(group, "desired_size", f"{path}.desiredSize"),
        max_size=of_node_group(group, "max_size", f"{path}.maxSize"),
    )
    return block("scaling_config", (), body, path)


def _update(group: NodeGroup, path: str) -> Block:
    limit = group.max_unavailable
    name = "max_unavailable_percentage" if limit.endswith("%") else "max_unavailable"
    value = Traced(int(limit.removesuffix("%")), f"{path}.maxUnavailable")
    return block("update_config", (), (Attribute(name, value),), f"{path}.maxUnavailable")


def _taint(taint: Obj, path: str) -> Block:
    body = attributes(
        key=Traced(taint["key"], f"{path}.key"),
        value=Traced(taint["value"], f"{path}.value") if taint.get("value") else None,
        effect=Traced(_EFFECTS[taint["effect"]], f"{path}.effect"),
    )
    return block("taint", (), body, path)


def _lifecycle(path: str) -> Block:
    body: tuple[Item, ...] = (
        Comment("An autoscaler moves this number; Terraform must not move it back."),
        *attributes(ignore_changes=[expression("scaling_config[0].desired_size")]),
    )
    return block("lifecycle", (), body, f"{path}.desiredSize")
