"""pipelines.tf: the IAM role that pipelines on GitHub assume by their own token: push to these repositories, sign, no more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wavetank.plan.model import Plan, PushRole
from wavetank.render.hcl import Attribute, Block, Item, attributes, block, expression
from wavetank.render.terraform.parts import identifiers, policy_document, resource
from wavetank.render.terraform.registry import SIGNING_KEY
from wavetank.render.trace import Traced

PATH = "pushRole"
ISSUER = "token.actions.githubusercontent.com"
_PUSH = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
_SIGN = ("kms:DescribeKey", "kms:GetPublicKey", "kms:Sign")


def items(plan: Plan) -> tuple[Item, ...]:
    return tuple(_items(plan, plan.push_role)) if plan.push_role is not None else ()


def _items(plan: Plan, role: PushRole) -> Iterator[Block]:
    provider = attributes(url=f"https://{ISSUER}", client_id_list=["sts.amazonaws.com"])
    yield resource("aws_iam_openid_connect_provider", "github", provider, PATH)
    body = (Attribute("name", Traced(role.name, f"{PATH}.name")), *attributes(assume_role_policy=_trust(role)))
    yield resource("aws_iam_role", "image_push", body, PATH)
    permissions = attributes(
        name="push-and-sign",
        role=expression("aws_iam_role.image_push.id"),
        policy=policy_document(*_statements(plan, role)),
    )
    yield resource("aws_iam_role_policy", "image_push", permissions, PATH)
    output = attributes(
        description="Role of the image pipelines",
        value=expression("aws_iam_role.image_push.arn"),
    )
    yield block("output", ("image_push_role_arn",), output, PATH)


def _trust(role: PushRole) -> Any:
    """Only these branches of these repositories, and only a token meant for STS."""
    subjects = Traced(list(role.subjects), f"{PATH}.subjects")
    return policy_document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": expression("aws_iam_openid_connect_provider.github.arn")},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": subjects},
            },
        }
    )


def _statements(plan: Plan, role: PushRole) -> Iterator[dict[str, Any]]:
    yield {"Sid": "Login", "Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    names = identifiers(each.name for each in plan.repositories)
    arns = [expression(f"aws_ecr_repository.{names[each]}.arn") for each in role.repositories]
    yield {"Sid": "Push", "Effect": "Allow", "Action": list(_PUSH), "Resource": arns}
    keys: list[Any] = [expression(f"aws_kms_key.{SIGNING_KEY}.arn")] if role.key_alias else []
    keys += [role.key_arn] if role.key_arn else []
    if keys:
        yield {"Sid": "Sign", "Effect": "Allow", "Action": list(_SIGN), "Resource": keys}
