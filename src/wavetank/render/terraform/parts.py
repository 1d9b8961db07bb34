"""Small pieces that several resource groups of the Terraform configuration share.

Read by the groups of this package only; knows the plan's words and HCL, no particular AWS resource.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from wavetank.plan.model import Plan
from wavetank.plan.reasons import Default, Derived, Stated
from wavetank.render.hcl import Attribute, Block, Call, Expression, Item, block, expression, quoted
from wavetank.render.trace import Traced

#: IAM's limit on the name of a role (API reference of CreateRole)
_ROLE_NAME_CHARACTERS = 64


def resource(type: str, name: str, body: Sequence[Item], path: str) -> Block:
    return block("resource", (type, name), body, path)


def why(plan: Plan, path: str) -> str:
    """What a comment says about a value that the author did not write himself; empty when he did."""
    found = plan.reason(path)
    match found[1] if found else None:
        case Default(why=sentence) | Derived(how=sentence):
            return sentence
        case Stated() | None:
            return ""
    raise AssertionError("a reason is one of three")


def explained(plan: Plan, value: Any, path: str) -> Traced:
    """The value with its path and, as a comment, the plan's reason for it."""
    return Traced(value, path, why(plan, path))


def optional(name: str, value: Any, path: str) -> tuple[Attribute, ...]:
    """The attribute, or nothing when the value is None, False or empty."""
    return (Attribute(name, Traced(value, path)),) if value else ()


def template(text: str) -> Expression:
    """A quoted string with interpolations: ``template("/aws/eks/${local.cluster_name}/cluster")``."""
    return expression(f'"{text}"')


def indexed(address: str, key: str, attribute: str) -> Expression:
    """An attribute of one instance of a resource with ``for_each``: ``aws_subnet.private["a"].id``."""
    return expression(f"{address}[{quoted(key)}].{attribute}")


def set_of(words: Sequence[str]) -> str:
    """A set of strings for ``for_each``, as source."""
    return "toset([" + ", ".join(quoted(word) for word in words) + "])"


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """Terraform names for names of the plan, all different: ``gpu-spot`` is ``gpu_spot``."""
    found: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^a-z0-9_]+", "_", name.lower()).strip("_") or "unnamed"
        plain = plain if plain[0].isalpha() else f"_{plain}"
        taken = set(found.values())
        found[name] = (
            plain if plain not in taken else next(f"{plain}_{n}" for n in range(2, 999) if f"{plain}_{n}" not in taken)
        )
    return found


def pod_role_labels(plan: Plan) -> dict[str, str]:
    """By the name of a pod role its Terraform name, which is that of its service account: ``pod_aws_node``."""
    accounts = [role.service_account for role in plan.pod_roles]
    wanted = {
        role.name: role.service_account
        if accounts.count(role.service_account) == 1
        else f"{role.namespace}-{role.service_account}"
        for role in plan.pod_roles
    }
    labels = identifiers(wanted.values())
    assert len(labels) == len(wanted), "a service account assumes one role"
    return {role: f"pod_{labels[name]}" for role, name in wanted.items()}


def role_name(name: str) -> str:
    """The name itself where IAM accepts its length, else shortened to something that is still unique."""
    if len(name) <= _ROLE_NAME_CHARACTERS:
        return name
    return f"{name[:55]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def policy_document(*statements: Any) -> Call:
    """An IAM policy as ``jsonencode``: readable here, canonical JSON there."""
    return Call("jsonencode", {"Version": "2012-10-17", "Statement": list(statements)})


def service_trust(service: str) -> Call:
    """The trust policy of a role that an AWS service assumes."""
    return policy_document({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


def attached(name: str, role: str, policy_arn: Any, path: str) -> Block:
    """A managed policy on a role of the configuration; ``role`` is its Terraform name."""
    body = (Attribute("role", expression(f"aws_iam_role.{role}.name")), Attribute("policy_arn", policy_arn))
    return resource("aws_iam_role_policy_attachment", name, body, path)
