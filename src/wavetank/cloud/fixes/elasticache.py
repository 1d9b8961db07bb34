"""ElastiCache: the members of replication groups, parameter groups, changes in place, and the end of what was deleted.

moto keeps a replication group without members, forgets what they all share, and never finishes a deletion.
"""

from __future__ import annotations

from typing import Any

from wavetank.cloud.fixes.patch import Addition, Context, Patch, side_table
from wavetank.cloud.honest import AwsError

_RESPONSES = "moto.elasticache.responses:ElastiCacheResponse"
_BACKEND = "moto.elasticache.models:ElastiCacheBackend"
_GROUP = "moto.elasticache.models:ReplicationGroup"
#: parameters of ModifyReplicationGroup that change what all members show -> the group's attribute
_SHARED = {
    "EngineVersion": "engine_version",
    "CacheParameterGroupName": "cache_parameter_group_name",
    "PreferredMaintenanceWindow": "preferred_maintenance_window",
    "SnapshotWindow": "snapshot_window",
    "NotificationTopicArn": "notification_topic_arn",
    "SecurityGroupIds": "security_group_ids",
    "TransitEncryptionMode": "transit_encryption_mode",
    "LogDeliveryConfigurations": "log_delivery_configurations",
}
#: newest versions, as AWS gives when only a major is asked for
_NEWEST = {"valkey 7": "7.2.6", "valkey 8": "8.0.1", "redis 7": "7.1.0", "redis 6": "6.2.6"}


# --- replication groups -----------------------------------------------------------------------------------------------


def _set_members(original: Any, context: Context) -> Any:
    def set_members(self: Any, *words: Any, **named: Any) -> None:
        # moto counts replicas only when they are given per node group.
        if not named.get("replicas_per_node_group"):
            named["replicas_per_node_group"] = (named.get("num_cache_clusters") or 1) - 1
        original(self, *words, **named)

    return set_members


def _exact_version(engine: str, version: str | None) -> str:
    """``7.1`` is shown as ``7.1.0``, a lone major as its newest version."""
    wanted = version or ("8.0" if engine == "valkey" else "7.1")
    newest = _NEWEST.get(f"{engine} {wanted.partition('.')[0]}", f"{wanted}.0.0")
    if wanted.count(".") == 1 and newest.startswith(f"{wanted}."):
        return newest
    return newest if "." not in wanted else wanted if wanted.count(".") > 1 else f"{wanted}.0"


def _member(group: Any, cluster_id: str) -> dict[str, Any]:
    """One member as DescribeCacheClusters shows it."""
    version = _exact_version(group.engine, group.engine_version)
    default = f"default.{group.engine}{version.partition('.')[0]}"
    return {
        "CacheClusterId": cluster_id,
        "CacheClusterStatus": "available",
        "ReplicationGroupId": group.replication_group_id,
        "Engine": group.engine,
        "EngineVersion": version,
        "CacheNodeType": group.cache_node_type,
        "NumCacheNodes": 1,
        "PreferredMaintenanceWindow": group.preferred_maintenance_window or "sun:05:00-sun:06:00",
        "CacheSubnetGroupName": group.cache_subnet_group_name,
        "CacheParameterGroup": {
            "CacheParameterGroupName": group.cache_parameter_group_name or default,
            "ParameterApplyStatus": "in-sync",
        },
        "SecurityGroups": [{"SecurityGroupId": each, "Status": "active"} for each in group.security_group_ids or []],
        "AutoMinorVersionUpgrade": str(group.auto_minor_version_upgrade).lower() != "false",
        "SnapshotRetentionLimit": group.snapshot_retention_limit,
        "SnapshotWindow": group.snapshot_window,
        "TransitEncryptionEnabled": group.transit_encryption_enabled,
        "AtRestEncryptionEnabled": group.at_rest_encryption_enabled,
        "AuthTokenEnabled": group.auth_token_enabled,
        "NetworkType": group.network_type,
        "IpDiscovery": group.ip_discovery,
        "ARN": group.arn.replace(f":replicationgroup:{group.replication_group_id}", f":cluster:{cluster_id}"),
        "CacheNodes": [
            {
                "CacheNodeId": "0001",
                "CacheNodeStatus": "available",
                "Endpoint": {"Address": f"{cluster_id}.cache.amazonaws.com", "Port": int(group.port)},
            }
        ],
    }


