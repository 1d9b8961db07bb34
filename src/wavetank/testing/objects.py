"""The objects of a cluster without HTTP: what a test arranges and looks at. Part of ``Cluster``."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias, TypeVar

import yaml

from wavetank.app.bare import BareTwin
from wavetank.kube.errors import ApiError
from wavetank.kube.selectors import parse_label_selector
from wavetank.kube.types import Obj, Resource
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.calls import Call

T = TypeVar("T")
MANAGER = "wavetank-testing"
Found: TypeAlias = list[Obj]
#: One object, several, or a text of YAML documents.
Manifests: TypeAlias = Mapping[str, Any] | Iterable[Mapping[str, Any]] | str


class Objects:
    """Reads and writes as the administrator, through admission, defaults and validation like every request.

    A kind is named as for kubectl: ``pods``, ``pod``, ``po``, ``Deployment``, ``deployments.apps``. Namespaces default to
    "default"; what is returned is the caller's own copy. Refusals are ``ApiError``.
    """

    def __init__(self, twin: BareTwin) -> None:
        self._twin = twin

    # --- looking -----------------------------------------------------------------------------------------------

    def get(self, kind: str, name: str, namespace: str = "default") -> Obj:
        """ApiError 404 when there is none."""
        return self._done(lambda: self._cluster.get(*self._address(kind, name, namespace)))

    def find(self, kind: str, name: str, namespace: str = "default") -> Obj | None:
        """As ``get``, but None when there is none."""
        return self._done(lambda: self._cluster.find(*self._address(kind, name, namespace)))

    def list(self, kind: str, namespace: str = "", labels: str = "") -> Found:
        """All of a kind, in one namespace or in all, that match a label selector such as ``app=web``."""
        selector = parse_label_selector(labels)

        def matching() -> Found:
            found = self._cluster.list(self._resource(kind).key, namespace)
            return [obj for obj in found if selector.matches(obj["metadata"].get("labels"))]

        return self._done(matching)

    # --- writing -----------------------------------------------------------------------------------------------

    def create(self, manifests: Manifests) -> Found:
        """Create objects; returns them as stored. ApiError for the first that is refused."""
        return [self._done(partial(self._cluster.create, obj, call=_call())) for obj in self._read(manifests)]

    def apply(self, manifests: Manifests) -> Found:
        """Server-side apply, taking over fields of others; returns the objects as stored."""
        return [self._done(partial(self._applied, obj)) for obj in self._read(manifests)]

    def update(self, obj: Mapping[str, Any], subresource: str = "") -> Obj:
        """Replace an object, or its status; a resourceVersion that is not the newest is refused."""
        (copied,) = self._read(obj)
        return self._done(lambda: self._cluster.update(copied, subresource=subresource, call=_call()))

    def patch(
        self, kind: str, name: str, change: Mapping[str, Any], namespace: str = "default", subresource: str = ""
    ) -> Obj:
        """A JSON merge patch."""
        body = copy.deepcopy(dict(change))

        def patched() -> Obj:
            resource = self._resource(kind)
            place = namespace if resource.namespaced else ""
            return self._cluster.patch(resource, place, name, body, "merge", subresource=subresource, call=_call())[0]

        return self._done(patched)

    def delete(self, kind: str, name: str, namespace: str = "default") -> None:
        """Delete, with its dependents, as kubectl does; nothing when there is none."""
        try:
            self._done(lambda: self._cluster.delete(*self._address(kind, name, namespace)))
        except ApiError as error:
            if error.code != 404:
                raise

    # --- inside ------------------------------------------------------------------------------------------------

    @property
    def _cluster(self) -> Cluster:
        return self._twin.world.cluster

    def _done(self, work: Callable[[], T]) -> T:
        return copy.deepcopy(self._twin.call(work))

    def _address(self, kind: str, name: str, namespace: str) -> tuple[str, str, str]:
        resource = self._resource(kind)
        return resource.key, namespace if resource.namespaced else "", name

    def _resource(self, word: str) -> Resource:
        lower = word.lower()
        for resource in self._cluster.registry.all():
            names = (resource.key, resource.plural, resource.kind.lower(), f"{resource.kind.lower()}.{resource.group}")
            if lower in names or lower in resource.short_names:
                return resource
        raise LookupError(f"the cluster has no kind {word!r}")

    def _read(self, manifests: Manifests) -> Found:
        """Copies, with a namespace where one is needed."""
        if isinstance(manifests, str):
            found = [obj for obj in yaml.safe_load_all(manifests) if obj]
        else:
            found = [manifests] if isinstance(manifests, Mapping) else list(manifests)
        return [self._placed(copy.deepcopy(dict(obj))) for obj in found]

    def _placed(self, obj: Obj) -> Obj:
        resource = self._twin.call(lambda: self._cluster.resource_of(obj))
        if not resource.namespaced:
            return obj
        return {**obj, "metadata": {"namespace": "default", **obj["metadata"]}}

    def _applied(self, obj: Obj) -> Obj:
        resource, metadata = self._cluster.resource_of(obj), obj["metadata"]
        namespace = metadata.get("namespace", "")
        applied: Obj = self._cluster.patch(
            resource, namespace, metadata["name"], obj, "apply", force=True, call=_call()
        )[0]
        return applied


def _call() -> Call:
    """As a request of the administrator, strict about unknown fields."""
    return Call(manager=MANAGER, field_validation="Strict", external=True)
