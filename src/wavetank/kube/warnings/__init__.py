"""What a server says beside its answer of an object that it takes: each kind's ``WarningsOnCreate`` and ``WarningsOnUpdate``.

Called by ``twin.cluster`` once an object is valid. Pure; a warning never refuses anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..types import Obj, Resource
from ..validation.names import dns_label
from .objects import OF_KIND, custom_object
from .pods import pod_warnings

#: Kinds with a pod template, and where in the spec it is.
_TEMPLATES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("apps", "DaemonSet"): (),
    ("apps", "Deployment"): (),
    ("apps", "ReplicaSet"): (),
    ("apps", "StatefulSet"): (),
    ("", "ReplicationController"): (),
    ("batch", "Job"): (),
    ("batch", "CronJob"): ("jobTemplate", "spec"),
}
_NAMED_AFTER = frozenset({"Deployment", "ReplicaSet", "ReplicationController", "Job", "CronJob"})
_HOSTNAME = "which can result in surprising behavior; a DNS label is recommended"


def warnings_of(obj: Obj, old: Obj | None, resource: Resource, *, custom: bool = False) -> list[str]:
    """The warnings about ``obj``, new or changed from ``old``, in upstream's order."""
    if custom:
        return list(custom_object(obj, old))
    kind = (resource.group, resource.kind)
    if kind == ("", "Pod"):
        return list(_pod(obj)) if old is None else []
    if kind in _TEMPLATES:
        return list(_template(obj, old, resource, _TEMPLATES[kind]))
    rule = OF_KIND.get(kind)
    return list(rule(obj, old)) if rule else []


def _pod(obj: Obj) -> Iterator[str]:
    yield from _name(obj["metadata"].get("name", ""), "the Pod's hostname")
    yield from pod_warnings(obj.get("spec") or {}, obj["metadata"], "")


def _template(obj: Obj, old: Obj | None, resource: Resource, way: tuple[str, ...]) -> Iterator[str]:
    if old is None and resource.kind in _NAMED_AFTER:
        yield from _name(obj["metadata"].get("name", ""), "Pod names and hostnames")
    template, before = _at(obj, way), _at(old, way) if old else None
    # Upstream asks whether the generation changes, which a change of the spec makes it do.
    if old is None or obj.get("spec") != old.get("spec") or template != before:
        path = ".".join(("spec", *way, "template"))
        yield from pod_warnings(template.get("spec") or {}, template.get("metadata") or {}, path)


def _at(obj: Obj, way: tuple[str, ...]) -> Obj:
    found = obj.get("spec") or {}
    for key in (*way, "template"):
        found = found.get(key) or {}
    return found


def _name(name: str, use: str) -> Iterator[str]:
    problems = dns_label(name)
    if problems:
        yield f"metadata.name: this is used in {use}, {_HOSTNAME}: [{' '.join(problems)}]"
