"""Managed node groups."""

from __future__ import annotations

from dataclasses import dataclass, replace

from wavetank import catalog
from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Disk, Network, NodeGroup
from wavetank.plan.reasons import Default
from wavetank.spec.aws import NodeGroup as WrittenNodeGroup
from wavetank.spec.machines import Disk as WrittenDisk
from wavetank.spec.platform import PlatformFile
from wavetank.spec.shapes import shape

_GUIDE = "docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html"

ON_DEMAND = Default("nodeGroups.capacityType", "AWS takes Spot machines back with two minutes' notice", _GUIDE)
DISK = Default("nodeGroups.disk", "20 GiB as EKS has it, gp3 for its price, encrypted because it costs nothing", _GUIDE)
ONE_AT_A_TIME = Default("nodeGroups.maxUnavailable", "an update replaces one node after the other", _GUIDE)
NO_METADATA = Default(
    "nodeGroups.metadataHopLimit",
    "pods must not take the node's credentials",
    "docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html",
)
NOTHING = Default("nodeGroups", "nothing was asked for")
AS_EKS_HAS_IT = Default("nodeGroups.kubelet", "EKS sets the kubelet to fit the instance type", _GUIDE)
NO_AUTOSCALER = Default("nodeGroups.autoscalerTags", "Cluster Autoscaler is not installed")
#: node label that the groups of all zones of one ``perZone`` group share
FAMILY_LABEL = "node-group"
_AUTOSCALER = "k8s.io/cluster-autoscaler"


@dataclass(frozen=True)
class _Asked:
    """One group as the author wrote it, and where its values stand: of a group per zone several plan groups share that."""

    written: WrittenNodeGroup
    name: str
    #: the zones of this group
    zones: tuple[str, ...]

    @property
    def path(self) -> str:
        return f"nodeGroups[{self.name}]"

    @property
    def spec_path(self) -> str:
        return f"nodeGroups[{self.written.name}]"

    @property
    def is_split(self) -> bool:
        return bool(self.written.per_zone)


def node_groups(
    written: PlatformFile, cluster_name: str, network: Network, prefix_delegation: bool, ledger: Ledger
) -> tuple[NodeGroup, ...]:
    """All groups as EKS will make them; a group per zone where that was asked for."""
    autoscaled = any((each.chart or each.name) == "cluster-autoscaler" for each in written.helm_releases or ())
    tagged_for = cluster_name if autoscaled else ""
    asked = [each for group in written.node_groups for each in _asked(group, network)]
    return tuple(_node_group(each, network, prefix_delegation, tagged_for, ledger) for each in asked)


def _asked(written: WrittenNodeGroup, network: Network) -> list[_Asked]:
    zones = written.zones or network.zones
    if not written.per_zone:
        return [_Asked(written, written.name, zones)]
    return [_Asked(written, f"{written.name}-{zone}", (zone,)) for zone in zones]


def _node_group(asked: _Asked, network: Network, prefix_delegation: bool, tagged_for: str, ledger: Ledger) -> NodeGroup:
    """One group, and what one of its nodes admits."""
    written, path, at = asked.written, asked.path, asked.spec_path
    ledger.stated(path, written, at)
    limit = written.max_unavailable
    group = NodeGroup(
        name=asked.name,
        family=ledger.stated(f"{path}.family", written.name, f"{at}.name"),
        instance_types=ledger.stated(f"{path}.instanceTypes", written.instance_types, f"{at}.instanceTypes"),
        capacity_type=ledger.chosen(
            f"{path}.capacityType", written.capacity_type, "ON_DEMAND", ON_DEMAND, f"{at}.capacityType"
        ),
        ami_type=_ami_type(asked, ledger),
        disk=_disk(written.disk or WrittenDisk(), asked, ledger),
        min_size=ledger.stated(f"{path}.minSize", written.min_size, f"{at}.minSize"),
        desired_size=_desired_size(asked, ledger),
        max_size=ledger.stated(f"{path}.maxSize", written.max_size, f"{at}.maxSize"),
        labels=_labels(asked, ledger),
        taints=_taints(asked, ledger),
        subnets=_subnets(asked, network, ledger),
        max_unavailable=str(ledger.chosen(f"{path}.maxUnavailable", limit, 1, ONE_AT_A_TIME, f"{at}.maxUnavailable")),
        metadata_hop_limit=ledger.chosen(
            f"{path}.metadataHopLimit", written.metadata_hop_limit, 1, NO_METADATA, f"{at}.metadataHopLimit"
        ),
        max_pods=_max_pods(asked, prefix_delegation, ledger),
        pods_per_node=_pods_per_node(asked, ledger),
        kubelet=_kubelet(asked, ledger),
        autoscaler_tags={},
    )
    return replace(group, autoscaler_tags=_autoscaler_tags(group, path, tagged_for, ledger))


def _ami_type(asked: _Asked, ledger: Ledger) -> str:
    path, written = asked.path, asked.written
    if written.ami_type is not None:
        return ledger.stated(f"{path}.amiType", written.ami_type, f"{asked.spec_path}.amiType")
    machine = catalog.instance_type(written.instance_types[0])
    architecture = "ARM_64" if machine.arch == "arm64" else "x86_64"
    driver = "STANDARD"
    if machine.accelerator is not None:
        driver = "NVIDIA" if machine.accelerator.resource == "nvidia.com/gpu" else "NEURON"
    how = f"Amazon Linux 2023 for {machine.arch}" + ("" if driver == "STANDARD" else " with the accelerator's driver")
    return ledger.derived(f"{path}.amiType", f"AL2023_{architecture}_{driver}", (f"{path}.instanceTypes",), how)


def _disk(stated: WrittenDisk, asked: _Asked, ledger: Ledger) -> Disk:
    path, at = f"{asked.path}.disk", f"{asked.spec_path}.disk"
    gib = ledger.chosen(f"{path}.gib", stated.gib, 20, DISK, f"{at}.gib")
    kind = ledger.chosen(f"{path}.type", stated.type, "gp3", DISK, f"{at}.type")
    return Disk(gib, kind, ledger.chosen(f"{path}.encrypted", stated.encrypted, True, DISK, f"{at}.encrypted"))


def _desired_size(asked: _Asked, ledger: Ledger) -> int:
    path, written = asked.path, asked.written
    if written.desired_size is not None:
        return ledger.stated(f"{path}.desiredSize", written.desired_size, f"{asked.spec_path}.desiredSize")
    return ledger.derived(
        f"{path}.desiredSize", written.min_size, (f"{path}.minSize",), "a group begins with its fewest nodes"
    )


def _labels(asked: _Asked, ledger: Ledger) -> dict[str, str]:
    """The author's, and of a group per zone the name that its siblings share."""
    path = f"{asked.path}.labels"
    labels = ledger.chosen(path, asked.written.labels, {}, NOTHING, f"{asked.spec_path}.labels")
    if not asked.is_split:
        return labels
    how = "what the groups of all zones have in common"
    shared = ledger.derived(f"{path}[{FAMILY_LABEL}]", asked.written.name, (f"{asked.path}.family",), how)
    return {FAMILY_LABEL: shared} | labels


def _taints(asked: _Asked, ledger: Ledger) -> tuple[Obj, ...]:
    path = f"{asked.path}.taints"
    if asked.written.taints is None:
        return ledger.because(path, (), NOTHING)
    return ledger.shape(path, tuple(shape(taint) for taint in asked.written.taints), f"{asked.spec_path}.taints")


def _subnets(asked: _Asked, network: Network, ledger: Ledger) -> tuple[str, ...]:
    path = f"{asked.path}.subnets"
    names = tuple(subnet.name for subnet in network.private_subnets if subnet.zone in asked.zones)
    if asked.is_split:
        ledger.stated(f"{asked.path}.perZone", True, f"{asked.spec_path}.perZone")
        origins = (f"{asked.path}.perZone", "network.subnets")
        return ledger.derived(path, names, origins, "the private subnet of its zone")
    if asked.written.zones is not None:
        return ledger.stated(path, names, f"{asked.spec_path}.zones")
    return ledger.derived(path, names, ("network.subnets",), "all private subnets")


