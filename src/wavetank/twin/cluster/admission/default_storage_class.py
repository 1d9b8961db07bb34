"""DefaultStorageClass: a claim that names no class gets the default one, if there is one.

Upstream ``plugin/pkg/admission/storage/storageclass/setdefault/admission.go``.
"""

from __future__ import annotations

from wavetank.kube.types import Obj

from .attempt import Attempt, Plugin

_ANNOTATIONS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_LEGACY = "volume.beta.kubernetes.io/storage-class"


def _admit(attempt: Attempt) -> Obj:
    if not attempt.creates("persistentvolumeclaims"):
        return attempt.obj
    spec = attempt.obj.get("spec") or {}
    annotations = attempt.obj["metadata"].get("annotations") or {}
    if spec.get("storageClassName") is not None or _LEGACY in annotations:
        return attempt.obj
    classes = attempt.world.list("storageclasses.storage.k8s.io", where=is_default)
    if not classes:
        return attempt.obj
    # Of several defaults the newest wins, then the first by name.
    newest = max(c["metadata"]["creationTimestamp"] for c in classes)
    names = [c["metadata"]["name"] for c in classes if c["metadata"]["creationTimestamp"] == newest]
    return {**attempt.obj, "spec": {**spec, "storageClassName": min(names)}}


def is_default(storage_class: Obj) -> bool:
    annotations = storage_class["metadata"].get("annotations") or {}
    return any(annotations.get(name) == "true" for name in _ANNOTATIONS)


DEFAULT_STORAGE_CLASS = Plugin("DefaultStorageClass", admit=_admit, kinds=("persistentvolumeclaims",))
