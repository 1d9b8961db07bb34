"""karpenter.tf: the AWS side of Karpenter: the role of its nodes, how they join, and the queue of interruptions.

The role of the controller stands with those of other service accounts (pod_roles.tf), its node pools among the manifests.
"""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import Karpenter, Plan
from wavetank.render.hcl import Attribute, Block, Call, Comment, Item, attributes, expression
from wavetank.render.terraform.network import KARPENTER_TAG
from wavetank.render.terraform.node_groups import node_policies
from wavetank.render.terraform.parts import attached, policy_document, resource, service_trust
from wavetank.render.terraform.security_groups import CLUSTER_GROUP
from wavetank.render.trace import Traced

_POLICY = "arn:aws:iam::aws:policy/"
_SECONDS_KEPT = 300
#: what AWS announces: name of the rule → source and kind of the event
EVENTS = {
    "health": ("aws.health", "AWS Health Event"),
    "spot_interruption": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "state_change": ("aws.ec2", "EC2 Instance State-change Notification"),
}


def items(plan: Plan) -> tuple[Item, ...]:
    """Nothing without Karpenter."""
    karpenter = plan.karpenter
    if karpenter is None:
        return ()
    return (*_node_role(plan, karpenter), _discovery_tag(), *(_queue(karpenter.queue) if karpenter.queue else ()))


def _node_role(plan: Plan, karpenter: Karpenter) -> Iterator[Block]:
    path = "karpenter.nodeRole"
    role = attributes(name=Traced(karpenter.node_role, path), assume_role_policy=service_trust("ec2.amazonaws.com"))
    yield resource("aws_iam_role", "karpenter_node", role, path)
    for name, policy in node_policies(plan).items():
        yield attached(f"karpenter_node_{name}", "karpenter_node", _POLICY + policy, path)
    entry: tuple[Item, ...] = (
        Comment("Machines of this role join the cluster; node groups get such an entry from EKS itself."),
        *attributes(
            cluster_name=expression("aws_eks_cluster.main.name"),
            principal_arn=expression("aws_iam_role.karpenter_node.arn"),
            type="EC2_LINUX",
        ),
    )
    yield resource("aws_eks_access_entry", "karpenter_node", entry, path)


def _discovery_tag() -> Block:
    """The private subnets carry the same tag (network.tf)."""
    body = attributes(resource_id=CLUSTER_GROUP, key=KARPENTER_TAG, value=expression("local.cluster_name"))
    return resource("aws_ec2_tag", "karpenter_security_group", body, "karpenter")


def _queue(name: str) -> Iterator[Block]:
    path = "karpenter.queue"
    queue: tuple[Item, ...] = (
        Attribute("name", Traced(name, path)),
        *attributes(message_retention_seconds=_SECONDS_KEPT, sqs_managed_sse_enabled=True),
    )
    yield resource("aws_sqs_queue", "karpenter", queue, path)
    policy = attributes(queue_url=expression("aws_sqs_queue.karpenter.id"), policy=_queue_policy())
    yield resource("aws_sqs_queue_policy", "karpenter", policy, path)
    for label, (source, kind) in EVENTS.items():
        yield from _rule(label, source, kind, path)


def _queue_policy() -> Call:
    queue = expression("aws_sqs_queue.karpenter.arn")
    announce = {
        "Sid": "EventsMayBeSent",
        "Effect": "Allow",
        "Principal": {"Service": ["events.amazonaws.com", "sqs.amazonaws.com"]},
        "Action": "sqs:SendMessage",
        "Resource": queue,
    }
    encrypted_only = {
        "Sid": "OnlyOverTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": queue,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return policy_document(announce, encrypted_only)


def _rule(label: str, source: str, kind: str, path: str) -> Iterator[Block]:
    pattern = Call("jsonencode", {"source": [source], "detail-type": [kind]})
    name = expression(f'"${{local.cluster_name}}-karpenter-{label.replace("_", "-")}"')
    rule = attributes(name=name, description=f"{kind}, for Karpenter", event_pattern=pattern)
    yield resource("aws_cloudwatch_event_rule", f"karpenter_{label}", rule, path)
    target = attributes(
        rule=expression(f"aws_cloudwatch_event_rule.karpenter_{label}.name"),
        target_id="karpenter",
        arn=expression("aws_sqs_queue.karpenter.arn"),
    )
    yield resource("aws_cloudwatch_event_target", f"karpenter_{label}", target, path)
