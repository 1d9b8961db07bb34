"""The resolved storage and the cluster-wide classes of pods and volumes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True)
class StorageClass:
    """A storage.k8s.io/v1 StorageClass."""

    name: str
    #: EBS volume type, or "efs"
    type: Literal["gp3", "gp2", "io1", "io2", "st1", "sc1", "efs"]
    provisioner: str
    #: of the driver, as strings; the id of a file system is not in here (Terraform alone knows it)
    parameters: Mapping[str, str]
    #: name of one of Plan.file_systems, for efs
    file_system: str | None
    reclaim_policy: Literal["Delete", "Retain"]
    volume_binding_mode: Literal["WaitForFirstConsumer", "Immediate"]
    allow_volume_expansion: bool
    #: the class of claims that name none
    default: bool


@dataclass(frozen=True)
class PriorityClass:
    """A scheduling.k8s.io/v1 PriorityClass."""

    name: str
    value: int
    global_default: bool
    preemption_policy: Literal["PreemptLowerPriority", "Never"]
    description: str


@dataclass(frozen=True)
class Storage:
    """A volume that outlives the pods; what mounts it stands in the workload's containers and volumes."""

    name: str
    mount_path: str
    #: a Kubernetes quantity; None for a claim that exists
    size: str | None
    #: None: the cluster's default class
    storage_class: str | None
    access_modes: tuple[str, ...]
    #: name of the PersistentVolumeClaim; None where a StatefulSet makes one for each pod
    claim: str | None
    #: the claim is made here; False: it exists
    new: bool
    #: for the price of snapshots
    change_percent_per_day: Decimal | None
