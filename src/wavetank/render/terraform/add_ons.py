"""addons.tf: the EKS managed add-ons."""

from __future__ import annotations

from wavetank.plan.model import AddOn, Plan
from wavetank.render.hcl import Attribute, Blank, Block, Call, Item, attributes, block, expression
from wavetank.render.terraform.parts import identifiers, pod_role_labels, resource
from wavetank.render.trace import Traced, tree


def items(plan: Plan) -> tuple[Item, ...]:
    """One ``aws_eks_addon`` each; those that need nodes to become active wait for the node groups."""
    names = identifiers(add_on.name for add_on in plan.add_ons)
    roles = pod_role_labels(plan)
    groups = identifiers(group.name for group in plan.node_groups).values()
    nodes = [f"aws_eks_node_group.{group}" for group in groups]
    return tuple(_add_on(plan, add_on, names[add_on.name], roles, nodes) for add_on in plan.add_ons)


def _add_on(plan: Plan, add_on: AddOn, name: str, roles: dict[str, str], nodes: list[str]) -> Block:
    path = f"addOns[{add_on.name}]"
    body: list[Item] = [
        Attribute("cluster_name", expression("aws_eks_cluster.main.name")),
        Attribute("addon_name", Traced(add_on.name, f"{path}.name")),
    ]
    if add_on.version:
        body.append(Attribute("addon_version", Traced(add_on.version, f"{path}.version")))
    arn = expression(f"aws_iam_role.{roles[add_on.role]}.arn") if add_on.role else None
    associated = arn is not None and plan.pod_identity == "podIdentity"
    if arn is not None and not associated:
        body.append(Attribute("service_account_role_arn", Traced(arn, f"{path}.role")))
    body += attributes(resolve_conflicts_on_create="OVERWRITE", resolve_conflicts_on_update="OVERWRITE")
    if add_on.configuration:
        configuration = Call("jsonencode", tree(add_on.configuration, f"{path}.configuration"))
        body.append(Attribute("configuration_values", Traced(configuration, f"{path}.configuration")))
    if associated:
        account = attributes(role_arn=arn, service_account=Traced(add_on.service_account, f"{path}.serviceAccount"))
        body.append(block("pod_identity_association", (), account, f"{path}.role"))
    if not add_on.before_nodes and nodes:
        body += [Blank(), *attributes(depends_on=[expression(node) for node in nodes])]
    return resource("aws_eks_addon", name, body, path)
