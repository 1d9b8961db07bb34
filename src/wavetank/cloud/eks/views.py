"""From what is stored to what listeners get: pure functions from wire form to the values of ``events``."""

from __future__ import annotations

import json
from typing import Any, Literal

import yaml

from wavetank.cloud.eks.neighbours import Neighbours, TemplateMachine
from wavetank.cloud.eks.state import Cluster, Wire
from wavetank.cloud.events import Addon, ClusterFacts, NodeGroup, Taint

DEFAULT_INSTANCE_TYPE = "t3.medium"
DEFAULT_DISK_GIB = 20

_EFFECTS: dict[str, Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]] = {
    "NO_SCHEDULE": "NoSchedule",
    "PREFER_NO_SCHEDULE": "PreferNoSchedule",
    "NO_EXECUTE": "NoExecute",
}


def cluster_facts(cluster: Cluster, aws: Neighbours) -> ClusterFacts:
    wire, network = cluster.wire, cluster.wire["resourcesVpcConfig"]
    vpc = aws.vpc_of(network["subnetIds"][0])
    return ClusterFacts(
        arn=wire["arn"],
        version=wire["version"],
        vpc_id=vpc.id,
        vpc_cidr=vpc.cidr,
        subnets=aws.subnets(network["subnetIds"]),
        service_cidr=wire["kubernetesNetworkConfig"]["serviceIpv4Cidr"],
        oidc_issuer=wire["identity"]["oidc"]["issuer"],
        self_managed_addons=cluster.self_managed_addons,
        authentication_mode=wire["accessConfig"]["authenticationMode"],
        endpoint_public_access=network["endpointPublicAccess"],
        endpoint_private_access=network["endpointPrivateAccess"],
        log_types=enabled_log_types(wire["logging"]),
        tags=dict(wire["tags"]),
    )


def enabled_log_types(logging: Wire) -> tuple[str, ...]:
    return tuple(kind for part in logging["clusterLogging"] if part["enabled"] for kind in part["types"])


def node_group(wire: Wire, aws: Neighbours) -> NodeGroup:
    scaling, update = wire["scalingConfig"], wire["updateConfig"]
    template = aws.machine_of(wire["launchTemplate"]) if "launchTemplate" in wire else TemplateMachine(None, None, None)
    return NodeGroup(
        name=wire["nodegroupName"],
        arn=wire["nodegroupArn"],
        version=wire["version"],
        release_version=wire["releaseVersion"],
        instance_types=tuple(wire.get("instanceTypes", ())) or (template.instance_type or DEFAULT_INSTANCE_TYPE,),
        capacity_type=wire["capacityType"],
        ami_type=wire["amiType"],
        subnets=aws.subnets(wire["subnets"]),
        min_size=scaling["minSize"],
        desired_size=scaling["desiredSize"],
        max_size=scaling["maxSize"],
        labels=dict(wire["labels"]),
        taints=tuple(_taint(taint) for taint in wire["taints"]),
        disk_size_gib=wire.get("diskSize") or template.disk_gib or DEFAULT_DISK_GIB,
        max_unavailable=update.get("maxUnavailable"),
        max_unavailable_percentage=update.get("maxUnavailablePercentage"),
        node_role_arn=wire["nodeRole"],
        autoscaling_group=wire["resources"]["autoScalingGroups"][0]["name"],
        tags=dict(wire["tags"]),
        max_pods=template.max_pods,
    )


def _taint(wire: Wire) -> Taint:
    return Taint(wire["key"], wire.get("value") or "", _EFFECTS[wire["effect"]])


def addon(wire: Wire) -> Addon:
    return Addon(
        name=wire["addonName"],
        version=wire["addonVersion"],
        namespace=wire["namespaceConfig"]["namespace"],
        configuration=parsed_configuration(wire.get("configurationValues", "")),
        service_account_role_arn=wire.get("serviceAccountRoleArn"),
    )


def parsed_configuration(text: str) -> dict[str, Any]:
    """The configuration values of an add-on: JSON or YAML of one mapping. Raises ValueError for anything else."""
    try:
        value = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (json.JSONDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"configuration values are neither JSON nor YAML: {error}") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError("configuration values must be one JSON or YAML mapping")
    return value
