"""From a node group of the embedded AWS to machines of the twin: the facts of its instance type, a template per zone.

GPUs are left out: a node offers them only through a device plugin, and none is among the components yet.
"""

from __future__ import annotations

from decimal import Decimal

from wavetank.base.units import GIB, MIB
from wavetank.catalog import InstanceType, boot_seconds, instance_type
from wavetank.cloud.events import NodeGroup
from wavetank.twin.nodes import MachineTemplate, Resources
from wavetank.twin.nodes.machine import Taint

#: Image and kubelet take their share of the volume, and 10 % is the hard eviction threshold (nodefs.available).
EPHEMERAL_SHARE = Decimal("0.90")


def templates_of(group: NodeGroup, region: str) -> list[MachineTemplate]:
    """One template for each subnet of the group. A group of several instance types gets its first, as EC2 prefers it."""
    kind = instance_type(group.instance_types[0])
    return [
        MachineTemplate(
            instance_type=kind.name,
            zone=subnet.zone,
            region=region,
            node_group=group.name,
            subnet_cidr=subnet.cidr,
            capacity=_capacity(kind, group.max_pods or kind.max_pods, group.disk_size_gib),
            allocatable=_allocatable(kind, group.max_pods or kind.max_pods, group.disk_size_gib),
            labels=group.labels,
            taints=tuple(Taint(taint.key, taint.effect, taint.value) for taint in group.taints),
            capacity_type=group.capacity_type,
            architecture="arm64" if kind.arch == "arm64" else "amd64",
            version=f"{group.version}.0" if group.version.count(".") == 1 else group.version,
            boot_seconds=boot_seconds(kind),
        )
        for subnet in group.subnets
    ]


def _capacity(kind: InstanceType, pods: int, disk_gib: int) -> Resources:
    return Resources(
        cpu_milli=kind.vcpu * 1000,
        memory_bytes=kind.memory_mib * MIB,
        pods=pods,
        ephemeral_storage_bytes=disk_gib * GIB,
    )


def _allocatable(kind: InstanceType, pods: int, disk_gib: int) -> Resources:
    return Resources(
        cpu_milli=kind.allocatable_cpu_milli,
        memory_bytes=kind.allocatable_memory_mib * MIB,
        pods=pods,
        ephemeral_storage_bytes=int(disk_gib * GIB * EPHEMERAL_SHARE),
    )
