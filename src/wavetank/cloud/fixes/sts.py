"""STS: name the default user instead of moto's invention, which is no principal that IAM could have."""

from __future__ import annotations

from typing import Any

from wavetank.cloud.callers import Callers, default_identity
from wavetank.cloud.fixes.patch import Original, Patch


def _get_caller_identity(original: Original, callers: Callers) -> Original:
    def get_caller_identity(self: Any, access_key_id: str, region: str) -> tuple[str, str, str]:
        found: tuple[str, str, str] = original(self, access_key_id, region)
        if not found[1].endswith(":user/moto"):
            return found
        who = default_identity(self.account_id)
        return who.user_id, who.arn, who.account

    return get_caller_identity


PATCHES = (
    Patch(
        "moto.sts.models:STSBackend",
        "get_caller_identity",
        "the creator of a cluster and the answer of GetCallerIdentity must be the same principal",
        _get_caller_identity,
    ),
)
