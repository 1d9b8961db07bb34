"""The verbs of the API on objects, without HTTP: what the edge, controllers, scheduler and machines all call.

A write goes through the same steps whoever asks: find the resource, stamp metadata, default, admit, validate, store.
Refusals are ``ApiError``. Single-threaded by design: a read and the write that follows it in one action cannot be torn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from wavetank.kube import errors, kinds
from wavetank.kube.names import generated_name
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj, Resource
from wavetank.twin.engine import Engine

from .store import Change, Store, Subscriber


@dataclass(frozen=True)
class User:
    """Who asks. ``system:masters`` may do everything."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


SYSTEM = User("system:apiserver", ("system:masters", "system:authenticated"))


class Cluster:
    """All objects of one cluster and the only way to change them."""

    def __init__(self, engine: Engine, *, version: str = "1.36") -> None:
        self.engine = engine
        self.version = version
        self.store = Store()
        self._resources: dict[str, Resource] = {}
        for resource in kinds.BUILT_IN:
            self._resources.setdefault(resource.key, resource)

    # --- reading -----------------------------------------------------------------------------------------------

    def resource(self, key: str) -> Resource:
        return self._resources[key]

    def resource_of(self, obj: Obj) -> Resource:
        """The resource that an object's apiVersion and kind name; ApiError 404 when there is none."""
        group, _, _ = obj.get("apiVersion", "").rpartition("/")
        for resource in self._resources.values():
            if resource.group == group and resource.kind == obj.get("kind"):
                return resource
        raise errors.ApiError(404, "NotFound", "the server could not find the requested resource")

    def find(self, key: str, namespace: str, name: str) -> Obj | None:
        """An object, or None. ``key`` is a ``Resource.key`` ("pods", "deployments.apps"); cluster-wide: namespace ""."""
        return self.store.get(key, namespace, name)

    def get(self, key: str, namespace: str, name: str) -> Obj:
        """An object; ApiError 404 when it does not exist."""
        found = self.find(key, namespace, name)
        if found is None:
            raise errors.not_found(self._resources[key], name)
        return found

    def list(self, key: str, namespace: str = "", where: Callable[[Obj], bool] | None = None) -> list[Obj]:
        """Objects of a namespace ("" = all) that satisfy ``where``, in order of creation."""
        return [
            obj
            for obj in self.store.all(key)
            if (not namespace or obj["metadata"].get("namespace") == namespace) and (where is None or where(obj))
        ]

    def subscribe(self, key: str, subscriber: Subscriber) -> Callable[[], None]:
        return self.store.subscribe(key, subscriber)

    # --- writing -----------------------------------------------------------------------------------------------

    def create(self, obj: Obj, *, user: User = SYSTEM, manager: str = "wavetank", dry_run: bool = False) -> Obj:
        """Admit and store a new object; returns it as stored."""
        resource = self.resource_of(obj)
        metadata: dict[str, Any] = dict(obj.get("metadata") or {})
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = generated_name(metadata["generateName"], self.engine.random("names"))
        namespace = metadata.get("namespace", "")
        if self.find(resource.key, namespace, metadata["name"]) is not None:
            raise errors.already_exists(resource, metadata["name"])
        metadata["uid"] = str(UUID(int=self.engine.random("uid").getrandbits(128), version=4))
        metadata["creationTimestamp"] = rfc3339(self.engine.utc)
        metadata["generation"] = 1
        created = {**obj, "metadata": metadata}
        return created if dry_run else self.store.put(resource.key, created)

    def update(self, obj: Obj, *, subresource: str = "", user: User = SYSTEM, manager: str = "wavetank") -> Obj:
        """Replace an object (or, with a subresource, the part that it covers); a stale resourceVersion is a 409."""
        resource = self.resource_of(obj)
        metadata = obj["metadata"]
        live = self.get(resource.key, metadata.get("namespace", ""), metadata["name"])
        version = metadata.get("resourceVersion", "")
        if version and version != live["metadata"]["resourceVersion"]:
            why = "the object has been modified; please apply your changes to the latest version and try again"
            raise errors.conflict(resource, metadata["name"], why)
        if subresource == "status":
            obj = {**live, "status": obj.get("status", {})}
        if obj == live:
            return live
        stored = self.store.put(resource.key, obj)
        return self._finished(resource, stored)

    def modify(
        self, key: str, namespace: str, name: str, change: Callable[[Obj], Obj], *, subresource: str = ""
    ) -> Obj:
        """Read, change and write in one step; ``change`` returns a new object and must not mutate what it is given."""
        return self.update(change(self.get(key, namespace, name)), subresource=subresource)

    def set_status(self, obj: Obj, status: Obj) -> Obj:
        """Write the status of an object as it is now, whatever its resource version; no write when nothing differs."""
        resource = self.resource_of(obj)
        metadata = obj["metadata"]
        live = self.get(resource.key, metadata.get("namespace", ""), metadata["name"])
        return self.update({**live, "status": status}, subresource="status")

    def delete(
        self,
        key: str,
        namespace: str,
        name: str,
        *,
        grace_seconds: int | None = None,
        propagation: str = "Background",
        uid: str = "",
        user: User = SYSTEM,
    ) -> Obj:
        """Delete, or mark for deletion when finalizers or a grace period keep the object; returns the last state."""
        live = self.get(key, namespace, name)
        metadata = live["metadata"]
        grace = self._grace_seconds(key, live, grace_seconds)
        if not metadata.get("finalizers") and grace == 0:
            return self.store.remove(key, namespace, name)
        marked = {**metadata, "deletionGracePeriodSeconds": grace}
        marked.setdefault("deletionTimestamp", rfc3339(self.engine.utc))
        return self._finished(self._resources[key], self.store.put(key, {**live, "metadata": marked}))

    def _grace_seconds(self, key: str, obj: Obj, asked: int | None) -> int:
        if key != "pods" or not obj.get("spec", {}).get("nodeName"):
            return 0
        default = int(obj["spec"].get("terminationGracePeriodSeconds", 30))
        return default if asked is None else asked

    def _finished(self, resource: Resource, obj: Obj) -> Obj:
        """Remove an object that waits for nothing any more."""
        metadata = obj["metadata"]
        waiting = metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds")
        if metadata.get("deletionTimestamp") and not waiting:
            return self.store.remove(resource.key, metadata.get("namespace", ""), metadata["name"])
        return obj

    # --- events ------------------------------------------------------------------------------------------------

    def record_event(self, about: Obj, kind: str, reason: str, message: str, component: str, host: str = "") -> None:
        """Write a core/v1 Event (``kind`` Normal or Warning) about an object; an equal one within the hour is counted up."""
        metadata = about["metadata"]
        involved = {
            "kind": about["kind"],
            "namespace": metadata.get("namespace", ""),
            "name": metadata["name"],
            "uid": metadata.get("uid", ""),
            "apiVersion": about["apiVersion"],
            "resourceVersion": metadata.get("resourceVersion", ""),
        }
        namespace = metadata.get("namespace") or "default"
        now = rfc3339(self.engine.utc)
        digest = self.engine.random("event-names").getrandbits(64)
        event: Obj = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{metadata['name']}.{digest:016x}", "namespace": namespace},
            "involvedObject": {k: v for k, v in involved.items() if v},
            "reason": reason,
            "message": message,
            "source": {"component": component} | ({"host": host} if host else {}),
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": kind,
            "eventTime": None,
            "reportingComponent": component,
            "reportingInstance": host,
        }
        self.create(event)

    def install(self, resources: Iterable[Resource]) -> None:
        """Serve more resources (custom ones)."""
        for resource in resources:
            self._resources[resource.key] = resource


__all__ = ["SYSTEM", "Change", "Cluster", "User"]
