"""Roles and bindings as the RBAC rules read them. Reads objects, judges nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, items, mapping
from wavetank.kube.types import Obj

GROUP = "rbac.authorization.k8s.io"


@dataclass(frozen=True)
class Binding:
    """A RoleBinding or ClusterRoleBinding with the role that it names, where that is in the input."""

    manifest: Manifest
    role: Manifest | None

    @property
    def subjects(self) -> list[Obj]:
        return items(self.manifest.obj.get("subjects"))

    @property
    def is_cluster_wide(self) -> bool:
        return self.manifest.kind == "ClusterRoleBinding"


def bindings(case: Case) -> Iterator[Binding]:
    for manifest in case.manifests.of_kind("RoleBinding", "ClusterRoleBinding", group=GROUP):
        reference = mapping(manifest.obj.get("roleRef"))
        kind, name = str(reference.get("kind")), str(reference.get("name"))
        yield Binding(manifest, case.manifests.find(kind, manifest.namespace if kind == "Role" else "", name))


def rules(role: Manifest) -> list[Obj]:
    return items(role.obj.get("rules"))


def covers(rule: Obj, group: str, resource: str, verb: str) -> bool:
    """Whether a rule lets somebody do it to every object of the resource."""
    return (
        not rule.get("resourceNames")
        and _has(rule, "apiGroups", group)
        and _has(rule, "resources", resource)
        and _has(rule, "verbs", verb)
    )


def _has(rule: Obj, key: str, wanted: str) -> bool:
    stated = rule.get(key)
    stated = stated if isinstance(stated, list) else []
    return "*" in stated or wanted in stated
