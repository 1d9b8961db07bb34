"""RuntimeClass: a pod gets the overhead, node selector and tolerations of the class that it names.

Upstream ``plugin/pkg/admission/runtimeclass/admission.go``.
"""

from __future__ import annotations

from wavetank.kube.errors import forbidden
from wavetank.kube.types import Obj

from .attempt import Attempt, Plugin

CLASSES = "runtimeclasses.node.k8s.io"
_WITHOUT_CLASS = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
_MISMATCH = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"


def _admit(attempt: Attempt) -> Obj:
    if not attempt.creates("pods"):
        return attempt.obj
    spec = attempt.obj["spec"]
    name = spec.get("runtimeClassName")
    chosen = attempt.world.find(CLASSES, "", name) if name else None
    if name and chosen is None:
        raise forbidden(attempt.resource, attempt.name, f'pod rejected: RuntimeClass "{name}" not found')
    changed = _scheduled(attempt, _burdened(attempt, spec, chosen or {}), (chosen or {}).get("scheduling") or {})
    return attempt.obj if changed is spec else {**attempt.obj, "spec": changed}


def _burdened(attempt: Attempt, spec: Obj, chosen: Obj) -> Obj:
    overhead = (chosen.get("overhead") or {}).get("podFixed") or {}
    stated = spec.get("overhead") or {}
    if stated and stated != overhead:
        raise forbidden(attempt.resource, attempt.name, _MISMATCH if overhead else _WITHOUT_CLASS)
    return {**spec, "overhead": overhead} if overhead else spec


def _scheduled(attempt: Attempt, spec: Obj, scheduling: Obj) -> Obj:
    selector, stated = scheduling.get("nodeSelector") or {}, spec.get("nodeSelector") or {}
    for key, value in selector.items():
        if stated.get(key, value) != value:
            why = f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = "
            raise forbidden(attempt.resource, attempt.name, why + stated[key])
    tolerations = list(spec.get("tolerations") or ())
    added = [t for t in scheduling.get("tolerations") or () if t not in tolerations]
    changes = {"nodeSelector": {**stated, **selector}} if selector else {}
    return {**spec, **changes, **({"tolerations": tolerations + added} if added else {})} if selector or added else spec


RUNTIME_CLASS = Plugin("RuntimeClass", admit=_admit, kinds=("pods",))
