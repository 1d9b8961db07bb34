"""Managed node groups, each with a real Auto Scaling group and launch template behind it.

Fills in what EKS fills in, so that a re-plan sees no difference, and turns every change, also one made on the scaling
group by an autoscaler, into an event.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wavetank.cloud.eks import versions, views
from wavetank.cloud.eks.access import grant_node_role
from wavetank.cloud.eks.call import Call, Handler
from wavetank.cloud.eks.errors import InvalidParameterException, InvalidRequestException, ResourceInUseException
from wavetank.cloud.eks.neighbours import ScalingGroup
from wavetank.cloud.eks.state import Cluster, Wire
from wavetank.cloud.eks.updates import record_update
from wavetank.cloud.events import NodeGroupCreated, NodeGroupDeleted, NodeGroupUpdated

WINDOWS_DISK_GIB = 50
DEFAULT_SCALING = {"minSize": 1, "desiredSize": 2, "maxSize": 2}


def create_nodegroup(call: Call) -> Wire:
    cluster, name = call.cluster, call.parameters["nodegroupName"]
    if name in cluster.node_groups:
        raise ResourceInUseException(f"NodeGroup already exists with name {name} and cluster name {cluster.ref.name}")
    if cluster.wire["status"] != "ACTIVE":
        raise InvalidRequestException(f"Cluster '{cluster.ref.name}' is not in ACTIVE status")
    group = _wire(call, cluster)
    event = NodeGroupCreated(cluster.ref, views.node_group(group, call.aws))
    _create_scaling_group(call, cluster, group)
    cluster.node_groups[name] = group
    grant_node_role(call, cluster, group["nodeRole"])
    call.emit(event)
    return {"nodegroup": group}


def _wire(call: Call, cluster: Cluster) -> Wire:
    """The node group as DescribeNodegroup answers it."""
    name, uid = call.parameters["nodegroupName"], call.clusters.new_uuid()
    version = call.get("version") or cluster.wire["version"]
    _check_skew(version, cluster.wire["version"])
    group: Wire = {
        "nodegroupName": name,
        "nodegroupArn": call.arn("nodegroup", cluster.ref.name, name, uid),
        "clusterName": cluster.ref.name,
        "version": version,
        "releaseVersion": call.get("releaseVersion") or versions.ami_release(version),
        "createdAt": call.now,
        "modifiedAt": call.now,
        "status": "ACTIVE",
        "capacityType": call.get("capacityType", "ON_DEMAND"),
        "scalingConfig": _checked_scaling(DEFAULT_SCALING | call.get("scalingConfig", {})),
        "subnets": list(call.parameters["subnets"]),
        "nodeRole": call.parameters["nodeRole"],
        "labels": dict(call.get("labels", {})),
        "taints": list(call.get("taints", [])),
        "health": {"issues": []},
        "updateConfig": call.get("updateConfig") or {"maxUnavailable": 1},
        "tags": dict(call.get("tags", {})),
        "resources": {"autoScalingGroups": [{"name": f"eks-{name}-{uid}"}]},
    }
    return group | _machine_config(call) | _optional_config(call, uid)


def _machine_config(call: Call) -> Wire:
    """Instance types, image and disk: from the launch template where there is one, else EKS's defaults."""
    asked = call.get("launchTemplate")
    types = list(call.get("instanceTypes", []))
    if not asked:
        types = types or [views.DEFAULT_INSTANCE_TYPE]
        ami_type = call.get("amiType") or default_ami_type(types[0])
        disk = WINDOWS_DISK_GIB if ami_type.startswith("WINDOWS") else views.DEFAULT_DISK_GIB
        return {"instanceTypes": types, "amiType": ami_type, "diskSize": call.get("diskSize", disk)}
    if call.get("diskSize"):
        raise InvalidParameterException("Disk size must be specified within the launch template.")
    if call.get("remoteAccess"):
        raise InvalidParameterException("Remote access configuration cannot be specified with a launch template.")
    ami_type = call.get("amiType") or default_ami_type(types[0] if types else "")
    machine: Wire = {"launchTemplate": call.aws.resolved_launch_template(asked), "amiType": ami_type}
    return machine | ({"instanceTypes": types} if types else {})


