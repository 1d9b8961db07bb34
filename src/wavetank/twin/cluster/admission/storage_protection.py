"""StorageObjectInUseProtection: claims and volumes are born with a finalizer that outlives their use.

The controllers of ``twin.controllers.volume_protection`` take it away. Upstream
``plugin/pkg/admission/storage/storageobjectinuseprotection/admission.go``.
"""

from __future__ import annotations

from wavetank.kube.types import Obj

from .attempt import Attempt, Plugin

#: Finalizer by the key of the resource that gets it.
FINALIZERS = {
    "persistentvolumeclaims": "kubernetes.io/pvc-protection",
    "persistentvolumes": "kubernetes.io/pv-protection",
}


def _admit(attempt: Attempt) -> Obj:
    finalizer = FINALIZERS.get(attempt.key)
    if attempt.operation != "CREATE" or finalizer is None:
        return attempt.obj
    metadata = attempt.obj["metadata"]
    stated = metadata.get("finalizers") or []
    if finalizer in stated:
        return attempt.obj
    return {**attempt.obj, "metadata": {**metadata, "finalizers": [*stated, finalizer]}}


STORAGE_PROTECTION = Plugin("StorageObjectInUseProtection", admit=_admit, kinds=FINALIZERS)
