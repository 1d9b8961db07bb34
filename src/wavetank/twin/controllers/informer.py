"""Indexes over the store that controllers and scheduler share, so that no pass has to look at every object.

Kept up to date by change notifications; what an index returns is as fresh as the store. Nobody writes here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator

from wavetank.kube.types import Obj
from wavetank.twin.cluster.cluster import Change, Cluster

Group = Callable[[Obj], Iterable[Hashable]]


def controller_of(obj: Obj) -> Obj | None:
    """The owner reference that is marked as the controller."""
    for reference in obj["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            found: Obj = reference
            return found
    return None


def address(obj: Obj) -> tuple[str, str]:
    """(namespace, name); the namespace of a cluster-wide object is ""."""
    metadata = obj["metadata"]
    return metadata.get("namespace", ""), metadata["name"]


class Index:
    """Objects of one resource by what ``groups`` says of them; in order of creation within a group."""

    def __init__(self, cluster: Cluster, resource_key: str, groups: Group) -> None:
        self._groups = groups
        self._members: dict[Hashable, dict[tuple[str, str], Obj]] = {}
        self._versions: dict[Hashable, int] = {}
        for obj in cluster.list(resource_key):
            self._put(obj)
        cluster.subscribe(resource_key, self._on_change)

    def __getitem__(self, group: Hashable) -> list[Obj]:
        return list(self._members.get(group, {}).values())

    def version(self, group: Hashable) -> int:
        """How often something about the objects of a group has changed."""
        return self._versions.get(group, 0)

    def __iter__(self) -> Iterator[Hashable]:
        return iter(tuple(self._members))

    def _on_change(self, change: Change) -> None:
        if change.type == "DELETED":
            self._drop(change.object, self._groups(change.old or change.object))
            return
        after = set(self._groups(change.object))
        if change.old is not None:
            self._drop(change.old, (g for g in self._groups(change.old) if g not in after))
        self._put(change.object)

    def _put(self, obj: Obj) -> None:
        for group in self._groups(obj):
            self._versions[group] = self._versions.get(group, 0) + 1
            self._members.setdefault(group, {})[address(obj)] = obj

    def _drop(self, obj: Obj, groups: Iterable[Hashable]) -> None:
        for group in groups:
            self._versions[group] = self._versions.get(group, 0) + 1
            members = self._members.get(group)
            if members is not None:
                members.pop(address(obj), None)
                if not members:
                    del self._members[group]


def _by_controller(obj: Obj) -> Iterable[Hashable]:
    owner = controller_of(obj)
    return (owner["uid"],) if owner else ()


def _by_node(pod: Obj) -> Iterable[Hashable]:
    node = pod.get("spec", {}).get("nodeName")
    return (node,) if node else ()


def by_namespace(obj: Obj) -> Iterable[Hashable]:
    """The index key of an object's namespace."""
    return (obj["metadata"].get("namespace", ""),)


def _orphans(obj: Obj) -> Iterable[Hashable]:
    return () if controller_of(obj) else by_namespace(obj)


class Informer:
    """The shared indexes; others are made on first use and kept."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._indexes: dict[tuple[str, str], Index] = {}

    def index(self, resource_key: str, name: str, groups: Group) -> Index:
        """The index of this name, made when it is first asked for."""
        found = self._indexes.get((resource_key, name))
        if found is None:
            found = self._indexes[resource_key, name] = Index(self.cluster, resource_key, groups)
        return found

    def by_controller(self, resource_key: str) -> Index:
        """By uid of the controlling owner."""
        return self.index(resource_key, "controller", _by_controller)

    def orphans(self, resource_key: str) -> Index:
        """Objects without a controller, by namespace."""
        return self.index(resource_key, "orphans", _orphans)

    def in_namespace(self, resource_key: str) -> Index:
        return self.index(resource_key, "namespace", by_namespace)

    def pods_by_node(self) -> Index:
        return self.index("pods", "node", _by_node)
