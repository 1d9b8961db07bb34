"""pod_roles.tf: IAM roles of service accounts, each for one service account and with its own permissions only.

A service account gets its role through the cluster's OIDC provider (IRSA), or by an association of EKS Pod Identity.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wavetank.plan.model import Plan, PodRole
from wavetank.render.hcl import Attribute, Block, Call, Item, attributes, expression
from wavetank.render.terraform.parts import attached, pod_role_labels, policy_document, resource, template
from wavetank.render.terraform.store_names import references, referring
from wavetank.render.trace import Traced, tree


def items(plan: Plan) -> tuple[Item, ...]:
    """Role, inline policy and managed policies of every pod role."""
    labels = pod_role_labels(plan)
    return tuple(item for role in plan.pod_roles for item in _role(plan, role, labels[role.name]))


def _role(plan: Plan, role: PodRole, name: str) -> Iterator[Block]:
    path = f"podRoles[{role.name}]"
    associated = plan.pod_identity == "podIdentity"
    trust = _agent_trust() if associated else _trust(role, path)
    body = (Attribute("name", Traced(role.name, f"{path}.name")), *attributes(assume_role_policy=trust))
    yield resource("aws_iam_role", name, body, path)
    if role.statements:
        yield _inline(name, referring(tree(role.statements, f"{path}.statements"), references(plan)))
    for index, arn in enumerate(role.managed_policy_arns):
        where = f"{path}.managedPolicyArns[{index}]"
        yield attached(f"{name}_{index + 1}", name, Traced(arn, where), where)
    if associated and role.name not in _roles_of_add_ons(plan):
        yield _association(role, name, path)


def _roles_of_add_ons(plan: Plan) -> set[str]:
    """These are associated by the add-on itself (addons.tf)."""
    return {add_on.role for add_on in plan.add_ons if add_on.role}


def _agent_trust() -> Call:
    """EKS's agent assumes the role for the pod, and says by tags which pod that is."""
    return policy_document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
    )


def _association(role: PodRole, name: str, path: str) -> Block:
    body = attributes(
        cluster_name=expression("aws_eks_cluster.main.name"),
        namespace=Traced(role.namespace, f"{path}.namespace"),
        service_account=Traced(role.service_account, f"{path}.serviceAccount"),
        role_arn=expression(f"aws_iam_role.{name}.arn"),
    )
    return resource("aws_eks_pod_identity_association", name, body, path)


def _trust(role: PodRole, path: str) -> Call:
    """Only this service account of this cluster, and only with a token meant for STS."""
    subject = Traced(f"system:serviceaccount:{role.namespace}:{role.service_account}", f"{path}.serviceAccount")
    pinned = {
        template("${local.oidc_issuer}:aud"): "sts.amazonaws.com",
        template("${local.oidc_issuer}:sub"): subject,
    }
    return policy_document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": expression("aws_iam_openid_connect_provider.cluster.arn")},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": pinned},
        }
    )


def _inline(name: str, statements: Any) -> Block:
    document = Call("jsonencode", {"Version": "2012-10-17", "Statement": statements})
    body = attributes(name="permissions", role=expression(f"aws_iam_role.{name}.id"), policy=document)
    return resource("aws_iam_role_policy", name, body, statements.path)
