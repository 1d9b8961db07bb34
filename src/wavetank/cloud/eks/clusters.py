"""Clusters: create, describe, update, delete.

Terraform polls with waits that are written in its provider, so a cluster is ACTIVE as soon as its control plane has an
endpoint, and what it does not ask for is filled in as EKS fills it in: a re-plan compares every one of these fields.
"""

from __future__ import annotations

from typing import Any

from wavetank.cloud.eks import versions
from wavetank.cloud.eks.access import grant_creator
from wavetank.cloud.eks.call import Call, Handler
from wavetank.cloud.eks.errors import InvalidParameterException, InvalidRequestException, ResourceInUseException
from wavetank.cloud.eks.state import Cluster, Wire
from wavetank.cloud.eks.updates import record_update
from wavetank.cloud.eks.views import cluster_facts, enabled_log_types
from wavetank.cloud.events import ClusterCreated, ClusterDeleted, ClusterFacts, ClusterUpdated

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
EVERYWHERE = "0.0.0.0/0"
SERVICE_CIDR = "172.20.0.0/16"
#: EKS takes this one when the VPC itself lies within 172.20.0.0/16.
OTHER_SERVICE_CIDR = "10.100.0.0/16"


def create_cluster(call: Call) -> Wire:
    name = call.parameters["name"]
    if call.clusters.find(call.ref) is not None:
        raise ResourceInUseException(f"Cluster already exists with name: {name}")
    _check_subnets(call)
    cluster = Cluster(call.ref, _wire(call), call.caller.principal_arn)
    cluster.self_managed_addons = bool(call.get("bootstrapSelfManagedAddons", True))
    call.clusters.add(cluster)
    call.emit(ClusterCreated(cluster.ref, cluster_facts(cluster, call.aws)))
    grant_creator(call, cluster)
    return {"cluster": cluster.wire}


def _check_subnets(call: Call) -> None:
    subnets = call.aws.subnets(call.parameters["resourcesVpcConfig"].get("subnetIds", []))
    if len({subnet.zone for subnet in subnets}) < 2:
        raise InvalidParameterException(
            "Subnets specified must be in at least two different AZs. Please specify subnets from at least two AZs"
        )


def _wire(call: Call) -> Wire:
    """The cluster as DescribeCluster answers it."""
    version = versions.checked(call.get("version"))
    issuer_id = call.clusters.new_hex(32).upper()
    wire: Wire = {
        "name": call.parameters["name"],
        "arn": call.arn("cluster", call.parameters["name"]),
        "createdAt": call.now,
        "version": version,
        "roleArn": call.parameters["roleArn"],
        "resourcesVpcConfig": _vpc_config(call),
        "kubernetesNetworkConfig": _network_config(call),
        "logging": _logging((call.get("logging") or {}).get("clusterLogging", [])),
        "identity": {"oidc": {"issuer": f"https://oidc.eks.{call.region}.amazonaws.com/id/{issuer_id}"}},
        "status": "CREATING",
        "certificateAuthority": {},
        "platformVersion": versions.PLATFORM_VERSION,
        "tags": dict(call.get("tags", {})),
        "encryptionConfig": call.get("encryptionConfig", []),
        "health": {"issues": []},
        "accessConfig": _access_config(call.get("accessConfig", {})),
        "upgradePolicy": {"supportType": "EXTENDED"} | call.get("upgradePolicy", {}),
        "deletionProtection": bool(call.get("deletionProtection", False)),
    }
    for key in ("computeConfig", "storageConfig", "remoteNetworkConfig", "zonalShiftConfig"):
        if call.get(key) is not None:
            wire[key] = call.get(key)
    return wire


def _vpc_config(call: Call) -> Wire:
    asked = call.parameters["resourcesVpcConfig"]
    vpc = call.aws.vpc_of(asked["subnetIds"][0])
    name = f"eks-cluster-sg-{call.parameters['name']}-{call.clusters.new_hex(8)}"
    tags = {
        "Name": name,
        f"kubernetes.io/cluster/{call.parameters['name']}": "owned",
        "aws:eks:cluster-name": call.parameters["name"],
    }
    return {
        "subnetIds": list(asked["subnetIds"]),
        "securityGroupIds": list(asked.get("securityGroupIds") or []),
        "clusterSecurityGroupId": call.aws.create_cluster_security_group(name, vpc.id, tags),
        "vpcId": vpc.id,
        "endpointPublicAccess": asked.get("endpointPublicAccess", True),
        "endpointPrivateAccess": asked.get("endpointPrivateAccess", False),
        "publicAccessCidrs": list(asked.get("publicAccessCidrs") or [EVERYWHERE]),
    }


def _network_config(call: Call) -> Wire:
    asked = call.get("kubernetesNetworkConfig", {})
    vpc = call.aws.vpc_of(call.parameters["resourcesVpcConfig"]["subnetIds"][0])
    default = OTHER_SERVICE_CIDR if vpc.cidr.startswith("172.20.") else SERVICE_CIDR
    return {
        "serviceIpv4Cidr": asked.get("serviceIpv4Cidr") or default,
        "ipFamily": asked.get("ipFamily") or "ipv4",
        "elasticLoadBalancing": {"enabled": False} | (asked.get("elasticLoadBalancing") or {}),
    }


def _logging(asked: list[Wire], current: Wire | None = None) -> Wire:
    """Two lists, what is on and what is off, as EKS splits them; types that are not mentioned stay as they are."""
    enabled = set(enabled_log_types(current)) if current else set()
    for part in asked:
        enabled = enabled | set(part["types"]) if part.get("enabled") else enabled - set(part["types"])
    on = [kind for kind in LOG_TYPES if kind in enabled]
    off = [kind for kind in LOG_TYPES if kind not in enabled]
    parts = [{"types": on, "enabled": True}, {"types": off, "enabled": False}]
    return {"clusterLogging": [part for part in parts if part["types"]]}