# --- pods of a node ---------------------------------------------------------------------------------------------------


def _max_pods(asked: _Asked, prefix_delegation: bool, ledger: Ledger) -> int:
    """What the network interfaces admit, or fewer where the kubelet is told so."""
    path = asked.path
    machines = [catalog.instance_type(name) for name in asked.written.instance_types]
    smallest = min(machines, key=lambda machine: machine.pods_per_node(prefix_delegation))
    pods = smallest.pods_per_node(prefix_delegation)
    told = asked.written.kubelet.max_pods if asked.written.kubelet else None
    if told is not None and told < pods:
        return ledger.derived(f"{path}.maxPods", told, (f"{path}.kubelet.maxPods",), "the kubelet admits no more")
    how = f"{smallest.name} has {smallest.max_enis} network interfaces with {smallest.ipv4_per_eni} addresses each"
    how += (
        ", given out as prefixes" if prefix_delegation else f": {smallest.max_enis} x ({smallest.ipv4_per_eni} - 1) + 2"
    )
    return ledger.derived(f"{path}.maxPods", pods, (f"{path}.instanceTypes", "addOns[vpc-cni].configuration"), how)


def _pods_per_node(asked: _Asked, ledger: Ledger) -> int | None:
    """What the author counts on: said so, or told to the kubelet."""
    path, stated = f"{asked.path}.podsPerNode", asked.written.pods_per_node
    told = asked.written.kubelet.max_pods if asked.written.kubelet else None
    if stated is None and told is not None:
        return ledger.derived(path, told, (f"{asked.path}.kubelet.maxPods",), "so many the kubelet is told to admit")
    return ledger.chosen(path, stated, None, NOTHING, f"{asked.spec_path}.podsPerNode")


def _kubelet(asked: _Asked, ledger: Ledger) -> Obj:
    path = f"{asked.path}.kubelet"
    if asked.written.kubelet is None:
        return ledger.because(path, {}, AS_EKS_HAS_IT)
    return ledger.shape(path, shape(asked.written.kubelet), f"{asked.spec_path}.kubelet")


# --- Cluster Autoscaler -----------------------------------------------------------------------------------------------


def _autoscaler_tags(group: NodeGroup, path: str, tagged_for: str, ledger: Ledger) -> dict[str, str]:
    """By these it finds the group, and of an empty group knows which pods a node would take."""
    where = f"{path}.autoscalerTags"
    if not tagged_for:
        return ledger.because(where, {}, NO_AUTOSCALER)
    how = "Cluster Autoscaler finds groups by their tags"
    ledger.derived(where, None, ("helmReleases", "cluster.name"), how)
    found = {f"{_AUTOSCALER}/enabled": "true", f"{_AUTOSCALER}/{tagged_for}": "owned"}
    if group.min_size > 0:
        return found
    template = _node_template(group)
    origins = tuple(f"{path}.{field}" for field in ("minSize", "labels", "taints", "instanceTypes", "disk"))
    for key in template:
        ledger.derived(f"{where}[{key}]", None, origins, "an empty group has no node to learn this from")
    return found | template


def _node_template(group: NodeGroup) -> dict[str, str]:
    """Labels, taints and resources of a node that does not exist yet (cluster-autoscaler's README for AWS)."""
    base = f"{_AUTOSCALER}/node-template"
    labels = {"eks.amazonaws.com/nodegroup": group.name, **group.labels}
    tags = {f"{base}/label/{key}": value for key, value in labels.items()}
    tags |= {f"{base}/taint/{taint['key']}": f"{taint.get('value', '')}:{taint['effect']}" for taint in group.taints}
    tags[f"{base}/resources/ephemeral-storage"] = f"{group.disk.gib}Gi"
    accelerator = catalog.instance_type(group.instance_types[0]).accelerator
    if accelerator is not None:
        tags[f"{base}/resources/{accelerator.resource}"] = str(accelerator.count)
    return tags
