"""Custom resources: what a CustomResourceDefinition makes of the cluster once it is established.

Watches the definitions, accepts their names, serves their versions, and clears the objects away when a
definition goes. Follows apiextensions-apiserver (naming, establishing and finalizing controllers, ``crd_handler.go``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from wavetank.kube.conditions import is_true
from wavetank.kube.errors import Cause
from wavetank.kube.jsonpath import first
from wavetank.kube.types import Obj, Resource

from . import definition_status, scale
from .store import Change

if TYPE_CHECKING:
    from .cluster import Cluster

KEY = "customresourcedefinitions.apiextensions.k8s.io"
CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
#: The naming controller's work. A real server's handlers follow up to a second later; here who saw Established may go on.
ACCEPT_SECONDS = 0.02


@dataclass(frozen=True)
class Version:
    """What a definition says of one served version beside its names."""

    resource: Resource
    schema: Obj
    scale_paths: scale.Paths | None = None
    printer_columns: Sequence[Mapping[str, Any]] = ()
    selectable: tuple[str, ...] = field(default=())
    #: What clients of a version that is going away are told; empty for one that stays.
    deprecation: str = ""


def versions_of(definition: Obj) -> list[Version]:
    """The served versions, the stored one first (objects are kept as that one)."""
    served = [v for v in definition["spec"].get("versions") or () if v.get("served") and v.get("name")]
    ordered = sorted(served, key=lambda v: not v.get("storage"))
    names = (definition.get("status") or {}).get("acceptedNames") or {}
    spec = definition["spec"]
    known = {key: names.get(key) for key in ("shortNames", "categories", "singular")} if names.get("kind") else {}
    return [_version({**spec, "names": {**spec["names"], **known}}, v) for v in ordered]


def _version(spec: Obj, version: Obj) -> Version:
    names, subresources = spec["names"], version.get("subresources") or {}
    own = (spec["group"], version["name"], names["kind"])
    listed = [("status", own)] if subresources.get("status") is not None else []
    scaled = subresources.get("scale")
    listed = [("scale", scale.KIND), *listed] if scaled is not None else listed
    resource = Resource(
        group=spec["group"],
        version=version["name"],
        kind=names["kind"],
        plural=names["plural"],
        singular=names.get("singular") or names["kind"].lower(),
        namespaced=spec.get("scope") == "Namespaced",
        verbs=("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"),
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=tuple(listed),
    )
    paths = None
    if scaled is not None:
        paths = scale.Paths(
            scaled.get("specReplicasPath", ""),
            scaled.get("statusReplicasPath", ""),
            scaled.get("labelSelectorPath") or "",
        )
    return Version(
        resource,
        (version.get("schema") or {}).get("openAPIV3Schema") or {},
        paths,
        tuple(version.get("additionalPrinterColumns") or ()),
        tuple(f.get("jsonPath", "") for f in version.get("selectableFields") or ()),
        _deprecation(spec, version) if version.get("deprecated") else "",
    )


def _deprecation(spec: Obj, version: Obj) -> str:
    """The stated warning, or that the version is deprecated and which newer one to use (``defaultDeprecationWarning``)."""
    if version.get("deprecationWarning") is not None:
        return str(version["deprecationWarning"])
    group, kind = spec["group"], spec["names"]["kind"]
    staying = [v["name"] for v in spec["versions"] if v.get("served") and not v.get("deprecated")]
    newest = max(staying, key=_maturity, default="")
    said = f"{group}/{version['name']} {kind} is deprecated"
    return f"{said}; use {group}/{newest} {kind}" if newest and _maturity(newest) > _maturity(version["name"]) else said


def _maturity(version: str) -> tuple[int, int, int]:
    """The order of versions: v2 after v1 after v1beta2 after v1alpha1 after any other name."""
    found = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", version)
    if found is None:
        return (0, 0, 0)
    return ({"alpha": 1, "beta": 2}.get(found[2], 3), int(found[1]), int(found[3] or 0))


def _serves_differently(change: Change) -> bool:
    old, new = change.old, change.object
    if old is None or not is_true(old, "Established") or old.get("spec") != new.get("spec"):
        return True
    return (old.get("status") or {}).get("acceptedNames") != (new.get("status") or {}).get("acceptedNames")


def _judged_differently(old: Obj, new: Obj) -> bool:
    """Whether the names of a definition, or its annotations on approval, must be looked at again."""
    annotated = old["metadata"].get("annotations") != new["metadata"].get("annotations")
    return annotated or old.get("spec") != new.get("spec")


class Definitions:
    """Follows the definitions of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._versions: dict[tuple[str, str], Version] = {}
        cluster.store.subscribe(KEY, self._changed)

    def version(self, resource: Resource) -> Version | None:
        """What is known of a custom resource's version; None for built-in kinds."""
        return self._versions.get((resource.key, resource.version))

    def causes(self, obj: Obj, resource: Resource) -> list[Cause]:
        """What the scale subresource of a custom kind refuses of an object (``customresource/validator.go``)."""
        version = self.version(resource)
        if version is None or version.scale_paths is None:
            return []
        path = version.scale_paths.spec_replicas
        value = first(path, obj)
        if value is None:
            return []
        if isinstance(value, bool) or not isinstance(value, int):
            kind = {str: "string", bool: "bool", float: "float64", list: "[]interface {}"}.get(type(value), "map")
            why = f"{path} accessor error: {value} is of the type {kind}, expected int64"
            return [Cause("FieldValueInvalid", f"Invalid value: 0: {why}", path)]
        if value < 0:
            why = "should be a non-negative integer"
            return [Cause("FieldValueInvalid", f"Invalid value: {value}: {why}", path)]
        return []

    def versions(self) -> list[Version]:
        """Every custom version that is served."""
        return [self._versions[key] for key in sorted(self._versions)]

    def _changed(self, change: Change) -> None:
        name, later = change.name, self._cluster.engine.call_later
        if change.type == "DELETED":
            self._withdraw(change.object)
        elif change.object["metadata"].get("deletionTimestamp"):
            later(ACCEPT_SECONDS, lambda: self._clear(name))
        else:
            if change.old is None or _judged_differently(change.old, change.object):
                later(ACCEPT_SECONDS, lambda: self._accept(name))
            if is_true(change.object, "Established") and _serves_differently(change):
                self._serve(name)

    def _accept(self, name: str) -> None:
        """Take those names that no other definition of the group has."""
        definition = self._cluster.find(KEY, "", name)
        if definition is None or definition["metadata"].get("deletionTimestamp"):
            return
        status = definition_status.accepted(definition, self._neighbours(definition), self._cluster.engine.utc)
        if status != definition.get("status"):
            self._cluster.set_status(definition, status)

    def _neighbours(self, definition: Obj) -> list[Obj]:
        """The other definitions of a group."""
        name, group = definition["metadata"]["name"], definition["spec"]["group"]
        return self._cluster.list(KEY, where=lambda o: o["spec"]["group"] == group and o["metadata"]["name"] != name)

    def _serve(self, name: str) -> None:
        definition = self._cluster.find(KEY, "", name)
        if definition is None or not is_true(definition, "Established"):
            return
        self._forget(name)
        versions = versions_of(definition)
        for version in versions:
            self._versions[name, version.resource.version] = version
            self._cluster.meanings.learn(name, version.resource.version, version.schema)
        self._cluster.registry.serve_custom(name, [v.resource for v in versions])
        self._read_again(name)

    def _read_again(self, name: str) -> None:
        """Prune and default what is stored, as a real server does whenever it reads: the schema may be another one now."""
        for obj in self._cluster.list(name):
            version = obj.get("apiVersion", "").rpartition("/")[2]
            if (name, version) in self._versions:
                seen = self._cluster.meanings.as_read(obj, self._versions[name, version].resource)
                if seen != obj:
                    self._cluster.store.put(name, seen)

    def _clear(self, name: str) -> None:
        """Delete every object of a kind that is going, then let the definition go."""
        definition = self._cluster.find(KEY, "", name)
        if definition is None:
            return
        status = definition_status.terminating(definition, self._cluster.engine.utc)
        if status is not None:
            definition = self._cluster.set_status(definition, status)
        for obj in self._cluster.list(name):
            metadata = obj["metadata"]
            if "deletionTimestamp" not in metadata:
                self._cluster.delete(name, metadata.get("namespace", ""), metadata["name"])
        if self._cluster.list(name):
            self._cluster.engine.call_later(1.0, lambda: self._clear(name))
            return
        left = [f for f in definition["metadata"].get("finalizers") or () if f != CLEANUP_FINALIZER]
        self._cluster.update({**definition, "metadata": {**definition["metadata"], "finalizers": left}})

    def _withdraw(self, definition: Obj) -> None:
        name = definition["metadata"]["name"]
        self._forget(name)
        self._cluster.registry.withdraw_custom(name)
        for other in self._neighbours(definition):
            self._cluster.engine.call_later(ACCEPT_SECONDS, partial(self._accept, other["metadata"]["name"]))

    def _forget(self, name: str) -> None:
        self._versions = {k: v for k, v in self._versions.items() if k[0] != name}
        self._cluster.meanings.forget(name)