def default_ami_type(instance_type: str) -> str:
    """AL2023 of the architecture: Graviton families carry a ``g`` after the generation, GPU families start with g or p."""
    family = instance_type.split(".")[0]
    arm = "g" in family.lstrip("abcdefghijklmnopqrstuvwxyz") or family == "a1"
    gpu = family[:1] in ("g", "p") and family[1:2].isdigit()
    if family[:3] in ("inf", "trn"):
        return "AL2023_x86_64_NEURON"
    if gpu:
        return "AL2023_ARM_64_NVIDIA" if arm else "AL2023_x86_64_NVIDIA"
    return "AL2023_ARM_64_STANDARD" if arm else "AL2023_x86_64_STANDARD"


def _optional_config(call: Call, uid: str) -> Wire:
    extra: Wire = {}
    if (repair := call.get("nodeRepairConfig")) is not None:
        extra["nodeRepairConfig"] = repair
    if (remote := call.get("remoteAccess")) is not None:
        extra["remoteAccess"] = remote
        extra["resources"] = {
            "autoScalingGroups": [{"name": f"eks-{call.parameters['nodegroupName']}-{uid}"}],
            "remoteAccessSecurityGroup": f"sg-{call.clusters.new_hex(17)}",
        }
    return extra


def _check_skew(version: str, cluster_version: str) -> None:
    """A node may be up to three minors older than its control plane, never newer (kubelet skew policy)."""
    behind = versions.minor_of(cluster_version) - versions.minor_of(version)
    if not 0 <= behind <= 3:
        raise InvalidParameterException(
            f"Requested Nodegroup version {version} is not compatible with cluster version {cluster_version}."
        )


def _checked_scaling(scaling: dict[str, int]) -> dict[str, int]:
    low, desired, high = scaling["minSize"], scaling["desiredSize"], scaling["maxSize"]
    if low > high:
        raise InvalidParameterException(f"Minimum capacity {low} can't be greater than max size {high}")
    if desired > high:
        raise InvalidParameterException(f"Desired capacity {desired} can't be greater than max size {high}")
    if desired < low:
        raise InvalidParameterException(f"Minimum capacity {low} can't be greater than desired size {desired}")
    return {"minSize": low, "desiredSize": desired, "maxSize": high}


def _create_scaling_group(call: Call, cluster: Cluster, group: Wire) -> None:
    name, cluster_name = group["resources"]["autoScalingGroups"][0]["name"], cluster.ref.name
    owned = {"eks:cluster-name": cluster_name, "eks:nodegroup-name": group["nodegroupName"]}
    instance_type = views.node_group(group, call.aws).instance_types[0]
    template_id = call.aws.create_launch_template(_template_name(group), instance_type, dict(owned))
    scaling = group["scalingConfig"]
    call.aws.create_scaling_group(
        ScalingGroup(
            name,
            scaling["minSize"],
            scaling["desiredSize"],
            scaling["maxSize"],
            tuple(group["subnets"]),
            template_id,
            owned
            | {
                f"k8s.io/cluster-autoscaler/{cluster_name}": "owned",
                "k8s.io/cluster-autoscaler/enabled": "true",
                f"kubernetes.io/cluster/{cluster_name}": "owned",
            },
        ),
        _resizer(call, cluster, group),
    )


def _template_name(group: Wire) -> str:
    return f"eks-{group['nodegroupArn'].rsplit('/', 1)[-1]}"


def _resizer(call: Call, cluster: Cluster, group: Wire) -> Callable[[int], None]:
    """What SetDesiredCapacity on the scaling group does to the node group; runs in requests to Auto Scaling."""

    def resize(size: int) -> None:
        with call.clusters.lock:
            before = views.node_group(group, call.aws)
            if before.desired_size != size:
                group["scalingConfig"] = group["scalingConfig"] | {"desiredSize": size}
                call.emit(NodeGroupUpdated(cluster.ref, views.node_group(group, call.aws), before))

    return resize


def describe_nodegroup(call: Call) -> Wire:
    return {"nodegroup": call.cluster.node_group(call.parameters["nodegroupName"])}


def list_nodegroups(call: Call) -> Wire:
    return call.page("nodegroups", sorted(call.cluster.node_groups))