def _describe_cache_clusters(original: Any, context: Context) -> Any:
    def describe_cache_clusters(self: Any) -> Any:
        from moto.core.responses import ActionResult

        wanted = self._get_param("CacheClusterId")
        for group in self.elasticache_backend.replication_groups.values():
            if wanted in group.member_clusters:
                return ActionResult({"CacheClusters": [_member(group, wanted)]})
        return original(self)

    return describe_cache_clusters


def _modify_replication_group(original: Any, context: Context) -> Any:
    def modify_replication_group(self: Any) -> Any:
        group = self.elasticache_backend.replication_groups.get(self._get_param("ReplicationGroupId"))
        for parameter, attribute in _SHARED.items() if group is not None else ():
            value = self._get_param(parameter)
            if value is not None:
                setattr(group, attribute, value)
        return original(self)

    return modify_replication_group


def _resize(self: Any, change: int) -> Any:
    """IncreaseReplicaCount and DecreaseReplicaCount of a group of one shard."""
    from moto.core.responses import ActionResult

    group = self.elasticache_backend.describe_replication_groups(self._get_param("ReplicationGroupId"))[0]
    wanted, shard = int(self._get_param("NewReplicaCount")) + 1, group.node_groups[0]
    if len(group.node_groups) > 1 or (wanted - len(group.member_clusters)) * change < 0:
        raise AwsError("InvalidParameterValue", f"NewReplicaCount {wanted - 1} is no change in this direction")
    for number in range(len(group.member_clusters) + 1, wanted + 1):
        member = dict(shard["node_group_members"][0])
        member |= {"cache_cluster_id": f"{group.replication_group_id}-{number:0>3}", "current_role": "replica"}
        shard["node_group_members"].append(member)
    del shard["node_group_members"][wanted:]
    group.member_clusters = [each["cache_cluster_id"] for each in shard["node_group_members"]]
    return ActionResult({"ReplicationGroup": group})


def increase_replica_count(self: Any) -> Any:
    return _resize(self, 1)


def decrease_replica_count(self: Any) -> Any:
    return _resize(self, -1)


def _delete_replication_group(original: Any, context: Context) -> Any:
    def delete_replication_group(self: Any, replication_group_id: str, retain: bool | None) -> Any:
        group = original(self, replication_group_id=replication_group_id, retain_primary_cluster=retain)
        del self.replication_groups[replication_group_id]
        return group

    def by_name(self: Any, replication_group_id: str, retain_primary_cluster: bool | None) -> Any:
        return delete_replication_group(self, replication_group_id, retain_primary_cluster)

    return by_name


def _tags(original: Any, context: Context) -> Any:
    def list_tags_for_resource(self: Any, arn: str) -> Any:
        known = ":parametergroup:" in arn
        return self.tagging_service.list_tags_for_resource(arn) if known else original(self, arn)

    return list_tags_for_resource


# --- subnet groups and parameter groups -------------------------------------------------------------------------------


def delete_cache_subnet_group(self: Any) -> Any:
    from moto.core.responses import EmptyResult

    backend, name = self.elasticache_backend, self._get_param("CacheSubnetGroupName")
    if name not in backend.cache_subnet_groups:
        raise AwsError("CacheSubnetGroupNotFoundFault", f"Cache Subnet Group {name} does not exist.", 404)
    users = [group for group in backend.replication_groups.values() if group.cache_subnet_group_name == name]
    if users:
        raise AwsError("CacheSubnetGroupInUse", f"Cache subnet group {name} is currently in use by a cache cluster.")
    del backend.cache_subnet_groups[name]
    return EmptyResult()


def modify_cache_subnet_group(self: Any) -> Any:
    from moto.core.responses import ActionResult
    from moto.elasticache.models import CacheSubnetGroup

    backend, name = self.elasticache_backend, self._get_param("CacheSubnetGroupName")
    before = backend.describe_cache_subnet_groups(cache_subnet_group_name=name)[0]
    text = self._get_param("CacheSubnetGroupDescription") or before.cache_subnet_group_description
    subnets = self._get_param("SubnetIds") or before.subnet_ids
    made = CacheSubnetGroup(self.current_account, self.region, name, text, subnets, before.tags)
    backend.cache_subnet_groups[name] = made
    return ActionResult({"CacheSubnetGroup": made})


