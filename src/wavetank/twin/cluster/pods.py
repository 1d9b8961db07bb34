"""Writes that only pods know: binding to a node, resizing, ephemeral containers. Pure; called by ``Cluster``.

Upstream ``pkg/registry/core/pod/storage`` and the PodTopologyLabels admission plugin.
"""

from __future__ import annotations

from datetime import datetime

from wavetank.kube.conditions import without_condition
from wavetank.kube.errors import ApiError
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj

#: Copied from the node to the pod when it is bound (since 1.35).
TOPOLOGY_LABELS = ("topology.kubernetes.io/zone", "topology.kubernetes.io/region")


def bound(pod: Obj, node_name: str, node: Obj | None, now: datetime, *, uid: str = "") -> Obj:
    """``pod`` assigned to a node; ApiError 409 when it cannot be any more."""
    metadata, spec, name = pod["metadata"], pod["spec"], pod["metadata"]["name"]
    if uid and uid != metadata["uid"]:
        raise _refused(name, f"Precondition failed: UID in precondition: {uid}, UID in object meta: {metadata['uid']}")
    if "deletionTimestamp" in metadata:
        raise _refused(name, f"pod {name} is being deleted, cannot be assigned to a host")
    if spec.get("nodeName"):
        raise _refused(name, f'pod {name} is already assigned to node "{spec["nodeName"]}"')
    status = pod.get("status") or {}
    others = without_condition(status.get("conditions"), "PodScheduled")
    scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": rfc3339(now)}
    return {
        **pod,
        "metadata": _with_topology(metadata, node),
        "spec": {**spec, "nodeName": node_name},
        "status": {**status, "conditions": [scheduled, *others]},
    }


def _with_topology(metadata: Obj, node: Obj | None) -> Obj:
    labels = ((node or {}).get("metadata") or {}).get("labels") or {}
    copied = {key: labels[key] for key in TOPOLOGY_LABELS if key in labels}
    return {**metadata, "labels": {**(metadata.get("labels") or {}), **copied}} if copied else metadata


def _refused(name: str, why: str) -> ApiError:
    text = f'Operation cannot be fulfilled on pods/binding "{name}": {why}'
    return ApiError(409, "Conflict", text, kind="pods/binding", name=name)


def with_part(live: Obj, obj: Obj, subresource: str) -> Obj:
    """``live`` after a write of ``/ephemeralcontainers`` or ``/resize``: only that part of ``obj`` counts."""
    spec, wanted = live["spec"], obj.get("spec") or {}
    if subresource == "ephemeralcontainers":
        return {**live, "spec": {**spec, "ephemeralContainers": wanted.get("ephemeralContainers") or []}}
    changed = dict(spec)
    for field in ("containers", "initContainers"):
        asked = {c["name"]: c for c in wanted.get(field) or ()}
        if spec.get(field):
            changed[field] = [_resized(c, asked.get(c["name"])) for c in spec[field]]
    return {**live, "spec": changed}


def _resized(container: Obj, asked: Obj | None) -> Obj:
    if asked is None:
        return container
    parts: Obj = {k: asked[k] for k in ("resources", "resizePolicy") if k in asked}
    return {**container, **parts}
