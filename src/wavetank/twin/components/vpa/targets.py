"""Which pods a VerticalPodAutoscaler is about: the selector of its target, and the pods' topmost controllers. Reads only.

Upstream ``pkg/target/fetcher.go`` and ``pkg/target/controller_fetcher``.
"""

from __future__ import annotations

from dataclasses import dataclass

from wavetank.kube.errors import ApiError
from wavetank.kube.selectors import LabelSelector, parse_label_selector
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.controllers.informer import controller_of

KEY = "verticalpodautoscalers.autoscaling.k8s.io"
_DEPTH = 4


class TargetError(Exception):
    """The target cannot be served; the text is that of the condition ``ConfigUnsupported``."""


@dataclass(frozen=True)
class Top:
    """A pod's topmost controller."""

    kind: str
    name: str


def selector_of(cluster: Cluster, vpa: Obj) -> LabelSelector:
    """Of the pods of a VPA's target; raises TargetError."""
    reference, namespace = vpa["spec"].get("targetRef"), vpa["metadata"]["namespace"]
    if not reference:
        raise TargetError("Cannot read targetRef. Reason: targetRef not defined")
    try:
        resource = cluster.resource_of(reference)
    except ApiError as error:
        raise TargetError(f"Cannot read targetRef. Reason: {error.message}") from error
    found = cluster.find(resource.key, namespace, reference["name"])
    if found is None:
        place = f"{reference['kind']} {namespace}/{reference['name']} does not exist"
        raise TargetError(f"Cannot read targetRef. Reason: {place}")
    if controller_of(found) is not None:
        raise TargetError(
            "The targetRef controller has a parent but it should point to a topmost well-known or scalable controller"
        )
    return _selector(cluster, resource.key, namespace, found)


def _selector(cluster: Cluster, key: str, namespace: str, found: Obj) -> LabelSelector:
    spec = found.get("spec") or {}
    if found["kind"] == "CronJob":
        labels = (spec["jobTemplate"]["spec"]["template"].get("metadata") or {}).get("labels")
        return LabelSelector.from_map(labels)
    if found["kind"] == "ReplicationController":
        return LabelSelector.from_map(spec.get("selector"))
    if isinstance(spec.get("selector"), dict):
        return LabelSelector.from_object(spec["selector"])
    try:
        text = (cluster.scale_of(key, namespace, found["metadata"]["name"]).get("status") or {}).get("selector") or ""
    except ApiError:
        text = ""
    if not text:
        raise TargetError("Cannot read targetRef. Reason: the target has no selector in its scale subresource")
    return parse_label_selector(text)


def top_of(cluster: Cluster, pod: Obj) -> Top | None:
    """Follows controllers upwards; None for a pod that nobody controls."""
    owner = controller_of(pod)
    for _ in range(_DEPTH):
        if owner is None:
            return None
        top = Top(owner["kind"], owner["name"])
        try:
            key = cluster.resource_of(owner).key
        except ApiError:
            return top
        found = cluster.find(key, pod["metadata"].get("namespace", ""), owner["name"])
        above = controller_of(found) if found is not None else None
        if above is None:
            return top
        owner = above
    return None


def is_target(vpa: Obj, top: Top | None) -> bool:
    reference = vpa["spec"].get("targetRef") or {}
    return top is not None and (reference.get("kind"), reference.get("name")) == (top.kind, top.name)


def update_mode(vpa: Obj) -> str:
    """Off, Initial, Recreate, Auto or InPlaceOrRecreate; Auto when nothing is said."""
    return str((vpa["spec"].get("updatePolicy") or {}).get("updateMode") or "Auto")
