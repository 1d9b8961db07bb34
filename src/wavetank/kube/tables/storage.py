"""Volumes, claims, their classes and drivers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from .. import quantity
from ..types import Obj
from .cells import (
    AGE,
    NAME,
    UNSET,
    Cell,
    Column,
    Printer,
    age,
    is_terminating,
    joined,
    name_of,
    or_none,
    spec_of,
    status_of,
    wide,
)

_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
_DEFAULT_ANNOTATIONS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)


def access_modes_text(modes: Sequence[str] | None) -> str:
    """``RWO,RWX``, each mode once, in Kubernetes' own order."""
    return joined(short for mode, short in _MODES.items() if mode in (modes or ()))


def _annotations(obj: Obj) -> dict[str, str]:
    return (obj.get("metadata") or {}).get("annotations") or {}


def _class_of(obj: Obj) -> str:
    return _annotations(obj).get(_CLASS_ANNOTATION) or spec_of(obj).get("storageClassName") or ""


def _phase(obj: Obj) -> str:
    return "Terminating" if is_terminating(obj) else status_of(obj).get("phase", "")


def _size(resources: Obj | None) -> str:
    return quantity.canonical((resources or {}).get("storage", 0))


def _volume(obj: Obj, now: datetime) -> list[Cell]:
    spec = spec_of(obj)
    claim = spec.get("claimRef")
    return [
        name_of(obj),
        _size(spec.get("capacity")),
        access_modes_text(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        _phase(obj),
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "",
        _class_of(obj),
        spec.get("volumeAttributesClassName") or UNSET,
        status_of(obj).get("reason", ""),
        age(obj, now),
        spec.get("volumeMode") or UNSET,
    ]


def _claim(obj: Obj, now: datetime) -> list[Cell]:
    spec, status = spec_of(obj), status_of(obj)
    bound = bool(spec.get("volumeName"))
    return [
        name_of(obj),
        _phase(obj),
        spec.get("volumeName", ""),
        _size(status.get("capacity")) if bound else "",
        access_modes_text(status.get("accessModes")) if bound else "",
        _class_of(obj),
        spec.get("volumeAttributesClassName") or UNSET,
        age(obj, now),
        spec.get("volumeMode") or UNSET,
    ]


def _storage_class(obj: Obj, now: datetime) -> list[Cell]:
    is_default = any(_annotations(obj).get(key) == "true" for key in _DEFAULT_ANNOTATIONS)
    return [
        f"{name_of(obj)} (default)" if is_default else name_of(obj),
        obj.get("provisioner", ""),
        obj.get("reclaimPolicy") or "Delete",
        obj.get("volumeBindingMode") or "Immediate",
        bool(obj.get("allowVolumeExpansion")),
        age(obj, now),
    ]


def _attributes_class(obj: Obj, now: datetime) -> list[Cell]:
    return [name_of(obj), obj.get("driverName", ""), age(obj, now)]


def _attachment(obj: Obj, now: datetime) -> list[Cell]:
    spec = spec_of(obj)
    volume = (spec.get("source") or {}).get("persistentVolumeName") or ""
    attached = bool(status_of(obj).get("attached"))
    return [name_of(obj), spec.get("attacher", ""), volume, spec.get("nodeName", ""), attached, age(obj, now)]


def _csi_node(obj: Obj, now: datetime) -> list[Cell]:
    return [name_of(obj), len(spec_of(obj).get("drivers") or ()), age(obj, now)]


def _csi_driver(obj: Obj, now: datetime) -> list[Cell]:
    spec = spec_of(obj)
    requests = spec.get("tokenRequests")
    return [
        name_of(obj),
        spec.get("attachRequired") is not False,
        bool(spec.get("podInfoOnMount")),
        bool(spec.get("storageCapacity")),
        UNSET if requests is None else joined(r.get("audience", "") for r in requests),
        bool(spec.get("requiresRepublish")),
        or_none(joined(spec.get("volumeLifecycleModes") or ())),
        age(obj, now),
    ]


def _csi_capacity(obj: Obj, now: datetime) -> list[Cell]:
    capacity = obj.get("capacity")
    return [name_of(obj), obj.get("storageClassName", ""), UNSET if capacity is None else quantity.canonical(capacity)]


_CLASS_COLUMNS = (Column("StorageClass"), Column("VolumeAttributesClass"))

PERSISTENT_VOLUMES = Printer(
    (
        NAME,
        Column("Capacity"),
        Column("Access Modes"),
        Column("Reclaim Policy"),
        Column("Status"),
        Column("Claim"),
        *_CLASS_COLUMNS,
        Column("Reason"),
        AGE,
        wide("VolumeMode"),
    ),
    _volume,
)
PERSISTENT_VOLUME_CLAIMS = Printer(
    (
        NAME,
        Column("Status"),
        Column("Volume"),
        Column("Capacity"),
        Column("Access Modes"),
        *_CLASS_COLUMNS,
        AGE,
        wide("VolumeMode"),
    ),
    _claim,
)
STORAGE_CLASSES = Printer(
    (
        NAME,
        Column("Provisioner"),
        Column("ReclaimPolicy"),
        Column("VolumeBindingMode"),
        Column("AllowVolumeExpansion"),
        AGE,
    ),
    _storage_class,
)
VOLUME_ATTRIBUTES_CLASSES = Printer((NAME, Column("DriverName"), AGE), _attributes_class)
VOLUME_ATTACHMENTS = Printer(
    (NAME, Column("Attacher", format="name"), Column("PV"), Column("Node"), Column("Attached", "boolean"), AGE),
    _attachment,
)
CSI_NODES = Printer((NAME, Column("Drivers", "integer"), AGE), _csi_node)
CSI_DRIVERS = Printer(
    (
        NAME,
        Column("AttachRequired", "boolean"),
        Column("PodInfoOnMount", "boolean"),
        Column("StorageCapacity", "boolean"),
        Column("TokenRequests"),
        Column("RequiresRepublish", "boolean"),
        Column("Modes"),
        AGE,
    ),
    _csi_driver,
)
CSI_STORAGE_CAPACITIES = Printer((NAME, Column("StorageClassName"), Column("Capacity")), _csi_capacity)
