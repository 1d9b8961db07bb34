"""SQS: which queues may use one as their dead-letter queue, and JSON attributes as they were written.

moto has no RedriveAllowPolicy, and puts spaces into a RedrivePolicy, which Terraform shows as a change.
"""

from __future__ import annotations

import json
from typing import Any

from wavetank.cloud.fixes.patch import Addition, Context, Patch

_QUEUE = "moto.sqs.models:Queue"
_ALLOW = "RedriveAllowPolicy"


def _names(original: Any, context: Context) -> Any:
    return [*original, _ALLOW]


def _attributes(original: Any, context: Context) -> Any:
    def attributes(self: Any) -> dict[str, Any]:
        shown: dict[str, Any] = original.fget(self)
        if "RedrivePolicy" in shown and self.redrive_policy:
            shown["RedrivePolicy"] = json.dumps(self.redrive_policy, separators=(",", ":"))
        if not shown.get(_ALLOW):
            shown.pop(_ALLOW, None)
        return shown

    return property(attributes)


def _set_attributes(original: Any, context: Context) -> Any:
    def set_attributes(self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
        kept = getattr(self, "policy", None)
        original(self, attributes, now)
        if "Policy" not in attributes:
            self.policy = kept

    return set_attributes


PATCHES = (
    Patch(_QUEUE, "_set_attributes", "it drops the policy when another attribute is set", _set_attributes),
    Patch(_QUEUE, "BASE_ATTRIBUTES", "it does not know who may redrive into a queue", _names),
    Patch(_QUEUE, "attributes", "JSON comes back with spaces", _attributes),
)
ADDITIONS = (Addition(_QUEUE, "redrive_allow_policy", None),)
