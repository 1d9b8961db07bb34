"""DynamoDB: tables that are replicated to other regions (global tables, version 2019.11.21). moto ignores replicas.

A replica is the same table seen from another region: its items and indexes are those of the first.
"""

from __future__ import annotations

import copy
from typing import Any

from wavetank.cloud.fixes.patch import Context, Patch
from wavetank.cloud.honest import AwsError

_REPLICAS = "wavetank_replicas"


def _replicas(table: Any) -> dict[str, Any]:
    """By region: the table there. Shared by all regions' views of a table."""
    found: dict[str, Any] = vars(table).setdefault(_REPLICAS, {})
    return found


def _update_table(original: Any, context: Context) -> Any:
    def update_table(self: Any) -> Any:
        table = self.dynamodb_backend.get_table(self.body["TableName"])
        for change in self.body.get("ReplicaUpdates", []):
            if "Create" in change:
                _create(table, self.current_account, change["Create"])
            if "Delete" in change:
                _delete(table, self.current_account, change["Delete"]["RegionName"])
        return original(self)

    return update_table


def _create(table: Any, account: str, wanted: dict[str, Any]) -> None:
    from moto.dynamodb.models import dynamodb_backends

    region = wanted["RegionName"]
    tables = dynamodb_backends[account][region].tables
    if table.name in tables:
        raise AwsError("ValidationException", f"Failed to create a the new replica of table with name: '{table.name}'")
    _replicas(table)
    replica = copy.copy(table)
    replica.region_name = region
    replica.table_arn = table.table_arn.replace(f":{table.table_arn.split(':')[3]}:", f":{region}:", 1)
    replica.tags, replica.deletion_protection_enabled = [], False
    replica.continuous_backups = copy.deepcopy(table.continuous_backups)
    tables[table.name] = _replicas(table)[region] = replica


def _delete(table: Any, account: str, region: str) -> None:
    from moto.dynamodb.models import dynamodb_backends

    if _replicas(table).pop(region, None) is not None:
        dynamodb_backends[account][region].tables.pop(table.name, None)


def _describe(original: Any, context: Context) -> Any:
    def describe(self: Any, base_key: str = "TableDescription") -> dict[str, Any]:
        shown: dict[str, Any] = original(self, base_key)
        own = self.table_arn.split(":")[3]
        others = [region for region in _replicas(self) if region != own]
        if others:
            shown[base_key]["GlobalTableVersion"] = "2019.11.21"
            shown[base_key]["Replicas"] = [{"RegionName": each, "ReplicaStatus": "ACTIVE"} for each in others]
        return shown

    return describe


PATCHES = (
    Patch("moto.dynamodb.responses:DynamoHandler", "update_table", "it ignores replicas", _update_table),
    Patch("moto.dynamodb.models.table:Table", "describe", "it says nothing of replicas", _describe),
)
