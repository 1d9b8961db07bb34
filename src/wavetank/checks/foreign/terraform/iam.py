"""IAM roles with their trust and their policies, wherever Terraform lets one write them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wavetank.checks.aws import HOLE, UNKNOWN, Aws, IamRole, Resource, Unknown, decoded
from wavetank.checks.manifests import items, mapping
from wavetank.kube.types import Obj

from .module import PolicyDocument
from .reading import reference, text, text_list, within


def roles_of(aws: Aws) -> tuple[IamRole, ...]:
    return tuple(_role(aws, role) for role in aws.of_type("aws_iam_role"))


def _role(aws: Aws, role: Resource) -> IamRole:
    trust = statements_of(role.body.get("assume_role_policy"))
    attached = [a for a in aws.of_type("aws_iam_role_policy_attachment") if _belongs(a, role)]
    arns = [text(a.body.get("policy_arn")) for a in attached]
    return IamRole(
        name=text(role.body.get("name")) or role.name,
        where=within(role, {"trust": ("assume_role_policy",), "statements": ("inline_policy",)}),
        trust=trust,
        statements=_statements(aws, role, attached),
        managed_policy_arns=(
            *(arn for arn in arns if arn),
            *(text_list(role.body.get("managed_policy_arns")) or ()),
        ),
        service_accounts=_service_accounts(aws, role, trust),
    )


def _belongs(resource: Resource, role: Resource) -> bool:
    stated = resource.body.get("role")
    return reference(stated) == role.name or (stated is not None and stated == role.body.get("name"))


def _statements(aws: Aws, role: Resource, attached: list[Resource]) -> tuple[Obj, ...] | None:
    """Of all policies of the role that are written here; None when one cannot be read."""
    addresses = {reference(a.body.get("policy_arn")) for a in attached}
    policies = [r.body.get("policy") for r in aws.of_type("aws_iam_role_policy") if _belongs(r, role)]
    policies += [r.body.get("policy") for r in aws.of_type("aws_iam_policy") if r.name in addresses]
    policies += [block.get("policy") for block in role.blocks("inline_policy")]
    found = [statements_of(policy) for policy in policies]
    return None if any(each is None for each in found) else tuple(s for each in found for s in each or ())


def statements_of(policy: Any) -> tuple[Obj, ...] | None:
    """The statements of a policy in IAM's JSON shape; None when the policy is not known."""
    if isinstance(policy, PolicyDocument):
        return tuple(_statement(block) for block in items(policy.body.get("statement")))
    value = decoded(policy)
    if not isinstance(value, dict):
        return None
    stated = value.get("Statement", [])
    return tuple(items(stated if isinstance(stated, list) else [stated]))


def _statement(block: Obj) -> Obj:
    """A block of ``aws_iam_policy_document`` as IAM writes it."""
    found: Obj = {"Effect": block.get("effect", "Allow")}
    for name, key in (("actions", "Action"), ("not_actions", "NotAction"), ("resources", "Resource")):
        if name in block:
            found[key] = block[name]
    principals: Obj = {}
    for principal in items(block.get("principals")):
        principals[str(principal.get("type"))] = principal.get("identifiers")
    if principals:
        found["Principal"] = principals
    conditions: Obj = {}
    for condition in items(block.get("condition")):
        variable = condition.get("variable")
        name = variable.text if isinstance(variable, Unknown) else str(variable)
        conditions.setdefault(str(condition.get("test")), {})[name or HOLE] = condition.get("values", UNKNOWN)
    if conditions:
        found["Condition"] = conditions
    return found


def _service_accounts(aws: Aws, role: Resource, trust: tuple[Obj, ...] | None) -> tuple[tuple[str, str], ...] | None:
    found = [_associated(a) for a in aws.of_type("aws_eks_pod_identity_association") if _assumes(a, role)]
    if trust is None:
        return None
    found += [pair for statement in trust for pair in _subjects(statement)]
    return None if any(pair is None for pair in found) else tuple(pair for pair in found if pair is not None)


def _assumes(association: Resource, role: Resource) -> bool:
    return reference(association.body.get("role_arn")) == role.name


def _associated(association: Resource) -> tuple[str, str] | None:
    namespace, account = text(association.body.get("namespace")), text(association.body.get("service_account"))
    return (namespace, account) if namespace and account else None


def _subjects(statement: Obj) -> Iterator[tuple[str, str] | None]:
    """Service accounts that a condition on ``…:sub`` names."""
    for test in mapping(statement.get("Condition")).values():
        for key, value in mapping(test).items():
            if key.endswith(":sub"):
                for subject in value if isinstance(value, list) else [value]:
                    yield _subject(subject)


def _subject(subject: Any) -> tuple[str, str] | None:
    parts = subject.split(":") if isinstance(subject, str) else []
    return (parts[2], parts[3]) if len(parts) == 4 and parts[:2] == ["system", "serviceaccount"] else None
