"""The kinds that are served: the built-in ones and those that definitions add. Discovery, routing and storage ask here.

Knows names and versions only; what a custom kind's schema says is kept by ``custom``. Two resources that are two views of
the same stored objects (events in two groups, a kind in two versions) share a storage key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Resource

#: Views of objects that are stored under another key.
STORED_AS = {"events.events.k8s.io": "events"}
#: Served from samples, reviews or actions; never stored.
NOT_STORED_GROUPS = frozenset({"metrics.k8s.io", "authentication.k8s.io", "authorization.k8s.io"})
NOT_STORED_KEYS = frozenset({"bindings", "componentstatuses"})


def no_such_resource() -> ApiError:
    """404 for a path, group, version or kind that nothing serves."""
    return ApiError(404, "NotFound", "the server could not find the requested resource")


def storage_key(resource: Resource) -> str:
    return STORED_AS.get(resource.key, resource.key)


def is_stored(resource: Resource) -> bool:
    return resource.group not in NOT_STORED_GROUPS and resource.key not in NOT_STORED_KEYS


def _discovery_rank(resource: Resource) -> tuple[int, int, int, str]:
    """v2 before v1 before v1beta1 before v1alpha1, then other names by the alphabet (``CompareKubeAwareVersionStrings``)."""
    found = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", resource.version)
    if found is None:
        return (3, 0, 0, resource.version)
    return ({"alpha": 2, "beta": 1}.get(found[2], 0), -int(found[1]), -int(found[3] or 0), "")


class Registry:
    """All served resources, in discovery order; custom ones come and go."""

    def __init__(self, built_in: Iterable[Resource]) -> None:
        self._built_in = tuple(built_in)
        self._custom: dict[str, tuple[Resource, ...]] = {}
        self._index()

    def _index(self) -> None:
        self._preferred: dict[str, Resource] = {}
        self._by_kind: dict[tuple[str, str], Resource] = {}
        self._by_version_kind: dict[tuple[str, str, str], Resource] = {}
        self._by_path: dict[tuple[str, str, str], Resource] = {}
        kept = (r for versions in self._custom.values() for r in versions)
        for resource in (*self._built_in, *kept):
            self._preferred.setdefault(resource.key, resource)
            self._by_kind.setdefault((resource.group, resource.kind), resource)
            self._by_version_kind[resource.group, resource.version, resource.kind] = resource
            self._by_path[resource.group, resource.version, resource.plural] = resource

    def all(self) -> tuple[Resource, ...]:
        """Every version of every resource, in the order of discovery."""
        custom = (r for key in sorted(self._custom) for r in sorted(self._custom[key], key=_discovery_rank))
        return (*self._built_in, *custom)

    def stored(self) -> tuple[Resource, ...]:
        """One resource per storage key, in its preferred version."""
        return tuple(r for key, r in self._preferred.items() if is_stored(r) and key not in STORED_AS)

    def by_key(self, key: str) -> Resource:
        """The preferred version of a resource; KeyError for a key that nothing serves."""
        return self._preferred[key]

    def of_kind(self, api_version: str, kind: str) -> Resource:
        """The resource that an object's apiVersion and kind name; ApiError 404 when there is none."""
        group, _, version = api_version.rpartition("/")
        exact = self._by_version_kind.get((group, version, kind)) or self._by_kind.get((group, kind))
        if exact is None:
            raise no_such_resource()
        return exact

    def at_path(self, group: str, version: str, plural: str) -> Resource:
        """The resource of a URL; ApiError 404 when there is none."""
        found = self._by_path.get((group, version, plural))
        if found is None:
            raise no_such_resource()
        return found

    def is_custom(self, resource: Resource) -> bool:
        return resource.key in self._custom

    def serve_custom(self, key: str, versions: Iterable[Resource]) -> None:
        """Serve (or serve differently) the versions of a custom resource, preferred version first."""
        self._custom[key] = tuple(versions)
        self._index()

    def withdraw_custom(self, key: str) -> None:
        self._custom.pop(key, None)
        self._index()
