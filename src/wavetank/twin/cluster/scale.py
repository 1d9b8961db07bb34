"""The ``scale`` subresource: replicas of anything that can be scaled, in one shape (``autoscaling/v1 Scale``).

Pure; ``Cluster`` reads and writes. Where the numbers are in a custom resource its definition says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj, Resource

KIND = ("autoscaling", "v1", "Scale")


@dataclass(frozen=True)
class Paths:
    """JSON paths into the scaled object; an empty one means that it has no such field."""

    spec_replicas: str = ".spec.replicas"
    status_replicas: str = ".status.replicas"
    selector: str = ""


def is_scalable(resource: Resource) -> bool:
    return any(name == "scale" for name, _ in resource.subresources)


def scale_of(obj: Obj, paths: Paths | None) -> Obj:
    """The Scale of an object; ``paths`` for custom resources."""
    chosen = paths or Paths()
    metadata = obj["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    status: Obj = {"replicas": int(_at(obj, chosen.status_replicas) or 0)}
    selector = _selector(obj) if paths is None else _at(obj, paths.selector)
    if selector:
        status["selector"] = selector
    replicas = _at(obj, chosen.spec_replicas)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {k: metadata[k] for k in kept if k in metadata},
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }


def with_replicas(obj: Obj, replicas: int, paths: Paths | None) -> Obj:
    steps = (paths or Paths()).spec_replicas.strip(".").split(".")
    return dict(_put(obj, steps, replicas))


def _put(value: Any, steps: list[str], leaf: Any) -> Any:
    if not steps:
        return leaf
    below = value if isinstance(value, dict) else {}
    return {**below, steps[0]: _put(below.get(steps[0]), steps[1:], leaf)}


def _selector(obj: Obj) -> str:
    selector = (obj.get("spec") or {}).get("selector")
    if selector is None:
        return ""
    is_plain = obj.get("kind") == "ReplicationController"
    return str(LabelSelector.from_map(selector) if is_plain else LabelSelector.from_object(selector))


def _at(obj: Obj, path: str) -> Any:
    value: Any = obj
    for step in path.strip(".").split(".") if path else ():
        value = value.get(step) if isinstance(value, dict) else None
    return value if path else None