def _access_config(asked: Wire) -> Wire:
    return {
        "bootstrapClusterCreatorAdminPermissions": asked.get("bootstrapClusterCreatorAdminPermissions", True),
        "authenticationMode": asked.get("authenticationMode") or "CONFIG_MAP",
    }


def describe_cluster(call: Call) -> Wire:
    return {"cluster": call.cluster.wire}


def list_clusters(call: Call) -> Wire:
    return call.page("clusters", call.clusters.names(call.account, call.region))


def update_cluster_config(call: Call) -> Wire:
    cluster = call.cluster
    before = cluster_facts(cluster, call.aws)
    kind, params = _apply_config(call, cluster.wire)
    return _updated(call, cluster, before, kind, params)


def _apply_config(call: Call, wire: Wire) -> tuple[str, dict[str, Any]]:
    """Change ``wire`` by the one thing that UpdateClusterConfig may change per call; its UpdateType and parameters."""
    if (logging := call.get("logging")) is not None:
        wire["logging"] = _logging(logging.get("clusterLogging", []), wire["logging"])
        return "LoggingUpdate", {"ClusterLogging": logging}
    if (network := call.get("resourcesVpcConfig")) is not None:
        return _apply_vpc_config(call, wire["resourcesVpcConfig"], network)
    if (access := call.get("accessConfig")) is not None:
        _check_mode_change(wire["accessConfig"]["authenticationMode"], access["authenticationMode"])
        wire["accessConfig"] = wire["accessConfig"] | {"authenticationMode": access["authenticationMode"]}
        return "AccessConfigUpdate", {"AuthenticationMode": access["authenticationMode"]}
    for key, kind in _PLAIN_CONFIGS.items():
        if (value := call.get(key)) is not None:
            wire[key] = wire.get(key, {}) | value if isinstance(value, dict) else value
            return kind, {key[0].upper() + key[1:]: value}
    raise InvalidParameterException("No changes needed for the cluster config provided")


_PLAIN_CONFIGS = {
    "upgradePolicy": "UpgradePolicyUpdate",
    "zonalShiftConfig": "ZonalShiftConfigUpdate",
    "deletionProtection": "DeletionProtectionUpdate",
    "remoteNetworkConfig": "RemoteNetworkConfigUpdate",
}


def _apply_vpc_config(call: Call, current: Wire, asked: Wire) -> tuple[str, dict[str, Any]]:
    if {"subnetIds", "securityGroupIds"} & asked.keys():
        if asked.get("subnetIds"):
            call.aws.subnets(asked["subnetIds"])
        current.update({key: asked[key] for key in ("subnetIds", "securityGroupIds") if key in asked})
        return "VpcConfigUpdate", {"Subnets": asked.get("subnetIds"), "SecurityGroups": asked.get("securityGroupIds")}
    access: Wire = {
        key: asked[key]
        for key in ("endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs")
        if key in asked
    }
    if not (current | access)["endpointPublicAccess"] and not (current | access)["endpointPrivateAccess"]:
        raise InvalidParameterException("Private and public endpoint access cannot be false")
    current.update(access)
    return "EndpointAccessUpdate", {key[0].upper() + key[1:]: value for key, value in access.items()}


def _check_mode_change(current: str, wanted: str) -> None:
    """Access entries cannot be given up again: CONFIG_MAP -> API_AND_CONFIG_MAP -> API is a one-way street."""
    order = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
    if order.index(wanted) < order.index(current) or (current, wanted) == ("CONFIG_MAP", "API"):
        raise InvalidParameterException(f"Unsupported authentication mode update from {current} to {wanted}")


def update_cluster_version(call: Call) -> Wire:
    cluster, wanted = call.cluster, versions.checked(call.parameters["version"])
    current = cluster.wire["version"]
    if versions.minor_of(wanted) - versions.minor_of(current) != 1:
        raise InvalidParameterException(f"Unsupported Kubernetes minor version update from {current} to {wanted}")
    before = cluster_facts(cluster, call.aws)
    cluster.wire["version"] = wanted
    params = {"Version": wanted, "PlatformVersion": cluster.wire["platformVersion"]}
    return _updated(call, cluster, before, "VersionUpdate", params)


def _updated(call: Call, cluster: Cluster, before: ClusterFacts, kind: str, params: dict[str, Any]) -> Wire:
    call.emit(ClusterUpdated(cluster.ref, cluster_facts(cluster, call.aws), before))
    return record_update(call, cluster, kind, params)


def delete_cluster(call: Call) -> Wire:
    cluster = call.cluster
    if cluster.node_groups:
        raise ResourceInUseException("Cluster has nodegroups attached")
    if cluster.fargate_profiles:
        raise ResourceInUseException("Cluster has fargate profiles attached")
    if cluster.wire["deletionProtection"]:
        raise InvalidRequestException("Cluster deletion protection is enabled; disable it before deleting the cluster")
    call.clusters.remove(cluster.ref)
    call.aws.delete_security_group(cluster.wire["resourcesVpcConfig"]["clusterSecurityGroupId"])
    call.emit(ClusterDeleted(cluster.ref))
    return {"cluster": cluster.wire | {"status": "DELETING"}}


OPERATIONS: dict[str, Handler] = {
    "CreateCluster": create_cluster,
    "DescribeCluster": describe_cluster,
    "ListClusters": list_clusters,
    "UpdateClusterConfig": update_cluster_config,
    "UpdateClusterVersion": update_cluster_version,
    "DeleteCluster": delete_cluster,
}
