"""Custom resources: what a CustomResourceDefinition makes of the cluster once it is established.

Watches the definitions, accepts their names, serves their versions, and clears the objects away when a
definition goes. Follows apiextensions-apiserver (naming, establishing and finalizing controllers, ``crd_handler.go``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wavetank.kube.conditions import is_true, with_condition
from wavetank.kube.errors import Cause
from wavetank.kube.jsonpath import first
from wavetank.kube.types import Obj, Resource

from . import scale
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
    return [_version(definition["spec"], v) for v in ordered]


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
    old = change.old
    return old is None or not is_true(old, "Established") or old.get("spec") != change.object.get("spec")


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
            self._withdraw(name)
        elif change.object["metadata"].get("deletionTimestamp"):
            later(ACCEPT_SECONDS, lambda: self._clear(name))
        elif not is_true(change.object, "Established"):
            later(ACCEPT_SECONDS, lambda: self._accept(name))
        elif _serves_differently(change):
            self._serve(name)

    def _accept(self, name: str) -> None:
        """Take the names, unless another definition has them."""
        definition = self._cluster.find(KEY, "", name)
        if definition is None or is_true(definition, "Established"):
            return
        now, status = self._cluster.engine.utc, dict(definition.get("status") or {})
        clash = self._clash(definition)
        conditions = with_condition(
            status.get("conditions"),
            "NamesAccepted",
            "False" if clash else "True",
            now,
            reason=clash or "NoConflicts",
            message=f"{clash} is already in use" if clash else "no conflicts found",
        )
        conditions = with_condition(
            conditions,
            "Established",
            "False" if clash else "True",
            now,
            reason="NotAccepted" if clash else "InitialNamesAccepted",
            message="not all names are accepted" if clash else "the initial names have been accepted",
        )
        spec = definition["spec"]
        if not clash:
            status["acceptedNames"] = spec["names"]
            stored = [v["name"] for v in spec["versions"] if v.get("storage") and v.get("name")]
            status["storedVersions"] = list(dict.fromkeys([*(status.get("storedVersions") or ()), *stored]))
        self._cluster.set_status(definition, {**status, "conditions": conditions})

    def _clash(self, definition: Obj) -> str:
        names, group = definition["spec"]["names"], definition["spec"]["group"]
        for other in self._cluster.list(KEY, where=lambda o: is_true(o, "Established")):
            if other["metadata"]["name"] == definition["metadata"]["name"] or other["spec"]["group"] != group:
                continue
            taken = other["spec"]["names"]
            if taken["kind"] == names["kind"]:
                return "KindConflict"
        return ""

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

    def _clear(self, name: str) -> None:
        """Delete every object of a kind that is going, then let the definition go."""
        definition = self._cluster.find(KEY, "", name)
        if definition is None:
            return
        for obj in self._cluster.list(name):
            metadata = obj["metadata"]
            if "deletionTimestamp" not in metadata:
                self._cluster.delete(name, metadata.get("namespace", ""), metadata["name"])
        if self._cluster.list(name):
            self._cluster.engine.call_later(1.0, lambda: self._clear(name))
            return
        left = [f for f in definition["metadata"].get("finalizers") or () if f != CLEANUP_FINALIZER]
        self._cluster.update({**definition, "metadata": {**definition["metadata"], "finalizers": left}})

    def _withdraw(self, name: str) -> None:
        self._forget(name)
        self._cluster.registry.withdraw_custom(name)

    def _forget(self, name: str) -> None:
        self._versions = {k: v for k, v in self._versions.items() if k[0] != name}
        self._cluster.meanings.forget(name)
