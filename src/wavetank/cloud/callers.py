"""Who is calling: access keys of the embedded IAM and STS, and the one key that everybody may use.

``server`` asks for the account of a request, ``tokens`` for the secret behind a key, ``fixes.sts`` for the name of
whoever holds no key of ours. Any credentials are accepted by the API itself (it is a laptop); only the Kubernetes tokens
made from them are verified.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

#: The documented credentials of the embedded AWS.
DEFAULT_ACCESS_KEY_ID = "test"
DEFAULT_SECRET_ACCESS_KEY = "test"
DEFAULT_USER = "wavetank"


@dataclass(frozen=True)
class Identity:
    """An AWS principal as STS names it: ``arn:aws:iam::…:user/x`` or ``arn:aws:sts::…:assumed-role/r/session``."""

    arn: str
    account: str
    user_id: str

    @property
    def principal_arn(self) -> str:
        """The IAM principal behind it: for an assumed role the role, as access entries name it."""
        if ":assumed-role/" not in self.arn:
            return self.arn
        prefix, role = self.arn.split(":assumed-role/")
        return f"{prefix.replace(':sts:', ':iam:')}:role/{role.split('/')[0]}"

    @property
    def session_name(self) -> str:
        """The session of an assumed role; empty for a user."""
        return self.arn.rsplit("/", 1)[-1] if ":assumed-role/" in self.arn else ""


@dataclass(frozen=True)
class AccessKey:
    """A key that can sign: its secret, its session token if it is temporary, and whom it stands for."""

    access_key_id: str
    secret: str
    session_token: str | None
    identity: Identity


def default_identity(account: str) -> Identity:
    """Whom the default key, and every key that nobody created, stands for."""
    return Identity(f"arn:aws:iam::{account}:user/{DEFAULT_USER}", account, "AIDAWAVETANKDEFAULTUS")


class Callers:
    """Looks access keys up in moto's IAM and STS; holds nothing but the default account."""

    def __init__(self, default_account: str) -> None:
        self.default_account = default_account

    def key(self, access_key_id: str) -> AccessKey | None:
        """The key, or None when it does not exist, is inactive or has expired."""
        if access_key_id == DEFAULT_ACCESS_KEY_ID:
            identity = default_identity(self.default_account)
            return AccessKey(access_key_id, DEFAULT_SECRET_ACCESS_KEY, None, identity)
        return _session_key(access_key_id) or _user_key(access_key_id)

    def identity(self, access_key_id: str) -> Identity:
        """Who calls the API with this key; unknown keys are the default user's."""
        key = self.key(access_key_id)
        return key.identity if key else default_identity(self.default_account)

    def account(self, access_key_id: str) -> str:
        return self.identity(access_key_id).account


def _session_key(access_key_id: str) -> AccessKey | None:
    """A key that AssumeRole gave out and that has not expired."""
    from moto.sts.models import sts_backends

    for account, backend in _existing(sts_backends):
        role = backend.get_assumed_role_from_access_key(access_key_id)
        if role is not None and role.expiration.replace(tzinfo=UTC) > datetime.now(UTC):
            identity = Identity(role.arn, account, role.user_id)
            return AccessKey(access_key_id, role.secret_access_key, role.session_token, identity)
    return None


def _user_key(access_key_id: str) -> AccessKey | None:
    """An active key of an IAM user."""
    from moto.iam.models import iam_backends

    for account, backend in _existing(iam_backends):
        user = backend.get_user_from_access_key_id(access_key_id)
        if user is not None and backend.access_keys[access_key_id].status == "Active":
            secret = backend.access_keys[access_key_id].secret_access_key
            return AccessKey(access_key_id, secret, None, Identity(user.arn, account, user.id))
    return None


def _existing(backends: Any) -> Iterator[tuple[str, Any]]:
    """(account, backend) of what exists: asking moto by key would create backends, 1,582 policies each."""
    for account, partitions in list(backends.items()):
        for backend in list(partitions.values()):
            yield account, backend
