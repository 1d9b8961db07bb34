"""AWS Backup: changed plans, selections of what is backed up, and tags.

moto keeps vaults and plans, knows no selections, cannot change a plan, and misreads the ARN of a request for tags.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from wavetank.cloud.fixes.patch import Addition, Context, Patch, side_table
from wavetank.cloud.honest import AwsError

_RESPONSES = "moto.backup.responses:BackupResponse"


def _list_tags(original: Any, context: Context) -> Any:
    def list_tags(self: Any) -> str:
        arn = unquote(str(self.path).partition("/tags/")[2].rstrip("/"))
        return json.dumps({"Tags": self.backup_backend.list_tags(resource_arn=arn)})

    return list_tags


def _get_plan(self: Any, plan_id: str) -> Any:
    plan = self.backup_backend.plans.get(plan_id)
    if plan is None:
        raise AwsError("ResourceNotFoundException", f"Failed reading Backup plan with provided version: {plan_id}")
    return plan


def update_backup_plan(self: Any) -> str:
    """A new version of a plan; rules are completed as at the creation."""
    from moto.backup.models import Plan
    from moto.core.utils import unix_time

    plan = _get_plan(self, str(self.path).rstrip("/").rsplit("/", 1)[-1])
    changed = Plan(json.loads(self.body)["BackupPlan"], plan.creator_request_id, self.backup_backend)
    plan.backup_plan, plan.version_id = changed.backup_plan, changed.version_id
    plan.advanced_backup_settings = changed.advanced_backup_settings
    shown = {"BackupPlanId": plan.backup_plan_id, "BackupPlanArn": plan.backup_plan_arn}
    return json.dumps(shown | {"CreationDate": unix_time(), "VersionId": plan.version_id})


def _selections(self: Any, plan_id: str) -> dict[str, Any]:
    found: dict[str, Any] = side_table(self.backup_backend, "selections").setdefault(plan_id, {})
    return found


def _steps(self: Any) -> list[str]:
    """The segments of the path behind ``/backup/plans/``."""
    return str(self.path).partition("/backup/plans/")[2].strip("/").split("/")


def create_backup_selection(self: Any) -> str:
    from moto.core.utils import unix_time
    from moto.moto_api._internal import mock_random

    plan_id, body, selection_id = _steps(self)[0], json.loads(self.body), str(mock_random.uuid4())
    _get_plan(self, plan_id)
    selection = {
        "BackupPlanId": plan_id,
        "SelectionId": selection_id,
        "CreationDate": unix_time(),
        "CreatorRequestId": body.get("CreatorRequestId"),
        "BackupSelection": body["BackupSelection"],
    }
    _selections(self, plan_id)[selection_id] = selection
    return json.dumps({key: selection[key] for key in ("SelectionId", "BackupPlanId", "CreationDate")})


def _selection(self: Any) -> Any:
    plan_id, _, selection_id = _steps(self)
    found = _selections(self, plan_id).get(selection_id)
    if found is None:
        # The provider knows by these words that it is gone.
        raise AwsError("InvalidParameterValueException", f"Cannot find Backup plan {plan_id} selection {selection_id}")
    return found


def get_backup_selection(self: Any) -> str:
    return json.dumps(_selection(self))


def delete_backup_selection(self: Any) -> str:
    selection = _selection(self)
    del _selections(self, selection["BackupPlanId"])[selection["SelectionId"]]
    return "{}"


def list_backup_selections(self: Any) -> str:
    listed = [
        {key: selection[key] for key in ("SelectionId", "BackupPlanId", "CreationDate")}
        | {key: selection["BackupSelection"][key] for key in ("SelectionName", "IamRoleArn")}
        for selection in _selections(self, _steps(self)[0]).values()
    ]
    return json.dumps({"BackupSelectionsList": listed})


PATCHES = (Patch(_RESPONSES, "list_tags", "it takes the last but one segment of the path for the ARN", _list_tags),)
_OF_PLAN = "{0}/backup/plans/(?P<planId>[^/]+)/selections/?$"
_ONE = "{0}/backup/plans/(?P<planId>[^/]+)/selections/(?P<selectionId>[^/]+)/?$"
ADDITIONS = (
    Addition(_RESPONSES, "update_backup_plan", update_backup_plan),
    Addition(_RESPONSES, "create_backup_selection", create_backup_selection, _OF_PLAN),
    Addition(_RESPONSES, "list_backup_selections", list_backup_selections),
    Addition(_RESPONSES, "get_backup_selection", get_backup_selection, _ONE),
    Addition(_RESPONSES, "delete_backup_selection", delete_backup_selection),
)
