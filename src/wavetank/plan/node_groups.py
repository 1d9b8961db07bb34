"""Managed node groups."""

from __future__ import annotations

from wavetank import catalog
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Disk, Network, NodeGroup
from wavetank.plan.reasons import Default
from wavetank.spec.aws import NodeGroup as WrittenNodeGroup
from wavetank.spec.machines import Disk as WrittenDisk
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


def node_group(written: WrittenNodeGroup, network: Network, prefix_delegation: bool, ledger: Ledger) -> NodeGroup:
    """One group as EKS will make it, and what one of its nodes admits."""
    path = _path(written)
    ledger.stated(path, written)
    return NodeGroup(
        name=written.name,
        instance_types=ledger.stated(f"{path}.instanceTypes", written.instance_types),
        capacity_type=ledger.chosen(f"{path}.capacityType", written.capacity_type, "ON_DEMAND", ON_DEMAND),
        ami_type=_ami_type(written, ledger),
        disk=_disk(written.disk or WrittenDisk(), f"{path}.disk", ledger),
        min_size=ledger.stated(f"{path}.minSize", written.min_size),
        desired_size=_desired_size(written, ledger),
        max_size=ledger.stated(f"{path}.maxSize", written.max_size),
        labels=ledger.chosen(f"{path}.labels", written.labels, {}, NOTHING),
        taints=_taints(written, ledger),
        subnets=_subnets(written, network, ledger),
        max_unavailable=str(ledger.chosen(f"{path}.maxUnavailable", written.max_unavailable, 1, ONE_AT_A_TIME)),
        metadata_hop_limit=ledger.chosen(f"{path}.metadataHopLimit", written.metadata_hop_limit, 1, NO_METADATA),
        max_pods=_max_pods(written, prefix_delegation, ledger),
        pods_per_node=ledger.chosen(f"{path}.podsPerNode", written.pods_per_node, None, NOTHING),
    )


def _path(written: WrittenNodeGroup) -> str:
    return f"nodeGroups[{written.name}]"


def _ami_type(written: WrittenNodeGroup, ledger: Ledger) -> str:
    path = _path(written)
    if written.ami_type is not None:
        return ledger.stated(f"{path}.amiType", written.ami_type)
    machine = catalog.instance_type(written.instance_types[0])
    architecture = "ARM_64" if machine.arch == "arm64" else "x86_64"
    driver = "STANDARD"
    if machine.accelerator is not None:
        driver = "NVIDIA" if machine.accelerator.resource == "nvidia.com/gpu" else "NEURON"
    how = f"Amazon Linux 2023 for {machine.arch}" + ("" if driver == "STANDARD" else " with the accelerator's driver")
    return ledger.derived(f"{path}.amiType", f"AL2023_{architecture}_{driver}", (f"{path}.instanceTypes",), how)


def _disk(stated: WrittenDisk, path: str, ledger: Ledger) -> Disk:
    gib = ledger.chosen(f"{path}.gib", stated.gib, 20, DISK)
    kind = ledger.chosen(f"{path}.type", stated.type, "gp3", DISK)
    return Disk(gib, kind, ledger.chosen(f"{path}.encrypted", stated.encrypted, True, DISK))


def _desired_size(written: WrittenNodeGroup, ledger: Ledger) -> int:
    path = _path(written)
    if written.desired_size is not None:
        return ledger.stated(f"{path}.desiredSize", written.desired_size)
    return ledger.derived(
        f"{path}.desiredSize", written.min_size, (f"{path}.minSize",), "a group begins with its fewest nodes"
    )


def _taints(written: WrittenNodeGroup, ledger: Ledger) -> tuple[dict[str, str], ...]:
    path = f"{_path(written)}.taints"
    if written.taints is None:
        return ledger.because(path, (), NOTHING)
    return ledger.shape(path, tuple(shape(taint) for taint in written.taints))


def _subnets(written: WrittenNodeGroup, network: Network, ledger: Ledger) -> tuple[str, ...]:
    path = f"{_path(written)}.subnets"
    zones = written.zones or network.zones
    names = tuple(subnet.name for subnet in network.private_subnets if subnet.zone in zones)
    if written.zones is not None:
        return ledger.stated(path, names, f"{_path(written)}.zones")
    return ledger.derived(path, names, ("network.subnets",), "all private subnets")


def _max_pods(written: WrittenNodeGroup, prefix_delegation: bool, ledger: Ledger) -> int:
    path = _path(written)
    machines = [catalog.instance_type(name) for name in written.instance_types]
    smallest = min(machines, key=lambda machine: machine.pods_per_node(prefix_delegation))
    pods = smallest.pods_per_node(prefix_delegation)
    how = f"{smallest.name} has {smallest.max_enis} network interfaces with {smallest.ipv4_per_eni} addresses each"
    how += (
        ", given out as prefixes" if prefix_delegation else f": {smallest.max_enis} x ({smallest.ipv4_per_eni} - 1) + 2"
    )
    return ledger.derived(f"{path}.maxPods", pods, (f"{path}.instanceTypes", "addOns[vpc-cni].configuration"), how)
