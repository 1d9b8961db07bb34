"""Volumes that outlive pods, the classes they come from, and the classes of pods."""

from __future__ import annotations

from typing import Literal

from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import PriorityClass, Storage, StorageClass, WorkloadKind
from wavetank.plan.reasons import Default
from wavetank.spec.platform import PlatformFile
from wavetank.spec.storage import Storage as WrittenStorage
from wavetank.spec.storage import StorageClass as WrittenStorageClass
from wavetank.spec.workloads import PriorityClass as WrittenPriorityClass
from wavetank.spec.workloads import Workload

_DOCS = "kubernetes.io/docs/concepts"
_EBS = "github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md"
_EFS = "github.com/kubernetes-sigs/aws-efs-csi-driver"

GP3 = Default("storageClasses.type", "cheaper than gp2 at the same speed", _EBS)
ENCRYPTED = Default("storageClasses.encrypted", "it costs nothing", _EBS)
DRIVERS_OWN = Default("storageClasses.parameters", "nothing was asked for; the driver decides", _EBS)
EXT4 = Default("storageClasses.fsType", "the driver's own, written out", _EBS)
NOT_KEPT = Default(
    "storageClasses.reclaimPolicy", "a volume that nobody claims is paid for until somebody looks", f"{_DOCS}/storage"
)
ZONE_OF_ITS_POD = Default(
    "storageClasses.volumeBindingMode",
    "an EBS volume lives in one zone: that of its pod",
    f"{_DOCS}/storage/storage-classes",
)
NO_ZONES = Default("storageClasses.volumeBindingMode", "a file system of EFS is reached from every zone", _EFS)
GROWS = Default("storageClasses.allowVolumeExpansion", "a full disk is no reason to move the data", f"{_DOCS}/storage")
NO_SIZE = Default("storageClasses.allowVolumeExpansion", "EFS has no size", _EFS)
NOT_THE_DEFAULT = Default("storageClasses.default", "claims name their class")
PRIORITY = Default(
    "priorityClasses", "Kubernetes' own value, written out", f"{_DOCS}/scheduling-eviction/pod-priority-preemption"
)
NO_STORAGE = Default("workloads.storage", "pods keep nothing")
ONE_NODE = Default("workloads.storage.accessModes", "an EBS volume is on one node at a time", f"{_DOCS}/storage")
MANY_NODES = Default("workloads.storage.accessModes", "EFS is on all nodes at once", _EFS)
CLUSTERS_DEFAULT = Default("workloads.storage.storageClass", "the cluster's default class, if it has one")
UNKNOWN_CHANGE = Default("workloads.storage.changePercentPerDay", "nothing was said about how much changes")
ITS_OWN = Default("workloads.storage.claim", "each pod of a StatefulSet has a claim of its own")

VolumeType = Literal["gp3", "gp2", "io1", "io2", "st1", "sc1", "efs"]
BindingMode = Literal["WaitForFirstConsumer", "Immediate"]
ReclaimPolicy = Literal["Delete", "Retain"]
Preemption = Literal["PreemptLowerPriority", "Never"]


# --- classes ----------------------------------------------------------------------------------------------------------


def storage_class(stated: WrittenStorageClass, ledger: Ledger) -> StorageClass:
    """A class of the EBS or EFS CSI driver."""
    path = f"storageClasses[{stated.name}]"
    ledger.stated(path, stated)
    kind: VolumeType = ledger.chosen(f"{path}.type", stated.type, "gp3", GP3)
    shared = kind == "efs"
    binding: BindingMode = ledger.chosen(
        f"{path}.volumeBindingMode",
        stated.volume_binding_mode,
        "Immediate" if shared else "WaitForFirstConsumer",
        NO_ZONES if shared else ZONE_OF_ITS_POD,
    )
    reclaim: ReclaimPolicy = ledger.chosen(f"{path}.reclaimPolicy", stated.reclaim_policy, "Delete", NOT_KEPT)
    driver = "efs" if shared else "ebs"
    return StorageClass(
        name=stated.name,
        type=kind,
        provisioner=ledger.derived(
            f"{path}.provisioner", f"{driver}.csi.aws.com", (f"{path}.type",), f"the {driver.upper()} CSI driver"
        ),
        parameters=_efs_parameters(stated, ledger) if shared else _ebs_parameters(stated, kind, ledger),
        file_system=ledger.chosen(f"{path}.fileSystem", stated.file_system, None, DRIVERS_OWN),
        reclaim_policy=reclaim,
        volume_binding_mode=binding,
        allow_volume_expansion=ledger.chosen(
            f"{path}.allowVolumeExpansion", stated.allow_volume_expansion, not shared, NO_SIZE if shared else GROWS
        ),
        default=ledger.chosen(f"{path}.default", stated.default, False, NOT_THE_DEFAULT),
    )


def _ebs_parameters(stated: WrittenStorageClass, kind: VolumeType, ledger: Ledger) -> dict[str, str]:
    path = f"storageClasses[{stated.name}]"
    encrypted = ledger.chosen(f"{path}.parameters[encrypted]", stated.encrypted, True, ENCRYPTED, f"{path}.encrypted")
    ledger.derived(f"{path}.parameters[type]", kind, (f"{path}.type",), "the type of EBS volume")
    file_system = ledger.chosen(
        f"{path}.parameters[csi.storage.k8s.io/fstype]", stated.fs_type, "ext4", EXT4, f"{path}.fsType"
    )
    own = {
        "type": str(kind),
        "encrypted": "true" if encrypted else "false",
        "csi.storage.k8s.io/fstype": str(file_system),
    }
    asked = {"iops": stated.iops, "throughput": stated.throughput, "kmsKeyId": stated.kms_key}
    for key, value in asked.items():
        if value is not None:
            at = "kmsKey" if key == "kmsKeyId" else key
            own[key] = ledger.stated(f"{path}.parameters[{key}]", str(value), f"{path}.{at}")
    return own | _further_parameters(stated, ledger)


