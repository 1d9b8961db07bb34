"""access.tf: who may use the cluster's API (EKS access entries and their policies)."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import AccessEntry, AccessPolicy, Plan
from wavetank.render.hcl import Attribute, Block, Item, attributes, block, expression
from wavetank.render.terraform.parts import identifiers, optional, resource
from wavetank.render.trace import Traced


def items(plan: Plan) -> tuple[Item, ...]:
    """One access entry per principal, one association per policy of it."""
    names = identifiers(entry.name for entry in plan.cluster.access_entries)
    return tuple(item for entry in plan.cluster.access_entries for item in _entry(entry, names[entry.name]))


def _entry(entry: AccessEntry, name: str) -> Iterator[Block]:
    path = f"cluster.accessEntries[{entry.name}]"
    body: tuple[Item, ...] = (
        Attribute("cluster_name", expression("aws_eks_cluster.main.name")),
        Attribute("principal_arn", Traced(entry.principal_arn, f"{path}.principalArn")),
        *optional("kubernetes_groups", list(entry.kubernetes_groups), f"{path}.kubernetesGroups"),
    )
    yield resource("aws_eks_access_entry", name, body, path)
    for index, policy in enumerate(entry.policies):
        yield _association(policy, name, index, f"{path}.policies[{index}]")


def _association(policy: AccessPolicy, entry: str, index: int, path: str) -> Block:
    scope = (
        *attributes(type="namespace" if policy.namespaces else "cluster"),
        *optional("namespaces", list(policy.namespaces), f"{path}.namespaces"),
    )
    body: tuple[Item, ...] = (
        *attributes(
            cluster_name=expression("aws_eks_cluster.main.name"),
            principal_arn=expression(f"aws_eks_access_entry.{entry}.principal_arn"),
            policy_arn=Traced(policy.policy_arn, f"{path}.policyArn"),
        ),
        block("access_scope", (), scope, f"{path}.namespaces"),
    )
    return resource("aws_eks_access_policy_association", f"{entry}_{index + 1}", body, path)
