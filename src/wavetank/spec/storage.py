"""What an author writes about volumes that outlive pods: storage classes, and the storage of a workload."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from wavetank.spec.problems import refuse
from wavetank.spec.words import DottedName, Many, Name, Number, Positive, Quantity, Setting, Written

AccessMode = Literal["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]


class StorageClass(Written):
    """A StorageClass of the EBS CSI driver, or with type efs of the EFS CSI driver (an access point per volume).

    EKS makes a class `gp2` of its own with the retired in-tree driver; give yours another name.
    """

    name: DottedName
    """Name of the class."""
    type: Literal["gp3", "gp2", "io1", "io2", "st1", "sc1", "efs"] | None = None
    """EBS volume type, or efs. Default gp3."""
    iops: Positive | None = None
    """IOPS of a volume. Default: 3000 of gp3. io1 and io2 need it."""
    throughput: Positive | None = None
    """MiB per second, gp3 only. Default: 125 of gp3."""
    encrypted: bool | None = None
    """EBS only. Default true."""
    kms_key: str | None = None
    """EBS only: id or ARN of the key. Default: the account's key for EBS."""
    file_system: Name | None = None
    """efs: name of one of fileSystems, or the id of a file system that exists (fs-...). Needed with efs."""
    fs_type: Literal["ext4", "xfs"] | None = None
    """EBS only: the file system on the volume. Default ext4."""
    reclaim_policy: Literal["Delete", "Retain"] | None = None
    """What becomes of a volume whose claim is deleted. Default Delete; what is retained is paid for until somebody looks."""
    volume_binding_mode: Literal["WaitForFirstConsumer", "Immediate"] | None = None
    """Default WaitForFirstConsumer: the volume is made in the zone of its pod. efs has no zones: Immediate."""
    allow_volume_expansion: bool | None = None
    """Claims may grow. Default true for EBS; EFS has no size."""
    default: bool | None = None
    """The class of claims that name none. Default false."""
    parameters: dict[str, Setting] | None = None
    """Further parameters of the driver, laid over those that follow from the above."""

    @model_validator(mode="after")
    def _right_driver(self) -> StorageClass:
        if (self.type == "efs") != (self.file_system is not None):
            refuse("fileSystem belongs to storage classes of type efs, which need it", "Name one of fileSystems.")
        if self.type == "efs" and (self.iops or self.throughput or self.fs_type or self.kms_key):
            refuse("iops, throughput, fsType and kmsKey are properties of EBS volumes, not of EFS")
        return self


class Storage(Written):
    """A volume of the workload's main container that outlives its pods."""

    name: Name
    """Name of the volume. The claim is `<name>-<pod>` per pod of a StatefulSet, `<workload>-<name>` otherwise."""
    mount_path: str
    """Path in the main container."""
    size: Quantity | None = None
    """Size, for example 20Gi. Needed unless `claim` names a claim that exists."""
    storage_class: DottedName | None = None
    """Name of a storage class. Default: the platform's default class; `gp2` is the one that EKS makes."""
    access_modes: Many[AccessMode] | None = None
    """Default ReadWriteOnce, or ReadWriteMany on EFS. An EBS volume is on one node at a time."""
    sub_path: str | None = None
    """Folder of the volume that is mounted. Databases want one: the root of an EBS volume holds lost+found."""
    read_only: bool | None = None
    """Mounted for reading only. Default false."""
    claim: DottedName | None = None
    """A PersistentVolumeClaim that exists; nothing is made then."""
    change_percent_per_day: Number | None = None
    """Share of the blocks that change in a day, in percent; snapshots are priced with it."""

    @model_validator(mode="after")
    def _new_or_existing(self) -> Storage:
        if self.claim is None and self.size is None:
            refuse("storage needs a size", "For example `size: 20Gi`, or `claim:` with the name of one that exists.")
        if self.claim is not None and (self.size is not None or self.storage_class is not None or self.access_modes):
            refuse(
                "a claim that exists has its own size, class and access modes", "Leave them out, or leave out `claim`."
            )
        return self


class ClaimRetention(Written):
    """What becomes of the claims of a StatefulSet, as in Kubernetes."""

    when_deleted: Literal["Retain", "Delete"] | None = None
    """When the StatefulSet is deleted. Retain when absent."""
    when_scaled: Literal["Retain", "Delete"] | None = None
    """When it is scaled down. Retain when absent."""