def _efs_parameters(stated: WrittenStorageClass, ledger: Ledger) -> dict[str, str]:
    """An access point per volume, owned by the user that pods run as by default."""
    path = f"storageClasses[{stated.name}].parameters"
    own = {"provisioningMode": "efs-ap", "directoryPerms": "700", "uid": "1000", "gid": "1000"}
    ledger.derived(path, own, (f"storageClasses[{stated.name}].fileSystem",), "an access point for each volume")
    return own | _further_parameters(stated, ledger)


def _further_parameters(stated: WrittenStorageClass, ledger: Ledger) -> dict[str, str]:
    path = f"storageClasses[{stated.name}].parameters"
    for key, value in (stated.parameters or {}).items():
        ledger.stated(f"{path}[{key}]", value)
    return stated.parameters or {}


def priority_class(stated: WrittenPriorityClass, ledger: Ledger) -> PriorityClass:
    """A class of pods that go before others."""
    path = f"priorityClasses[{stated.name}]"
    ledger.stated(path, stated)
    preemption: Preemption = ledger.chosen(
        f"{path}.preemptionPolicy", stated.preemption_policy, "PreemptLowerPriority", PRIORITY
    )
    return PriorityClass(
        name=stated.name,
        value=ledger.stated(f"{path}.value", stated.value),
        global_default=ledger.chosen(f"{path}.globalDefault", stated.global_default, False, PRIORITY),
        preemption_policy=preemption,
        description=ledger.chosen(f"{path}.description", stated.description, "", PRIORITY),
    )


# --- storage of workloads ---------------------------------------------------------------------------------------------


def storage(stated: Workload, kind: WorkloadKind, written: PlatformFile, ledger: Ledger) -> tuple[Storage, ...]:
    """The workload's volumes that outlive its pods."""
    path = f"workloads[{stated.name}].storage"
    ledger.chosen(path, stated.storage, None, NO_STORAGE)
    return tuple(_storage(each, stated, kind, written, ledger) for each in stated.storage or ())


def _storage(
    each: WrittenStorage, stated: Workload, kind: WorkloadKind, written: PlatformFile, ledger: Ledger
) -> Storage:
    path = f"workloads[{stated.name}].storage[{each.name}]"
    ledger.stated(path, each)
    name = _class_name(each, stated, written, ledger)
    shared = any(item.name == name and item.type == "efs" for item in written.storage_classes or ())
    modes: tuple[str, ...] = ledger.chosen(
        f"{path}.accessModes",
        tuple(each.access_modes) if each.access_modes else None,
        ("ReadWriteMany" if shared else "ReadWriteOnce",),
        MANY_NODES if shared else ONE_NODE,
    )
    return Storage(
        name=each.name,
        mount_path=ledger.stated(f"{path}.mountPath", each.mount_path),
        size=ledger.chosen(f"{path}.size", each.size, None, ITS_OWN),
        storage_class=name,
        access_modes=() if each.claim else modes,
        claim=_claim(each, stated, kind, ledger),
        new=each.claim is None,
        change_percent_per_day=ledger.chosen(
            f"{path}.changePercentPerDay", each.change_percent_per_day, None, UNKNOWN_CHANGE
        ),
    )


def _class_name(each: WrittenStorage, stated: Workload, written: PlatformFile, ledger: Ledger) -> str | None:
    path = f"workloads[{stated.name}].storage[{each.name}].storageClass"
    if each.storage_class is not None:
        return ledger.stated(path, each.storage_class)
    default = next((item.name for item in written.storage_classes or () if item.default), None)
    if each.claim is not None or default is None:
        return ledger.because(path, None, CLUSTERS_DEFAULT)
    return ledger.derived(path, default, (f"storageClasses[{default}].default",), "the platform's default class")


def _claim(each: WrittenStorage, stated: Workload, kind: WorkloadKind, ledger: Ledger) -> str | None:
    path = f"workloads[{stated.name}].storage[{each.name}].claim"
    if each.claim is not None:
        return ledger.stated(path, each.claim)
    if kind == "StatefulSet":
        return ledger.because(path, None, ITS_OWN)
    origins = (f"workloads[{stated.name}]", f"workloads[{stated.name}].storage[{each.name}]")
    return ledger.derived(path, f"{stated.name}-{each.name}", origins, "one claim for all pods")


def claimed_volumes(stored: tuple[Storage, ...], stated: Workload, ledger: Ledger) -> tuple[Obj, ...]:
    """Volumes of the pod for claims that are not made per pod."""
    volumes: list[Obj] = []
    for each in stored:
        if each.claim is not None:
            path = f"workloads[{stated.name}]"
            volume = {"name": each.name, "persistentVolumeClaim": {"claimName": each.claim}}
            origins = (f"{path}.storage[{each.name}].claim",)
            volumes.append(ledger.derived(f"{path}.volumes[{each.name}]", volume, origins, "the claim of its storage"))
    return tuple(volumes)


def storage_mounts(stated: Workload) -> tuple[Obj, ...]:
    """Where the main container sees its storage."""
    return tuple(
        {"name": each.name, "mountPath": each.mount_path}
        | ({"subPath": each.sub_path} if each.sub_path else {})
        | ({"readOnly": True} if each.read_only else {})
        for each in stated.storage or ()
    )
