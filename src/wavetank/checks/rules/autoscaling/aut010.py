"""AUT010: the Auto Scaling group of Kubernetes nodes scales by a policy of its own, beside a node autoscaler."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.aws import Reference, Resource
from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity

#: resources that hold node groups of EKS; modules for EKS count by their name
_NODE_GROUPS = ("aws_eks_node_group.", "module.eks")
AUTOSCALERS = ("cluster-autoscaler", "karpenter")


def check(case: Case) -> Iterator[Mistake]:
    if case.components.lacks(*AUTOSCALERS):
        return
    for policy in case.aws.of_type("aws_autoscaling_policy", "aws_autoscaling_schedule"):
        if _scales_nodes(case, policy):
            yield _mistake(policy)


def _scales_nodes(case: Case, policy: Resource) -> bool:
    """Whether its group is one of EKS's, or a self-managed one that carries the tag of the cluster."""
    group = policy.body.get("autoscaling_group_name")
    if not isinstance(group, Reference):
        return False
    if group.address.startswith(_NODE_GROUPS):
        return True
    owner = next((r for r in case.aws.of_type("aws_autoscaling_group") if r.name == group.address), None)
    tags = [str(tag.get("key")) for tag in owner.blocks("tag")] if owner else []
    return any(key.startswith(("kubernetes.io/cluster/", "k8s.io/cluster-autoscaler/")) for key in tags)


def _mistake(policy: Resource) -> Mistake:
    kind = policy.text("policy_type") or ("a schedule" if policy.type.endswith("schedule") else "a scaling policy")
    return Mistake(
        at=policy.at(),
        message=(
            f"{policy.name} scales a group of Kubernetes nodes by {kind}: it removes nodes without draining them and adds nodes "
            "that no pod waits for, against the node autoscaler that manages the same group"
        ),
        remedy="remove the policy; the node autoscaler adds nodes for pods that do not fit",
        numbers={"policy": policy.name},
    )


RULE = Rule(
    id="AUT010",
    severity=Severity.ERROR,
    title="Two autoscalers on one group of nodes",
    source="kubernetes/autoscaler, cluster-autoscaler/FAQ.md (CPU-based node autoscalers)",
    check=check,
)
