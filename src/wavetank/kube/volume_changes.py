"""Claims and volumes as whoever binds them rewrites them. Pure functions on objects.

The persistent volume controller, the scheduler and provisioners call this.
Upstream: ``k8s.io/component-helpers/storage/volume/pv_helpers.go`` (``GetBindVolumeToClaim``) and ``unbindVolume``.
"""

from __future__ import annotations

from collections.abc import Mapping

from .types import Obj
from .volume_matching import BOUND_BY_CONTROLLER, annotations_of, is_meant_for


def phase_of(obj: Obj) -> str:
    """The phase of a claim or a volume; "" before anybody has looked at it."""
    return str((obj.get("status") or {}).get("phase") or "")


def has_annotation(obj: Obj, name: str) -> bool:
    return name in annotations_of(obj)


def annotated(obj: Obj, more: Mapping[str, str]) -> Obj:
    return {**obj, "metadata": {**obj["metadata"], "annotations": {**annotations_of(obj), **more}}}


def without_annotation(obj: Obj, name: str) -> Obj:
    metadata = {k: v for k, v in obj["metadata"].items() if k != "annotations"}
    kept = {k: v for k, v in annotations_of(obj).items() if k != name}
    return {**obj, "metadata": {**metadata, "annotations": kept} if kept else metadata}


def bound_volume(volume: Obj, claim: Obj) -> Obj:
    """The volume with a reference to its claim; the volume itself where it has that.

    A reference that its maker wrote is completed and stays his; one of ours is marked so that we may take it back.
    """
    reference = volume["spec"].get("claimRef") or {}
    if reference.get("uid") == claim["metadata"]["uid"]:
        return volume
    notes = {} if is_meant_for(volume, claim) else {BOUND_BY_CONTROLLER: "yes"}
    spec = {**volume["spec"], "claimRef": {**reference, **reference_to(claim)}}
    return annotated({**volume, "spec": spec}, notes) if notes else {**volume, "spec": spec}


def reference_to(claim: Obj) -> Obj:
    """``spec.claimRef`` of the volume that this claim gets."""
    metadata = claim["metadata"]
    return {
        "kind": "PersistentVolumeClaim",
        "namespace": metadata.get("namespace", ""),
        "name": metadata["name"],
        "uid": metadata["uid"],
        "apiVersion": "v1",
        "resourceVersion": metadata.get("resourceVersion", ""),
    }


def unbound_volume(volume: Obj) -> Obj:
    """The volume without its claim; a reservation that its maker wrote stays, for whoever claims it next."""
    spec = dict(volume["spec"])
    if has_annotation(volume, BOUND_BY_CONTROLLER):
        spec.pop("claimRef", None)
        return without_annotation({**volume, "spec": spec}, BOUND_BY_CONTROLLER)
    spec["claimRef"] = {k: v for k, v in (spec.get("claimRef") or {}).items() if k != "uid"}
    return {**volume, "spec": spec}
