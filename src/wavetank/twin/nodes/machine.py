"""A machine of the cluster and the Node object that stands for it. Values only; nothing here acts or keeps time.

``Fleet`` makes machines from templates. The numbers of an instance type (capacity, what the system reserves) are given,
never looked up: whoever fills a template knows the catalog.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wavetank.kube import quantity
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj

NETWORK_NOT_READY = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)
_UUIDS = uuid.uuid5(uuid.NAMESPACE_DNS, "machines.wavetank")
KERNEL = "6.12.46-66.121.amzn2023"
OS_IMAGE = "Amazon Linux 2023"
CONTAINER_RUNTIME = "containerd://2.1.4"


@dataclass(frozen=True)
class Resources:
    """What a machine has, or what of it pods may use. ``extended`` counts devices by resource name."""

    cpu_milli: int
    memory_bytes: int
    pods: int
    ephemeral_storage_bytes: int = 20 * 1024**3
    extended: Mapping[str, int] = field(default_factory=dict)

    def as_list(self) -> dict[str, str]:
        """The ``ResourceList`` of a Node's status."""
        return {
            "cpu": quantity.format_milli(self.cpu_milli),
            "ephemeral-storage": f"{self.ephemeral_storage_bytes // 1024}Ki",
            "hugepages-1Gi": "0",
            "hugepages-2Mi": "0",
            "memory": f"{self.memory_bytes // 1024}Ki",
            "pods": str(self.pods),
        } | {name: str(count) for name, count in sorted(self.extended.items())}

    def amount(self, resource: str) -> int:
        """In milli-units for cpu, bytes for memory and storage, pieces for the rest; 0 for what it does not have."""
        known = {"cpu": self.cpu_milli, "memory": self.memory_bytes, "pods": self.pods}
        known["ephemeral-storage"] = self.ephemeral_storage_bytes
        return known.get(resource, self.extended.get(resource, 0))


@dataclass(frozen=True)
class Taint:
    key: str
    effect: str
    value: str = ""

    def as_object(self) -> Obj:
        return {"key": self.key, "effect": self.effect} | ({"value": self.value} if self.value else {})


@dataclass(frozen=True)
class MachineTemplate:
    """Machines of one node group in one zone. ``labels`` are the group's own; those EKS sets are added.

    ``node_group`` is empty for machines that are in none, as Karpenter starts them.
    """

    instance_type: str
    zone: str
    region: str
    node_group: str
    subnet_cidr: str
    capacity: Resources
    allocatable: Resources
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    capacity_type: str = "ON_DEMAND"
    architecture: str = "amd64"
    version: str = "1.36.2"
    boot_seconds: float = 45.0
    image_id: str = "ami-0a1b2c3d4e5f67890"
    #: Whether EKS made the machine; others get no labels but their kubelet's and their own.
    managed: bool = True


@dataclass(frozen=True)
class Machine:
    """One machine: a template with an identity."""

    template: MachineTemplate
    instance_id: str
    address: str
    started_seconds: float
    #: "" takes the name that EC2 gives.
    own_name: str = ""

    @property
    def name(self) -> str:
        """The private DNS name that EC2 gives by address, unless it has one of its own."""
        if self.own_name:
            return self.own_name
        region = self.template.region
        domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
        return f"ip-{self.address.replace('.', '-')}.{domain}"

    @property
    def provider_id(self) -> str:
        if not self.template.managed:
            return f"wavetank:///{self.name}"
        return f"aws:///{self.template.zone}/{self.instance_id}"

    @property
    def kubelet_version(self) -> str:
        return f"v{self.template.version}-eks-1552ad0" if self.template.managed else f"v{self.template.version}"


def labels_of(machine: Machine) -> dict[str, str]:
    """Labels of an EKS managed node: those of kubelet, cloud provider, EKS, and the group's own; of another the kubelet's."""
    template = machine.template
    of_kubelet = {
        "beta.kubernetes.io/arch": template.architecture,
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": template.architecture,
        "kubernetes.io/hostname": machine.name,
        "kubernetes.io/os": "linux",
    }
    if not template.managed:
        return dict(sorted((of_kubelet | dict(template.labels)).items()))
    of_eks = {
        "beta.kubernetes.io/instance-type": template.instance_type,
        "failure-domain.beta.kubernetes.io/region": template.region,
        "failure-domain.beta.kubernetes.io/zone": template.zone,
        "node.kubernetes.io/instance-type": template.instance_type,
        "topology.kubernetes.io/region": template.region,
        "topology.kubernetes.io/zone": template.zone,
    }
    of_group = {
        "eks.amazonaws.com/capacityType": template.capacity_type,
        "eks.amazonaws.com/nodegroup": template.node_group,
        "eks.amazonaws.com/nodegroup-image": template.image_id,
    }
    of_eks |= of_group if template.node_group else {}
    return dict(sorted((of_kubelet | of_eks | dict(template.labels)).items()))


def node_object(machine: Machine, now: datetime, *, network_ready: bool) -> Obj:
    """The Node as its kubelet registers it."""
    spec: dict[str, Any] = {"providerID": machine.provider_id}
    if machine.template.taints:
        spec["taints"] = [taint.as_object() for taint in machine.template.taints]
    metadata = {"name": machine.name, "labels": labels_of(machine)}
    metadata["annotations"] = {
        "alpha.kubernetes.io/provided-node-ip": machine.address,
        "node.alpha.kubernetes.io/ttl": "0",
        "volumes.kubernetes.io/controller-managed-attach-detach": "true",
    }
    status = node_status(machine, now, network_ready=network_ready)
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec, "status": status}


def node_status(machine: Machine, now: datetime, *, network_ready: bool) -> Obj:
    return {
        "addresses": [
            {"type": "InternalIP", "address": machine.address},
            {"type": "InternalDNS", "address": machine.name},
            {"type": "Hostname", "address": machine.name},
        ],
        "allocatable": machine.template.allocatable.as_list(),
        "capacity": machine.template.capacity.as_list(),
        "conditions": node_conditions(now, network_ready=network_ready),
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": node_info(machine),
    }


def node_info(machine: Machine) -> dict[str, str]:
    """All ten strings; typed clients refuse a Node that lacks one."""
    identity = str(uuid.uuid5(_UUIDS, machine.instance_id))
    return {
        "architecture": machine.template.architecture,
        "bootID": str(uuid.uuid5(_UUIDS, machine.instance_id + "/boot")),
        "containerRuntimeVersion": CONTAINER_RUNTIME,
        "kernelVersion": f"{KERNEL}.{'aarch64' if machine.template.architecture == 'arm64' else 'x86_64'}",
        "kubeProxyVersion": machine.kubelet_version,
        "kubeletVersion": machine.kubelet_version,
        "machineID": identity.replace("-", ""),
        "operatingSystem": "linux",
        "osImage": OS_IMAGE,
        "systemUUID": identity,
    }


def node_conditions(now: datetime, *, network_ready: bool) -> list[Obj]:
    """The kubelet's conditions, in its order (kubelet ``nodestatus/setters.go``)."""
    ready = ("Ready", "True", "KubeletReady", "kubelet is posting ready status")
    if not network_ready:
        ready = ("Ready", "False", "KubeletNotReady", NETWORK_NOT_READY)
    rows = (
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ready,
    )
    times = {"lastHeartbeatTime": rfc3339(now), "lastTransitionTime": rfc3339(now)}
    return [{"type": t, "status": s, **times, "reason": r, "message": m} for t, s, r, m in rows]
