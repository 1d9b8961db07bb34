"""S3: policies with conditions, emptying a versioned bucket, and replication as it was asked for.

moto denies what a conditional Deny speaks of whether the condition holds or not, so that a bucket that asks for TLS could
not be used at all; it fails at delete markers; and it answers with a replication of its own liking.
"""

from __future__ import annotations

import json
from typing import Any

from wavetank.cloud.fixes.patch import Addition, Context, Patch


def _get_permission(original: Any, context: Context) -> Any:
    def get_permission(self: Any, action: str, resource: str) -> Any:
        from moto.iam.access_control import IAMPolicy, PermissionResult

        policy = _unconditional(self.policy)
        return IAMPolicy(policy).is_action_permitted(action, resource) if policy else PermissionResult.NEUTRAL

    return get_permission


def _unconditional(policy: bytes | None) -> str | None:
    """The policy without statements that depend on conditions, which nothing here evaluates; None when nothing is left."""
    document = json.loads(policy) if policy else {}
    statements = document.get("Statement", [])
    statements = statements if isinstance(statements, list) else [statements]
    kept = [statement for statement in statements if not statement.get("Condition")]
    return json.dumps(document | {"Statement": kept}) if kept else None


def _get_bucket_replication(original: Any, context: Context) -> Any:
    def get_bucket_replication(self: Any) -> Any:
        from moto.core.responses import ActionResult
        from moto.s3.exceptions import ReplicationConfigurationNotFoundError

        self.data["Action"] = "GetBucketReplication"
        found = self.backend.get_bucket_replication(self.bucket_name)
        if not found:
            raise ReplicationConfigurationNotFoundError(bucket_name=self.bucket_name)
        configuration = {"Role": found["Role"], "Rules": [_replication_rule(rule) for rule in found["Rule"]]}
        return self.serialized(ActionResult({"ReplicationConfiguration": configuration}))

    return get_bucket_replication


def _replication_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """The rule as it was written; moto keeps what XML gave, where an empty element is None."""
    markers = (rule.get("DeleteMarkerReplication") or {}).get("Status", "Disabled")
    prefix = (rule.get("Filter") or {}).get("Prefix") or ""
    kept = {key: rule[key] for key in ("ID", "Status", "Destination")}
    return kept | {
        "Priority": int(rule["Priority"]),
        "DeleteMarkerReplication": {"Status": markers},
        "Filter": {"Prefix": prefix},
    }


def _get_bucket_notification(original: Any, context: Context) -> Any:
    def get_bucket_notification(self: Any) -> Any:
        from moto.core.responses import ActionResult

        found = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if found and found.event_bridge is not None:
            write = self.serialized
            self.serialized = lambda shown: write(ActionResult(shown.result | {"EventBridgeConfiguration": {}}))
        return original(self)

    return get_bucket_notification


def dispose(self: Any, garbage: bool = False) -> None:
    """A delete marker holds nothing that could be freed."""


ADDITIONS = (Addition("moto.s3.models:FakeDeleteMarker", "dispose", dispose),)
PATCHES = (
    Patch(
        "moto.s3.models:FakeBucket",
        "get_permission",
        "a Deny of requests without TLS would deny all requests",
        _get_permission,
    ),
    Patch(
        "moto.s3.responses:S3Response",
        "get_bucket_replication",
        "it says of every rule that delete markers are not replicated",
        _get_bucket_replication,
    ),
    Patch(
        "moto.s3.responses:S3Response",
        "get_bucket_notification",
        "it does not say that EventBridge hears of objects",
        _get_bucket_notification,
    ),
)