def update_nodegroup_config(call: Call) -> Wire:
    cluster = call.cluster
    group = cluster.node_group(call.parameters["nodegroupName"])
    changed = group | {"modifiedAt": call.now}
    params: dict[str, Any] = {}
    if (scaling := call.get("scalingConfig")) is not None:
        changed["scalingConfig"] = _checked_scaling(group["scalingConfig"] | scaling)
        params |= {key[0].upper() + key[1:]: value for key, value in scaling.items()}
    if (labels := call.get("labels")) is not None:
        gone = set(labels.get("removeLabels", []))
        changed["labels"] = {k: v for k, v in group["labels"].items() if k not in gone} | labels.get(
            "addOrUpdateLabels", {}
        )
        params |= {"LabelsToAdd": labels.get("addOrUpdateLabels"), "LabelsToRemove": labels.get("removeLabels")}
    if (taints := call.get("taints")) is not None:
        changed["taints"] = _changed_taints(group["taints"], taints)
        params |= {"TaintsToAdd": taints.get("addOrUpdateTaints"), "TaintsToRemove": taints.get("removeTaints")}
    for key, kind in (("updateConfig", "MaxUnavailable"), ("nodeRepairConfig", "NodeRepairConfig")):
        if (value := call.get(key)) is not None:
            changed[key] = value
            params[kind] = value
    return _updated(call, cluster, group, changed, "ConfigUpdate", params)


def _changed_taints(current: list[Wire], change: Wire) -> list[Wire]:
    """A taint is identified by its key and effect."""
    touched = [*change.get("addOrUpdateTaints", []), *change.get("removeTaints", [])]
    ids = {(taint["key"], taint["effect"]) for taint in touched}
    kept = [taint for taint in current if (taint["key"], taint["effect"]) not in ids]
    return kept + list(change.get("addOrUpdateTaints", []))


def update_nodegroup_version(call: Call) -> Wire:
    cluster = call.cluster
    group = cluster.node_group(call.parameters["nodegroupName"])
    version = call.get("version") or (group["version"] if call.get("launchTemplate") else cluster.wire["version"])
    _check_skew(version, cluster.wire["version"])
    release = call.get("releaseVersion") or versions.ami_release(version)
    changed = group | {"version": version, "releaseVersion": release, "modifiedAt": call.now}
    if (template := call.get("launchTemplate")) is not None:
        changed["launchTemplate"] = call.aws.resolved_launch_template(template)
    params = {"Version": version, "ReleaseVersion": release}
    return _updated(call, cluster, group, changed, "VersionUpdate", params)


def _updated(call: Call, cluster: Cluster, group: Wire, changed: Wire, kind: str, params: dict[str, Any]) -> Wire:
    """Put the change into the stored group (which the scaling group's callback holds too) and tell everybody."""
    before = views.node_group(group, call.aws)
    group.update(changed)
    scaling = group["scalingConfig"]
    call.aws.size_scaling_group(
        before.autoscaling_group, scaling["minSize"], scaling["desiredSize"], scaling["maxSize"]
    )
    call.emit(NodeGroupUpdated(cluster.ref, views.node_group(group, call.aws), before))
    given = {name: value for name, value in params.items() if value is not None}
    return record_update(call, cluster, kind, given, group["nodegroupName"])


def delete_nodegroup(call: Call) -> Wire:
    cluster = call.cluster
    group = cluster.node_group(call.parameters["nodegroupName"])
    event = NodeGroupDeleted(cluster.ref, views.node_group(group, call.aws))
    del cluster.node_groups[group["nodegroupName"]]
    call.aws.delete_scaling_group(event.group.autoscaling_group)
    call.aws.delete_launch_template(_template_name(group))
    call.emit(event)
    return {"nodegroup": group | {"status": "DELETING"}}


OPERATIONS: dict[str, Handler] = {
    "CreateNodegroup": create_nodegroup,
    "DescribeNodegroup": describe_nodegroup,
    "ListNodegroups": list_nodegroups,
    "UpdateNodegroupConfig": update_nodegroup_config,
    "UpdateNodegroupVersion": update_nodegroup_version,
    "DeleteNodegroup": delete_nodegroup,
}
