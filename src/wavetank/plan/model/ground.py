"""The resolved ground beside network and cluster: node pools of Karpenter, file systems, public names, state, own files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from wavetank.kube.types import Obj
from wavetank.plan.model.aws import Disk

#: how pods get the credentials of their roles
PodIdentity: TypeAlias = Literal["irsa", "podIdentity"]


@dataclass(frozen=True)
class NodePool:
    """A Karpenter NodePool and the EC2NodeClass of the same name."""

    name: str
    #: Karpenter's shape: {"key", "operator", "values"}
    requirements: tuple[Obj, ...]
    #: every type of the catalog that the requirements admit, in the catalog's order; for capacity and cost
    instance_types: tuple[str, ...]
    #: of "spot", "on-demand", "reserved"
    capacity_types: tuple[str, ...]
    zones: tuple[str, ...]
    labels: Mapping[str, str]
    #: Kubernetes shape: {"key", "value"?, "effect"}
    taints: tuple[Obj, ...]
    #: most that all nodes of the pool have together, by resource; empty means unlimited
    limits: Mapping[str, str]
    weight: int | None
    consolidation_policy: Literal["WhenEmpty", "WhenEmptyOrUnderutilized"]
    consolidate_after: str
    expire_after: str
    #: nodes that may be disrupted at the same time: "10%" or "1"
    disruption_budget: str
    disk: Disk
    #: "al2023@latest"
    ami_alias: str


@dataclass(frozen=True)
class Karpenter:
    """The AWS side of Karpenter and its node pools; the controller is a helm release and has a PodRole."""

    node_pools: tuple[NodePool, ...]
    #: IAM role of the nodes it starts
    node_role: str
    #: SQS queue of interruptions; None: Karpenter hears of none
    queue: str | None


@dataclass(frozen=True)
class FileSystem:
    """An EFS file system with a mount target in each of ``subnets`` (names of Network.subnets)."""

    name: str
    performance_mode: Literal["generalPurpose", "maxIO"]
    throughput_mode: Literal["elastic", "bursting", "provisioned"]
    provisioned_mibps: int | None
    encrypted: bool
    #: data that the author expects there, in GB
    size_gb: Decimal
    #: days without access until files move to a colder class; None: never
    infrequent_after_days: int | None
    archive_after_days: int | None
    backup: bool
    subnets: tuple[str, ...]


@dataclass(frozen=True)
class Certificate:
    """A certificate of ACM; the first domain is its main name."""

    name: str
    domains: tuple[str, ...]


@dataclass(frozen=True)
class Dns:
    """The public hosted zone: created here, or looked up by its name."""

    zone: str
    create_zone: bool
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True)
class StateBackend:
    """The S3 bucket of Terraform's state."""

    bucket: str
    key: str
    region: str
    #: lock by a file in the bucket (Terraform 1.10 and newer)
    lock_file: bool
    lock_table: str | None
    kms_key: str | None


@dataclass(frozen=True)
class UserFile:
    """A file of the author's own; ``source`` is its path as he wrote it, ``name`` that in the bundle's folder."""

    name: str
    source: str
    lines: tuple[str, ...]
