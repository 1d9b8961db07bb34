"""pod_roles.tf: IAM roles of service accounts (IRSA), each for one service account and with its own permissions only."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import Plan, PodRole
from wavetank.render.hcl import Attribute, Block, Call, Item, attributes, expression
from wavetank.render.terraform.add_ons import role_label
from wavetank.render.terraform.parts import attached, identifiers, policy_document, resource, template
from wavetank.render.trace import Traced, tree


def items(plan: Plan) -> tuple[Item, ...]:
    """Role, inline policy and managed policies of every pod role."""
    names = identifiers(role.name for role in plan.pod_roles)
    return tuple(item for role in plan.pod_roles for item in _role(plan, role, role_label(names[role.name])))


def _role(plan: Plan, role: PodRole, name: str) -> Iterator[Block]:
    path = f"podRoles[{role.name}]"
    body = (Attribute("name", Traced(role.name, f"{path}.name")), *attributes(assume_role_policy=_trust(role, path)))
    yield resource("aws_iam_role", name, body, path)
    if role.statements:
        yield _inline(name, tree(role.statements, f"{path}.statements"))
    for index, arn in enumerate(role.managed_policy_arns):
        where = f"{path}.managedPolicyArns[{index}]"
        yield attached(f"{name}_{index + 1}", name, Traced(arn, where), where)


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


def _inline(name: str, statements: Traced) -> Block:
    document = Call("jsonencode", {"Version": "2012-10-17", "Statement": statements})
    body = attributes(name="permissions", role=expression(f"aws_iam_role.{name}.id"), policy=document)
    return resource("aws_iam_role_policy", name, body, statements.path)
