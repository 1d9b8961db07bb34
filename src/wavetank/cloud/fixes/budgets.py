"""AWS Budgets: changed budgets, the subscribers of their notifications, and tags, none of which moto has."""

from __future__ import annotations

import json
from typing import Any

from wavetank.cloud.fixes.patch import Addition, Context, Patch, side_table
from wavetank.cloud.honest import AwsError

_RESPONSES = "moto.budgets.responses:BudgetsResponse"


def _budget(self: Any) -> Any:
    name = self._get_param("BudgetName") or self._get_param("NewBudget", {}).get("BudgetName")
    found = self.backend.budgets[self._get_param("AccountId")].get(name)
    if found is None:
        raise AwsError("NotFoundException", f"Unable to get budget: {name} - the budget doesn't exist.")
    return found


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two notifications are one: by what triggers them, whatever form numbers have."""
    keys = ("NotificationType", "ComparisonOperator", "ThresholdType")
    alike = all(one.get(key, "PERCENTAGE") == other.get(key, "PERCENTAGE") for key in keys)
    return alike and float(one["Threshold"]) == float(other["Threshold"])


def _notification(self: Any) -> Any:
    wanted = self._get_param("Notification")
    found = next((each for each in _budget(self).notifications if _same(each.details, wanted)), None)
    if found is None:
        raise AwsError("NotFoundException", "Unable to find the notification of the budget.")
    return found


def describe_subscribers_for_notification(self: Any) -> str:
    return json.dumps({"Subscribers": _notification(self).subscribers})


def create_subscriber(self: Any) -> str:
    found = _notification(self)
    found.subscribers = [*found.subscribers, self._get_param("Subscriber")]
    return "{}"


def delete_subscriber(self: Any) -> str:
    found, gone = _notification(self), self._get_param("Subscriber")
    found.subscribers = [each for each in found.subscribers if each != gone]
    return "{}"


def update_budget(self: Any) -> str:
    from moto.core.utils import unix_time

    found, wanted = _budget(self), self._get_param("NewBudget")
    found.budget = {"TimePeriod": found.budget["TimePeriod"]} | wanted | {"LastUpdatedTime": unix_time()}
    return "{}"


def _tags(self: Any) -> dict[str, str]:
    found: dict[str, str] = side_table(self.backend, "tags").setdefault(self._get_param("ResourceARN"), {})
    return found


def list_tags_for_resource(self: Any) -> str:
    return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in _tags(self).items()]})


def tag_resource(self: Any) -> str:
    _tags(self).update({tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags", [])})
    return "{}"


def untag_resource(self: Any) -> str:
    for key in self._get_param("ResourceTagKeys", []):
        _tags(self).pop(key, None)
    return "{}"


def _create_budget(original: Any, context: Context) -> Any:
    def create_budget(self: Any) -> Any:
        answer = original(self)
        account, name = self._get_param("AccountId"), self._get_param("Budget")["BudgetName"]
        arn = f"arn:{self.partition}:budgets::{account}:budget/{name}"
        tags = {tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags", [])}
        side_table(self.backend, "tags")[arn] = tags
        return answer

    return create_budget


PATCHES = (Patch(_RESPONSES, "create_budget", "the tags given with it are lost", _create_budget),)
ADDITIONS = tuple(
    Addition(_RESPONSES, method.__name__, method)
    for method in (
        describe_subscribers_for_notification,
        create_subscriber,
        delete_subscriber,
        update_budget,
        list_tags_for_resource,
        tag_resource,
        untag_resource,
    )
)
