"""PersistentVolumeClaimResize: a claim may only grow where its storage class says that volumes can.

Upstream ``plugin/pkg/admission/storage/persistentvolume/resize/admission.go``.
"""

from __future__ import annotations

from wavetank.kube import quantity
from wavetank.kube.errors import forbidden
from wavetank.kube.volume_matching import class_of, requested

from .attempt import Attempt, Plugin

_UNBOUND = "Only bound persistent volume claims can be expanded"
_NOT_EXPANDABLE = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
)


def _review(attempt: Attempt) -> None:
    if attempt.key != "persistentvolumeclaims" or attempt.operation != "UPDATE" or attempt.old is None:
        return
    if quantity.compare(requested(attempt.obj), requested(attempt.old)) <= 0:
        return
    if (attempt.old.get("status") or {}).get("phase") != "Bound":
        raise forbidden(attempt.resource, attempt.name, _UNBOUND)
    storage_class = attempt.world.find("storageclasses.storage.k8s.io", "", class_of(attempt.obj))
    if storage_class is None or not storage_class.get("allowVolumeExpansion"):
        raise forbidden(attempt.resource, attempt.name, _NOT_EXPANDABLE)


CLAIM_RESIZE = Plugin("PersistentVolumeClaimResize", review=_review, kinds=("persistentvolumeclaims",))
