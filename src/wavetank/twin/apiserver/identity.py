"""Who is asking: client certificates, bearer tokens of three kinds, and impersonation.

The first authenticator that knows the credential decides. Whoever brings none is nobody: 401, but for health and version.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from wavetank.kube.errors import ApiError
from wavetank.twin.cluster import Cluster, User
from wavetank.twin.cluster.authorization import SERVICE_ACCOUNT_PREFIX, Asked
from wavetank.twin.cluster.tokens import InvalidTokenError

AUTHENTICATED, UNAUTHENTICATED, ANONYMOUS = "system:authenticated", "system:unauthenticated", "system:anonymous"
#: The subject attribute that holds a certificate user's uid (since 1.33).
_UID_OID = "1.3.6.1.4.1.57683.2"

Headers = Mapping[str, str]


class TokenAuthenticator(Protocol):
    """Knows one kind of bearer token, such as those of ``aws eks get-token``."""

    def user_of(self, token: str) -> User | None:
        """Who the token speaks for; None when it is not of this kind, is forged or has expired. Must not block."""
        ...


def unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized", "Unauthorized")


class StaticTokens:
    """Tokens that are good as long as the process lives: the one in the kubeconfig that the server writes."""

    def __init__(self, users: Mapping[str, User]) -> None:
        self._users = dict(users)

    def user_of(self, token: str) -> User | None:
        given = token.encode()
        return next((user for known, user in self._users.items() if hmac.compare_digest(known.encode(), given)), None)


class ServiceAccountTokens:
    """The tokens that the cluster itself issues."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def user_of(self, token: str) -> User | None:
        try:
            return self._cluster.user_of_token(token)
        except (InvalidTokenError, KeyError, TypeError):
            return None


def user_of_certificate(certificate: Mapping[str, Any] | None) -> User | None:
    """CN is the user, every O a group. ``certificate`` is what ``ssl.SSLObject.getpeercert`` gives; TLS has verified it."""
    if not certificate:
        return None
    pairs = [pair for part in certificate.get("subject", ()) for pair in part]
    name = next((value for key, value in pairs if key == "commonName"), "")
    uid = next((value for key, value in pairs if key in (_UID_OID, "UID")), "")
    groups = tuple(value for key, value in pairs if key == "organizationName")
    return _authenticated(User(name, groups, uid)) if name else None


def user_of_request(
    certificate: Mapping[str, Any] | None, authorization: str, authenticators: Sequence[TokenAuthenticator]
) -> User | None:
    """The user of a request; None when it carries no credential. ApiError 401 when it carries a wrong one."""
    user = user_of_certificate(certificate)
    if user is not None:
        return user
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    for authenticator in authenticators:
        user = authenticator.user_of(token.strip())
        if user is not None:
            return _authenticated(user)
    raise unauthorized()


def _authenticated(user: User) -> User:
    if AUTHENTICATED in user.groups:
        return user
    return User(user.name, (*user.groups, AUTHENTICATED), user.uid, user.extra)


# Impersonation -----------------------------------------------------------------------------------------------------


def impersonated(user: User, headers: Iterable[tuple[str, str]], cluster: Cluster) -> User:
    """The user that ``Impersonate-*`` headers ask to be, if ``user`` may; ``user`` itself without such headers."""
    asked = [(k.lower(), v) for k, v in headers if k.lower().startswith("impersonate-")]
    if not asked:
        return user
    name = next((v for k, v in asked if k == "impersonate-user"), "")
    groups = tuple(v for k, v in asked if k == "impersonate-group")
    uid = next((v for k, v in asked if k == "impersonate-uid"), "")
    if not name:
        text = "requested [" + ", ".join(v for _, v in asked) + "] without impersonating a user name"
        raise ApiError(500, "InternalError", f"Internal error occurred: {text}")
    _require(user, name, groups, uid, cluster)
    extra = _extra(asked)
    return User(name, _groups_of(name, groups), uid, extra)


def _extra(asked: list[tuple[str, str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    extra: dict[str, tuple[str, ...]] = {}
    for key, value in asked:
        if key.startswith("impersonate-extra-"):
            name = key.removeprefix("impersonate-extra-")
            extra[name] = (*extra.get(name, ()), value)
    return tuple(extra.items())


def _groups_of(name: str, groups: tuple[str, ...]) -> tuple[str, ...]:
    if not groups and name.startswith(SERVICE_ACCOUNT_PREFIX):
        namespace = name.removeprefix(SERVICE_ACCOUNT_PREFIX).partition(":")[0]
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
    status = UNAUTHENTICATED if name == ANONYMOUS else AUTHENTICATED
    return groups if status in groups else (*groups, status)


def _require(user: User, name: str, groups: tuple[str, ...], uid: str, cluster: Cluster) -> None:
    if name.startswith(SERVICE_ACCOUNT_PREFIX) and name.count(":") == 3:
        namespace, account = name.removeprefix(SERVICE_ACCOUNT_PREFIX).split(":")
        wanted = [Asked("impersonate", "", "serviceaccounts", "", namespace, account)]
    else:
        wanted = [Asked("impersonate", "", "users", "", "", name)]
    wanted += [Asked("impersonate", "", "groups", "", "", group) for group in groups]
    wanted += [Asked("impersonate", "authentication.k8s.io", "uids", "", "", uid)] if uid else []
    for asked in wanted:
        if not cluster.authorizer.decide(user, asked).allowed:
            raise refused(user, asked)


def refused(user: User, asked: Asked) -> ApiError:
    """403 as the API words it (``responsewriters.Forbidden``)."""
    who = f'User "{user.name}"'
    if asked.path:
        return ApiError(403, "Forbidden", f'forbidden: {who} cannot {asked.verb} path "{asked.path}"')
    key = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    subject = f'{key} "{asked.name}" is forbidden' if asked.name else f"{key} is forbidden"
    where = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    what = f'cannot {asked.verb} resource "{asked.combined}" in API group "{asked.group}" {where}'
    return ApiError(
        403, "Forbidden", f"{subject}: {who} {what}", group=asked.group, kind=asked.resource, name=asked.name
    )
