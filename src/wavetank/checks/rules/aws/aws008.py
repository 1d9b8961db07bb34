"""AWS008: a role that may do everything in the account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wavetank.checks.aws import decoded
from wavetank.checks.case import Case
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Place, Rule, Severity

ADMINISTRATOR = "policy/AdministratorAccess"
_POLICIES = ("aws_iam_policy", "aws_iam_user_policy", "aws_iam_group_policy")


def check(case: Case) -> Iterator[Mistake]:
    for role in case.aws.roles:
        everything = [s for s in role.statements or () if allows_everything(s)]
        if everything:
            yield _mistake(
                role.at("statements"), f"role {role.name}", f"{len(everything)} statement: Action *, Resource *"
            )
        if any(arn.endswith(ADMINISTRATOR) for arn in role.managed_policy_arns or ()):
            yield _mistake(role.at("managed_policy_arns"), f"role {role.name}", "AdministratorAccess")
    for policy in case.aws.of_type(*_POLICIES):
        statements = mapping(decoded(policy.body.get("policy"))).get("Statement")
        for statement in statements if isinstance(statements, list) else [statements]:
            if isinstance(statement, Mapping) and allows_everything(statement):
                yield _mistake(policy.at("policy"), policy.name, "Action *, Resource *")


def allows_everything(statement: Mapping[str, Any]) -> bool:
    return (
        statement.get("Effect") == "Allow"
        and _has(statement.get("Action"), ("*", "*:*"))
        and _has(statement.get("Resource"), ("*",))
        and not statement.get("Condition")
    )


def _has(value: Any, wanted: tuple[str, ...]) -> bool:
    return any(
        each in wanted for each in (value if isinstance(value, list | tuple) else [value]) if isinstance(each, str)
    )


def _mistake(at: Place, who: str, why: str) -> Mistake:
    return Mistake(
        at=at,
        message=f"{who} may do everything in the account ({why}): a pod that holds it can delete the cluster and its backups",
        remedy="allow the actions and resources that are used; IAM Access Analyzer writes the policy from what was called",
        numbers={"action": "*", "resource": "*"},
    )


RULE = Rule(
    id="AWS008",
    severity=Severity.WARN,
    title="A role may do everything in the account",
    source="docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html (least privilege)",
    check=check,
)
