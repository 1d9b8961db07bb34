"""Defaults of volumes and claims, and of the group ``storage.k8s.io``."""

from __future__ import annotations

from ..types import Obj
from .pods import fill_claim_spec, fill_volume_source


def _fill_volume(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    spec["persistentVolumeReclaimPolicy"] = spec.get("persistentVolumeReclaimPolicy") or "Retain"
    spec.setdefault("volumeMode", "Filesystem")
    fill_volume_source(spec)
    obj.setdefault("status", {}).setdefault("phase", "Pending")


def _fill_claim(obj: Obj) -> None:
    fill_claim_spec(obj.setdefault("spec", {}))
    obj.setdefault("status", {}).setdefault("phase", "Pending")


def _fill_class(obj: Obj) -> None:
    obj["reclaimPolicy"] = obj.get("reclaimPolicy") or "Delete"
    obj["volumeBindingMode"] = obj.get("volumeBindingMode") or "Immediate"


def _fill_driver(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    for key, value in (
        ("attachRequired", True),
        ("podInfoOnMount", False),
        ("storageCapacity", False),
        ("fsGroupPolicy", "ReadWriteOnceWithFSType"),
        ("requiresRepublish", False),
        ("seLinuxMount", False),
    ):
        spec.setdefault(key, value)
    spec["volumeLifecycleModes"] = spec.get("volumeLifecycleModes") or ["Persistent"]


CORE_FILLERS = {"PersistentVolume": _fill_volume, "PersistentVolumeClaim": _fill_claim}
FILLERS = {"StorageClass": _fill_class, "CSIDriver": _fill_driver}
