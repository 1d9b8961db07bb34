"""STS: the name of the default user, and a look at the token before a service account gets a role.

moto names an unknown caller by a principal that IAM could not have, and gives credentials for any web identity token.
"""

from __future__ import annotations

from typing import Any

from wavetank.cloud.callers import default_identity
from wavetank.cloud.fixes.patch import Context, Patch
from wavetank.cloud.honest import AwsError
from wavetank.cloud.web_identity import Claims, audiences, issuer_host, may_assume


def _get_caller_identity(original: Any, context: Context) -> Any:
    def get_caller_identity(self: Any, access_key_id: str, region: str) -> tuple[str, str, str]:
        found: tuple[str, str, str] = original(self, access_key_id, region)
        if not found[1].endswith(":user/moto"):
            return found
        who = default_identity(self.account_id)
        return who.user_id, who.arn, who.account

    return get_caller_identity


def _assume_role_with_web_identity(original: Any, context: Context) -> Any:
    def assume_role_with_web_identity(self: Any) -> Any:
        claims = context.web_identities(self._get_param("WebIdentityToken") or "")
        if claims is None:
            raise AwsError("InvalidIdentityToken", "No OpenIDConnect provider found in your account for this token")
        _check(self._get_param("RoleArn"), claims)
        return original(self)

    return assume_role_with_web_identity


def _check(role_arn: str, claims: Claims) -> None:
    """The provider must exist in the role's account and know the audience; the role must trust the subject."""
    from moto.iam.models import iam_backends

    account = role_arn.split(":")[4] if role_arn.count(":") >= 5 else ""
    iam = iam_backends[account]["aws"]
    provider_arn = f"arn:aws:iam::{account}:oidc-provider/{issuer_host(claims)}"
    provider = iam.open_id_providers.get(provider_arn)
    if provider is None:
        raise AwsError("InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {claims['iss']}")
    if not set(audiences(claims)) & set(provider.client_id_list):
        raise AwsError("InvalidIdentityToken", "Incorrect token audience")
    role = next((role for role in iam.get_roles() if role.arn == role_arn), None)
    if role is None or not may_assume(role.assume_role_policy_document, provider_arn, claims):
        raise AwsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)


PATCHES = (
    Patch(
        "moto.sts.models:STSBackend",
        "get_caller_identity",
        "the creator of a cluster and the answer of GetCallerIdentity must be the same principal",
        _get_caller_identity,
    ),
    Patch(
        "moto.sts.responses:TokenResponse",
        "assume_role_with_web_identity",
        "it gives credentials for any token, so that a wrong trust policy would go unnoticed",
        _assume_role_with_web_identity,
    ),
)
