"""Security groups for what EKS does not guard itself (endpoints, file systems, caches): each opens one port to named groups.

Not a file of the configuration but a helper of those that have such things. Rules are resources of their own, so that two
files can add rules to one group; sources are groups and never ranges, so that a path is exactly what was meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wavetank.render.hcl import Block, Expression, attributes, expression
from wavetank.render.terraform.parts import resource, template

#: the group that EKS gives to the control plane, to all nodes and so to all pods
CLUSTER_GROUP = expression("aws_eks_cluster.main.vpc_config[0].cluster_security_group_id")


@dataclass(frozen=True)
class Peer:
    """Who may connect (or is connected to): ``label`` ends the rule's Terraform name, ``group`` is its security group's id."""

    label: str
    group: Expression
    #: what the path is for; becomes the rule's description
    description: str


#: everything that runs in the cluster
PODS = Peer("cluster", CLUSTER_GROUP, "Nodes and pods of the cluster")


def group_id(name: str) -> Expression:
    """The id of a group made by ``security_group``."""
    return expression(f"aws_security_group.{name}.id")


def security_group(name: str, description: str, path: str) -> Block:
    """An empty group in the platform's VPC: without rules nothing gets in or out. ``name`` is a Terraform name."""
    body = attributes(
        name=template(f"${{local.cluster_name}}-{name.replace('_', '-')}"),
        description=description,
        vpc_id=expression("aws_vpc.main.id"),
        tags={"Name": template(f"${{local.cluster_name}}-{name.replace('_', '-')}")},
    )
    return resource("aws_security_group", name, body, path)


def ingress(name: str, port: int, peer: Peer, path: str, group: Expression | None = None) -> Block:
    """Lets a peer reach a TCP port of the group ``name``, or of any ``group`` given by its id."""
    return _rule("ingress", name, port, peer, path, group)


def egress(name: str, port: int, peer: Peer, path: str, group: Expression | None = None) -> Block:
    """Lets the group ``name`` (or ``group``) reach a TCP port of a peer."""
    return _rule("egress", name, port, peer, path, group)


def _rule(direction: str, name: str, port: int, peer: Peer, path: str, group: Expression | None) -> Block:
    body = attributes(
        security_group_id=group or group_id(name),
        description=peer.description,
        referenced_security_group_id=peer.group,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
    )
    return resource(f"aws_vpc_security_group_{direction}_rule", f"{name}_{peer.label}_{port}", body, path)


def guarded(name: str, description: str, port: int, peers: Sequence[Peer], path: str) -> tuple[Block, ...]:
    """A group that the peers may reach at one TCP port and nobody else."""
    return (security_group(name, description, path), *(ingress(name, port, peer, path) for peer in peers))
