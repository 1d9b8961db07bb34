"""Which persistent volume a claim may have, and which of several it gets. Pure.

The binding controller and the scheduler ask here. Upstream: ``k8s.io/component-helpers/storage/volume/pv_helpers.go`` and
``pkg/controller/volume/persistentvolume/index.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set

from . import quantity
from .selectors import LabelSelector
from .types import Obj

#: Classes named before ``spec.storageClassName`` existed.
CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
#: Drivers that took over from what Kubernetes had built in.
MIGRATED = {"kubernetes.io/aws-ebs": "ebs.csi.aws.com"}


def annotations_of(obj: Obj) -> dict[str, str]:
    """An object's annotations; empty when it has none."""
    return obj["metadata"].get("annotations") or {}


def class_of(obj: Obj) -> str:
    """The storage class of a claim or a volume; "" for none."""
    return str(annotations_of(obj).get(CLASS_ANNOTATION, obj["spec"].get("storageClassName") or ""))


def provisioner_of(storage_class: Obj) -> str:
    """The driver that makes volumes of a class."""
    stated = str(storage_class["provisioner"])
    return MIGRATED.get(stated, stated)


def requested(claim: Obj) -> str:
    """The size that a claim asks for, as a quantity."""
    return str(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0"))


def capacity(volume: Obj) -> str:
    """The size of a volume, as a quantity."""
    return str((volume["spec"].get("capacity") or {}).get("storage", "0"))


def mode_of(obj: Obj) -> str:
    """``Filesystem`` or ``Block``."""
    return str(obj["spec"].get("volumeMode") or "Filesystem")


def is_bound(claim: Obj) -> bool:
    """Whether its binding is complete: it names a volume, and the volume names it."""
    return bool(claim["spec"].get("volumeName")) and BIND_COMPLETED in annotations_of(claim)


def is_meant_for(volume: Obj, claim: Obj) -> bool:
    """Whether a volume is bound to, or reserved for, this very claim (``IsVolumeBoundToClaim``)."""
    reference, metadata = volume["spec"].get("claimRef"), claim["metadata"]
    if not reference:
        return False
    named = (reference.get("namespace", ""), reference.get("name", ""))
    return named == (metadata.get("namespace", ""), metadata["name"]) and reference.get("uid", "") in (
        "",
        metadata["uid"],
    )


def mismatch(claim: Obj, volume: Obj) -> str:
    """Why a volume that a claim names cannot serve it; "" when it can (``checkVolumeSatisfyClaim``)."""
    if quantity.compare(capacity(volume), requested(claim)) < 0:
        return "requested PV is too small"
    if class_of(volume) != class_of(claim):
        return "storageClassName does not match"
    if mode_of(volume) != mode_of(claim):
        return "incompatible volumeMode"
    return "" if _offers_modes(volume, claim) else "incompatible accessMode"


def _offers_modes(volume: Obj, claim: Obj) -> bool:
    return set(claim["spec"].get("accessModes") or ()) <= set(volume["spec"].get("accessModes") or ())


def best_match(
    claim: Obj,
    volumes: Iterable[Obj],
    *,
    reachable: Callable[[Obj], bool] | None = None,
    taken: Set[str] = frozenset(),
    reserved_only: bool = False,
) -> Obj | None:
    """The volume that a claim gets: one reserved for it, else the smallest of those with the fewest access modes.

    ``reachable`` tells whether the node in question can use a volume, ``taken`` names volumes that other claims get;
    ``reserved_only`` is for claims that wait for a pod (``FindMatchingVolume``). Equals go by name, where upstream has no
    order.
    """
    possible = [v for v in volumes if _could_serve(claim, v) and v["metadata"]["name"] not in taken]
    reserved = next((v for v in possible if is_meant_for(v, claim)), None)
    if reserved is not None:
        return reserved if reachable is None or reachable(reserved) else None
    if reserved_only:
        return None
    free = [v for v in possible if _is_free(v) and _is_wanted(claim, v) and (reachable is None or reachable(v))]
    return min(free, key=_order, default=None)


def _could_serve(claim: Obj, volume: Obj) -> bool:
    return (
        _offers_modes(volume, claim)
        and mode_of(volume) == mode_of(claim)
        and not volume["metadata"].get("deletionTimestamp")
        and quantity.compare(capacity(volume), requested(claim)) >= 0
    )


def _is_free(volume: Obj) -> bool:
    return not volume["spec"].get("claimRef") and (volume.get("status") or {}).get("phase") == "Available"


def _is_wanted(claim: Obj, volume: Obj) -> bool:
    selector = claim["spec"].get("selector")
    if selector is not None and not LabelSelector.from_object(selector).matches(volume["metadata"].get("labels")):
        return False
    attributes = [o["spec"].get("volumeAttributesClassName") or "" for o in (claim, volume)]
    return class_of(volume) == class_of(claim) and attributes[0] == attributes[1]


def _order(volume: Obj) -> tuple[int, tuple[str, ...], int, str]:
    modes = tuple(sorted(set(volume["spec"].get("accessModes") or ())))
    return len(modes), modes, quantity.value(capacity(volume)), str(volume["metadata"]["name"])