def _parameter_groups(self: Any) -> dict[str, Any]:
    return side_table(self.elasticache_backend, "parameter_groups")


def _parameter_group(self: Any) -> dict[str, Any]:
    name = self._get_param("CacheParameterGroupName")
    found: dict[str, Any] | None = _parameter_groups(self).get(name)
    if found is None:
        raise AwsError("CacheParameterGroupNotFound", f"CacheParameterGroup {name} not found.", 404)
    return found


def _shown(group: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in group.items() if key != "parameters"}


def create_cache_parameter_group(self: Any) -> Any:
    from moto.core.responses import ActionResult

    name = self._get_param("CacheParameterGroupName")
    if name in _parameter_groups(self):
        raise AwsError("CacheParameterGroupAlreadyExists", f"Cache parameter group {name} already exists.")
    group = {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": self._get_param("CacheParameterGroupFamily"),
        "Description": self._get_param("Description"),
        "IsGlobal": False,
        "ARN": f"arn:{self.partition}:elasticache:{self.region}:{self.current_account}:parametergroup:{name}",
        "parameters": {},
    }
    _parameter_groups(self)[name] = group
    self.elasticache_backend.tagging_service.tag_resource(group["ARN"], self._get_param("Tags", []))
    return ActionResult({"CacheParameterGroup": _shown(group)})


def describe_cache_parameter_groups(self: Any) -> Any:
    from moto.core.responses import ActionResult

    one = self._get_param("CacheParameterGroupName")
    groups = [_parameter_group(self)] if one else list(_parameter_groups(self).values())
    return ActionResult({"CacheParameterGroups": [_shown(group) for group in groups]})


def describe_cache_parameters(self: Any) -> Any:
    """What was set; the engine's own values are not known here."""
    from moto.core.responses import ActionResult

    parameters = [
        {"ParameterName": name, "ParameterValue": value, "Source": "user"}
        for name, value in _parameter_group(self)["parameters"].items()
    ]
    return ActionResult({"Parameters": parameters})


def modify_cache_parameter_group(self: Any) -> Any:
    from moto.core.responses import ActionResult

    group = _parameter_group(self)
    for pair in self._get_param("ParameterNameValues", []):
        group["parameters"][pair["ParameterName"]] = pair["ParameterValue"]
    return ActionResult({"CacheParameterGroupName": group["CacheParameterGroupName"]})


def reset_cache_parameter_group(self: Any) -> Any:
    from moto.core.responses import ActionResult

    group = _parameter_group(self)
    for pair in self._get_param("ParameterNameValues", []):
        group["parameters"].pop(pair["ParameterName"], None)
    return ActionResult({"CacheParameterGroupName": group["CacheParameterGroupName"]})


def delete_cache_parameter_group(self: Any) -> Any:
    from moto.core.responses import EmptyResult

    del _parameter_groups(self)[_parameter_group(self)["CacheParameterGroupName"]]
    return EmptyResult()


PATCHES = (
    Patch(_GROUP, "_set_node_members_clusters_disabled", "it makes one member whatever was asked for", _set_members),
    Patch(_RESPONSES, "describe_cache_clusters", "it does not know members", _describe_cache_clusters),
    Patch(_RESPONSES, "modify_replication_group", "it passes over what members share", _modify_replication_group),
    Patch(_BACKEND, "list_tags_for_resource", "it refuses ARNs of parameter groups", _tags),
    Patch(_BACKEND, "delete_replication_group", "the group would be `deleting` for ever", _delete_replication_group),
)
ADDITIONS = tuple(
    Addition(_RESPONSES, method.__name__, method)
    for method in (
        increase_replica_count,
        decrease_replica_count,
        delete_cache_subnet_group,
        modify_cache_subnet_group,
        create_cache_parameter_group,
        describe_cache_parameter_groups,
        describe_cache_parameters,
        modify_cache_parameter_group,
        reset_cache_parameter_group,
        delete_cache_parameter_group,
    )
)
