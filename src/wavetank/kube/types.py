"""Names for the shapes that all of ``kube`` and ``twin`` pass around."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

#: A Kubernetes object (or part of one) as JSON. Never mutated once it is in a store.
Obj: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """One entry of API discovery: how a kind is addressed and what can be done with it."""

    group: str
    version: str
    kind: str
    plural: str
    singular: str
    namespaced: bool
    verbs: tuple[str, ...] = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    #: name -> (group, version, kind) of what the subresource reads and writes, e.g. "scale" -> autoscaling/v1 Scale
    subresources: tuple[tuple[str, tuple[str, str, str]], ...] = ()

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @cached_property
    def has_status(self) -> bool:
        """Whether a write of the whole object leaves the status alone."""
        return any(name == "status" for name, _ in self.subresources)

    @cached_property
    def key(self) -> str:
        """What identifies the stored kind whatever the version: ``deployments.apps``, ``pods``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural
