"""Whether the token of a service account may assume a role: IAM roles for service accounts (IRSA).

Pure: the claims were verified by whoever issued the token, the trust policy is read here. Asked by ``fixes.sts``, which
answers AssumeRoleWithWebIdentity. Semantics: IAM User Guide, "IAM JSON policy elements: Condition operators", as far as
trust policies of service accounts use them; a condition with any other operator grants nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

Claims: TypeAlias = Mapping[str, Any]

#: The verified claims of a token that one of the running clusters has issued, or None. Must not block.
WebIdentities: TypeAlias = Callable[[str], Claims | None]

ACTION = "sts:AssumeRoleWithWebIdentity"


def no_web_identities(token: str) -> Claims | None:
    """Of a cloud whose clusters issue no tokens."""
    return None


def issuer_host(claims: Claims) -> str:
    """The issuer as IAM names it: without ``https://``."""
    return str(claims["iss"]).removeprefix("https://")


def audiences(claims: Claims) -> tuple[str, ...]:
    found = claims.get("aud", ())
    return (found,) if isinstance(found, str) else tuple(found)


def may_assume(trust_policy: str, provider_arn: str, claims: Claims) -> bool:
    """Whether the role's trust policy lets the bearer in: some statement allows, none denies."""
    statements = _as_list(json.loads(trust_policy).get("Statement", []))
    effects = {one.get("Effect") for one in statements if _applies(one, provider_arn, claims)}
    return "Allow" in effects and "Deny" not in effects


def _applies(statement: Mapping[str, Any], provider_arn: str, claims: Claims) -> bool:
    actions = [str(action) for action in _as_list(statement.get("Action", []))]
    principal = statement.get("Principal", {})
    federated = _as_list(principal.get("Federated", [])) if isinstance(principal, Mapping) else []
    if provider_arn not in federated or not any(fnmatchcase(ACTION.lower(), action.lower()) for action in actions):
        return False
    return all(
        _holds(operator, _known_values(key, claims), _as_list(wanted))
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _known_values(key: str, claims: Claims) -> tuple[str, ...]:
    """What a condition key such as ``<issuer>:sub`` is in this request; nothing for keys of somebody else."""
    host, _, name = key.rpartition(":")
    if host.lower() != issuer_host(claims).lower():
        return ()
    return audiences(claims) if name == "aud" else tuple(_as_list(claims.get(name, [])))


def _holds(operator: str, actual: tuple[str, ...], wanted: list[Any]) -> bool:
    _, _, plain = operator.rpartition(":")
    texts = [str(one) for one in wanted]
    match plain:
        case "StringEquals":
            return any(one in texts for one in actual)
        case "StringLike":
            return any(fnmatchcase(one, pattern.replace("[", "[[]")) for one in actual for pattern in texts)
        case "StringNotEquals":
            return not any(one in texts for one in actual)
        case _:
            return False


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
