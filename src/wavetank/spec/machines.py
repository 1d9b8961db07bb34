"""What an author writes about how machines run pods: settings of the kubelet, and the node pools of Karpenter."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from wavetank import catalog
from wavetank.spec.placement_shapes import Taint
from wavetank.spec.problems import refuse, suggestion
from wavetank.spec.words import (
    WHOLE_NUMBER,
    Count,
    InstanceTypeName,
    Labels,
    Many,
    Name,
    Percent,
    Positive,
    Quantity,
    Text,
    Written,
    one_or_more,
)

Reserved = dict[Literal["cpu", "memory", "ephemeral-storage", "pid"], Quantity]
Threshold = Annotated[
    str,
    AfterValidator(
        lambda value: (
            value
            if re.fullmatch(r"\d+(\.\d+)?(%|[EPTGMk]i?)?", value)
            else refuse(f'"{value}" is no threshold', "A quantity or a percentage, for example 500Mi or 10%.")
        )
    ),
]
_SIGNALS = Literal[
    "memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available", "imagefs.inodesFree", "pid.available"
]  # fmt: skip


class ReservedMemory(Written):
    """Memory of one NUMA node that the memory manager keeps back (KubeletConfiguration's shape)."""

    numa_node: Count
    """Number of the NUMA node."""
    limits: dict[str, Quantity]
    """Amounts, by memory or hugepages-<size>."""


class Kubelet(Written):
    """Settings of the kubelet of a node group, as KubeletConfiguration names them. What is absent stays as EKS sets it."""

    max_pods: Positive | None = None
    """Most pods of a node. Above what the instance type's network interfaces admit, pods would get no address."""
    cpu_manager_policy: Literal["none", "static"] | None = None
    """static gives Guaranteed pods with whole CPUs cores of their own."""
    memory_manager_policy: Annotated[Literal["None", "Static"] | None, Field()] = None
    """Static gives Guaranteed pods memory of their NUMA node; needs reservedMemory."""
    reserved_memory: Many[ReservedMemory] | None = None
    """What the memory manager keeps back per NUMA node; together exactly what the node reserves."""
    topology_manager_policy: Literal["none", "best-effort", "restricted", "single-numa-node"] | None = None
    """How strictly CPUs, memory and devices of a pod come from one NUMA node."""
    topology_manager_scope: Literal["container", "pod"] | None = None
    """What is placed together."""
    system_reserved: Reserved | None = None
    """Kept back for the operating system."""
    kube_reserved: Reserved | None = None
    """Kept back for kubelet and container runtime. EKS computes it from maxPods; write it only to replace that."""
    eviction_hard: dict[_SIGNALS, Threshold] | None = None
    """Below these the kubelet evicts at once."""
    image_gc_high_threshold_percent: Annotated[Percent | None, Field(alias="imageGCHighThresholdPercent")] = None
    """Disk use at which unused images go."""
    image_gc_low_threshold_percent: Annotated[Percent | None, Field(alias="imageGCLowThresholdPercent")] = None
    """Disk use down to which they go."""
    container_log_max_size: Quantity | None = None
    """Size at which a container's log is rotated."""
    container_log_max_files: Annotated[
        int | None, AfterValidator(lambda value: value if value is None or value >= 2 else refuse("at least 2 files"))
    ] = None
    """Files per container's log."""
    cpu_cfs_quota: Annotated[bool | None, Field(alias="cpuCFSQuota")] = None
    """false lets containers exceed their CPU limits."""
    serialize_image_pulls: bool | None = None
    """false pulls several images at the same time."""
    max_parallel_image_pulls: Positive | None = None
    """How many at the same time; needs serializeImagePulls: false."""
    pod_pids_limit: Positive | None = None
    """Most processes of a pod."""

    def written_keys(self) -> tuple[str, ...]:
        """The settings that are given, as KubeletConfiguration names them."""
        return tuple(self.model_dump(by_alias=True, exclude_none=True))

    @model_validator(mode="after")
    def _managers_fit(self) -> Kubelet:
        if (self.memory_manager_policy == "Static") != (self.reserved_memory is not None):
            refuse("memoryManagerPolicy Static and reservedMemory belong together", "Write both or neither.")
        low, high = self.image_gc_low_threshold_percent, self.image_gc_high_threshold_percent
        if low is not None and high is not None and low >= high:
            refuse(f"imageGCLowThresholdPercent {low} is not below imageGCHighThresholdPercent {high}")
        if self.max_parallel_image_pulls is not None and self.serialize_image_pulls is not False:
            refuse(
                "maxParallelImagePulls does nothing while images are pulled one by one", "serializeImagePulls: false"
            )
        return self


def families() -> tuple[str, ...]:
    """The families of the instance types that the catalog knows: m7i, g5, ..."""
    return tuple(dict.fromkeys(name.partition(".")[0] for name in catalog.instance_type_names()))


def _family(value: str) -> str:
    known = families()
    return value if value in known else refuse(f'unknown instance family "{value}"', suggestion(value, known))


InstanceFamily = Annotated[str, AfterValidator(_family)]


def _lasting(value: str) -> str:
    if value == "Never" or re.fullmatch(r"([0-9]+(s|m|h))+", value):
        return value
    return refuse(f'"{value}" is neither a duration nor Never', "For example 30s, 5m or 720h.")


Lasting = Annotated[str, AfterValidator(_lasting)]


def _alias(value: str) -> str:
    if re.fullmatch(r"(al2023|al2|bottlerocket)@(latest|v?[0-9][0-9.]*)", value):
        return value
    return refuse(
        f'"{value}" is no alias of an image', "Family and version, for example al2023@latest or bottlerocket@v1.45.0."
    )


class Disk(Written):
    """Root volume of a node. Short form: its size in GiB."""

    short_forms = (WHOLE_NUMBER,)

    gib: Positive | None = None
    """Size in GiB. Default 20, as EKS has it; model images want more."""
    type: Literal["gp3", "gp2", "io1", "io2"] | None = None
    """EBS volume type. Default gp3: cheaper than gp2 at the same speed."""
    encrypted: bool | None = None
    """Default true."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"gib": value} if isinstance(value, int) and not isinstance(value, bool) else value


class PoolLimits(Written):
    """Most that all nodes of a pool may have together."""

    cpu: Quantity | None = None
    """CPUs."""
    memory: Quantity | None = None
    """Memory."""
    gpus: Positive | None = None
    """GPUs (nvidia.com/gpu)."""


class NodePool(Written):
    """A NodePool of Karpenter with an EC2NodeClass of the same name: which machines it may start for waiting pods."""

    name: Name
    """Name of the pool."""
    instance_types: Annotated[Many[InstanceTypeName] | None, one_or_more(InstanceTypeName)] = None
    """EC2 instance types it may choose from; instead of instanceFamilies."""
    instance_families: Annotated[Many[InstanceFamily] | None, one_or_more(InstanceFamily)] = None
    """Families of instance types, for example m7i; the more, the better Spot works."""
    capacity_types: Annotated[
        Many[Literal["spot", "on-demand", "reserved"]] | None, one_or_more(Literal["spot", "on-demand", "reserved"])
    ] = None
    """How machines are bought; spot first where it is listed. Default on-demand."""
    architectures: Annotated[Many[Literal["amd64", "arm64"]] | None, one_or_more(Literal["amd64", "arm64"])] = None
    """Default: those of the instance types, amd64 where they have both."""
    zones: Annotated[Many[str] | None, one_or_more(str)] = None
    """Only in these zones. Default: in all private subnets."""
    labels: Labels | None = None
    """Node labels. Default none."""
    taints: Many[Taint] | None = None
    """Node taints in Kubernetes' shape. Default none."""
    limits: PoolLimits | None = None
    """Most that the pool may grow to; without limits a mistake in a workload becomes a bill."""
    weight: Annotated[
        int | None,
        AfterValidator(
            lambda value: value if value is None or 1 <= value <= 100 else refuse(f"{value} is not 1 to 100")
        ),
    ] = None
    """Pools with the higher weight are tried first. Default none."""
    consolidate_after: Lasting | None = None
    """How long a node must be underused before it is taken away. Default 1m; Never turns it off."""
    consolidation_policy: Literal["WhenEmpty", "WhenEmptyOrUnderutilized"] | None = None
    """Default WhenEmptyOrUnderutilized: pods are moved together. WhenEmpty never moves a pod."""
    expire_after: Lasting | None = None
    """Age at which a node is replaced. Default 720h, so that images of nodes do not grow old."""
    disruption_budget: Text | None = None
    """Nodes that may go at the same time, a number or percentage. Default 10%."""
    disk: Disk | None = None
    """Root volume. Default 20 GiB gp3, encrypted."""
    ami_alias: Annotated[str | None, AfterValidator(lambda value: value if value is None else _alias(value))] = None
    """Image of the nodes, for example al2023@latest. Default that; pin a version where nodes must not change by themselves."""

    @model_validator(mode="after")
    def _machines_are_named(self) -> NodePool:
        if (self.instance_types is None) == (self.instance_families is None):
            refuse(
                "a node pool needs exactly one of instanceTypes and instanceFamilies", "instanceFamilies: [m7i, m7a]"
            )
        return self


class Karpenter(Written):
    """Karpenter's node pools. Its controller comes with them; list the helm release karpenter only to change its values."""

    node_pools: Many[NodePool]
    """Pools. At least one."""
    interruption_queue: bool | None = None
    """A queue through which AWS announces interruptions, so that pods move in time. Default true."""
