"""The way of a write: default, admit, stamp, validate, review, store. The same for everybody who writes.

Used by ``Cluster`` only, which reads bodies before and answers after. Refusals are ``ApiError``; nothing is stored then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from wavetank.kube import apply as managed
from wavetank.kube import errors
from wavetank.kube.errors import Cause
from wavetank.kube.names import generated_name
from wavetank.kube.types import Obj, Resource
from wavetank.kube.warnings import warnings_of

from . import addresses, lifecycle, pods, views
from .admission.attempt import Attempt, Operation, Plugin
from .calls import OWN, Call
from .custom import KEY as DEFINITIONS
from .definition_status import with_stored_versions
from .meanings import check
from .registry import storage_key

if TYPE_CHECKING:
    from .cluster import Cluster

STALE = "the object has been modified; please apply your changes to the latest version and try again"
_NAME_ATTEMPTS = 8
#: What machines write the status of, not controllers.
_OF_MACHINES = frozenset({"pods", "nodes"})


class Pipeline:
    """Writes objects of one cluster through its admission plugins."""

    def __init__(self, cluster: Cluster, admission: Sequence[Plugin]) -> None:
        self._cluster, self._admission = cluster, tuple(admission)
        #: Those of components that run in the cluster, asked after the cluster's own: upstream they are webhooks.
        self._webhooks: tuple[Plugin, ...] = ()
        #: The plugins that a kind concerns, by the key of its resource; most kinds concern few.
        self._concerned: dict[str, tuple[Plugin, ...]] = {}

    def add_webhook(self, plugin: Plugin) -> Callable[[], None]:
        """Ask ``plugin`` as well from now on; returns what ends that."""
        self._webhooks = (*self._webhooks, plugin)
        self._concerned.clear()

        def end() -> None:
            self._webhooks = tuple(p for p in self._webhooks if p is not plugin)
            self._concerned.clear()

        return end

    def stored_view(self, obj: Obj, resource: Resource) -> tuple[Obj, Resource]:
        kept = self._cluster.registry.by_key(storage_key(resource))
        obj = views.stored(obj, resource)
        if self._cluster.registry.is_custom(kept) and obj.get("apiVersion") != kept.api_version:
            obj = {**obj, "apiVersion": kept.api_version}
        return obj, kept

    def create(self, obj: Obj, resource: Resource, call: Call, *, managers_done: bool = False) -> Obj:
        obj = self._named(obj, resource)
        namespace, name = obj["metadata"].get("namespace", ""), obj["metadata"].get("name", "")
        custom = self._cluster.registry.is_custom(resource)
        obj = self._cluster.meanings.defaulted(obj, resource)
        if call.external and not managers_done:
            obj = self._with_managers(None, obj, resource, call, "")
        attempt = self.admitted(Attempt("CREATE", resource, namespace, name, obj, None, call, self._cluster))
        obj = lifecycle.with_finalizers(attempt.obj, resource)
        obj = lifecycle.with_template_generation(obj, None, resource)
        obj = lifecycle.with_first_status(obj, resource, custom=custom, external=call.external)
        obj = {**obj, "metadata": self._stamped(obj["metadata"], resource, custom)}
        obj = lifecycle.with_job_selector(obj, resource)
        if call.external or self._admission:
            check(resource, name, self._causes(obj, None, resource, call))
        self._warn(obj, None, resource, call)
        if self._cluster.find(resource.key, namespace, name) is not None:
            raise errors.already_exists(resource, name)
        if resource.key == "services":
            obj = self._with_addresses(obj)
        self.review(attempt.with_object(obj))
        return obj if call.dry_run else self._cluster.store.put(resource.key, obj)

    def create_event(self, event: Obj) -> Obj:
        """The short way of the cluster's own events, one for every binding: they are complete and right as they are made."""
        resource = self._cluster.resource("events")
        metadata = event["metadata"]
        place = metadata["namespace"], metadata["name"]
        attempt = self.admitted(Attempt("CREATE", resource, *place, event, None, OWN, self._cluster))
        stamped = {**attempt.obj, "metadata": self._stamped(attempt.obj["metadata"], resource, custom=False)}
        self.review(attempt.with_object(stamped))
        return self._cluster.store.put(resource.key, stamped)

    def _named(self, obj: Obj, resource: Resource) -> Obj:
        """The object with a name (generated if it asks for that) and a namespace only if its kind has one."""
        metadata: dict[str, Any] = dict(obj.get("metadata") or {})
        if not resource.namespaced:
            metadata.pop("namespace", None)
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = self._free_name(metadata["generateName"], resource, metadata.get("namespace", ""))
        if not metadata.get("name"):
            cause = Cause("FieldValueRequired", "Required value: name or generateName is required", "metadata.name")
            raise errors.invalid(resource.group, resource.kind, "", [cause])
        return {**obj, "metadata": metadata}

    def _free_name(self, prefix: str, resource: Resource, namespace: str) -> str:
        for _ in range(_NAME_ATTEMPTS):
            name = generated_name(prefix, self._cluster.engine.random("names"))
            if self._cluster.find(resource.key, namespace, name) is None:
                break
        return name

    def _stamped(self, metadata: dict[str, Any], resource: Resource, custom: bool) -> dict[str, Any]:
        uid = _uid(self._cluster.engine.random("uid"))
        counted = lifecycle.is_counted(resource, custom=custom)
        return lifecycle.stamped(metadata, uid=uid, now=self._cluster.engine.utc, counted=counted)

    def _with_addresses(self, service: Obj) -> Obj:
        others = self._cluster.store.all("services")
        return addresses.allocated(
            service, others, self._cluster.service_cidr, self._cluster.engine.random("service-addresses")
        )

    def _with_managers(self, old: Obj | None, new: Obj, resource: Resource, call: Call, subresource: str) -> Obj:
        node = self._cluster.meanings.node(resource)
        if node is None:
            return new
        status = lifecycle.has_status(resource)
        if not call.external and resource.key == "deployments.apps":
            # Their controller writes through the status, what it notes in annotations, too.
            subresource = subresource or "status"
        return managed.with_managers(
            old, new, call.manager, node, now=self._cluster.now, subresource=subresource, separate_status=status
        )

    def _causes(self, obj: Obj, live: Obj | None, resource: Resource, call: Call, subresource: str = "") -> list[Cause]:
        meanings, also = self._cluster.meanings, partial(self._cluster.custom.causes, obj, resource)
        if live is None:
            return meanings.causes_of_creation(obj, resource, also)
        return meanings.causes_of_update(obj, live, resource, subresource, also, call.warn)

    def _warn(self, obj: Obj, live: Obj | None, resource: Resource, call: Call) -> None:
        """What whoever wrote a valid object should hear; the control plane itself does not listen."""
        if call.external:
            custom = self._cluster.registry.is_custom(resource)
            for text in warnings_of(obj, live, resource, custom=custom):
                call.warn(text)

    def _plugins(self, resource: Resource) -> tuple[Plugin, ...]:
        found = self._concerned.get(resource.key)
        if found is None:
            everyone = (*self._admission, *self._webhooks)
            found = tuple(p for p in everyone if p.kinds is None or resource.key in p.kinds)
            self._concerned[resource.key] = found
        return found

    def admitted(self, attempt: Attempt) -> Attempt:
        for plugin in self._plugins(attempt.resource):
            if plugin.admit is not None:
                obj = plugin.admit(attempt)
                if obj is not attempt.obj:
                    attempt = attempt.with_object(obj)
        return attempt

    def review(self, attempt: Attempt) -> None:
        for plugin in self._plugins(attempt.resource):
            if plugin.review is not None:
                plugin.review(attempt)

    def attempt(
        self, operation: Operation, resource: Resource, obj: Obj, old: Obj | None, call: Call, subresource: str = ""
    ) -> Attempt:
        metadata = obj["metadata"]
        namespace = metadata.get("namespace", "")
        return Attempt(operation, resource, namespace, metadata["name"], obj, old, call, self._cluster, subresource)

    def update(
        self, live: Obj, obj: Obj, resource: Resource, subresource: str, call: Call, *, managers_done: bool = False
    ) -> Obj:
        check_version(resource, obj["metadata"], live)
        if not call.external and subresource == "status":
            return self.write_status(live, obj, resource, call)
        new = self._merged(live, obj, resource, subresource)
        attempt = self.admitted(self.attempt("UPDATE", resource, new, live, call, subresource))
        new = attempt.obj if subresource else lifecycle.with_template_generation(attempt.obj, live, resource)
        if resource.key == "services" and not subresource:
            new = self._with_addresses(addresses.kept(new, live))
        if (
            lifecycle.is_counted(resource, custom=self._cluster.registry.is_custom(resource))
            and subresource != "status"
        ):
            new = lifecycle.counted_up(new, live)
        if call.external or (self._admission and not subresource):
            check(resource, new["metadata"]["name"], self._causes(new, live, resource, call, subresource))
        if not subresource:
            self._warn(new, live, resource, call)
        self.review(attempt.with_object(new))
        if not managers_done and (call.external or live["metadata"].get("managedFields")):
            new = self._with_managers(live, new, resource, call, subresource)
        return self._stored_update(live, new, resource, call)

    def write_status(self, live: Obj, obj: Obj, resource: Resource, call: Call) -> Obj:
        """The short way of controllers and machines, which write many statuses and are trusted with them."""
        new = lifecycle.with_status_of(live, obj)
        if live["metadata"].get("managedFields") and not lifecycle.same_but_for_times(new, live):
            manager = "kubelet" if resource.key in _OF_MACHINES else call.manager
            new = self._with_managers(live, new, resource, replace(call, manager=manager), "status")
        return self._stored_update(live, new, resource, call)

    def _stored_update(self, live: Obj, new: Obj, resource: Resource, call: Call) -> Obj:
        if lifecycle.same_but_for_times(new, live):
            return live
        return new if call.dry_run else self.finished(resource, self._cluster.store.put(resource.key, new))

    def _merged(self, live: Obj, obj: Obj, resource: Resource, subresource: str) -> Obj:
        """``live`` after a write of ``obj`` to the object or to one of its subresources."""
        match subresource:
            case "status" | "approval":
                new = lifecycle.with_status_of(live, obj)
                return _with_managed_fields_of(new, obj)
            case "finalize":
                return {**live, "spec": {**live.get("spec", {}), "finalizers": obj.get("spec", {}).get("finalizers")}}
            case "ephemeralcontainers" | "resize":
                return self._cluster.meanings.defaulted(pods.with_part(live, obj, subresource), resource)
        new = lifecycle.carried_over(obj, live)
        new = self._cluster.meanings.defaulted(new, resource)
        if lifecycle.has_status(resource) or resource.key == "namespaces":
            new = lifecycle.with_live_status(new, live)
        if resource.key == "namespaces":
            new = {**new, "spec": live.get("spec", {})}
        return with_stored_versions(new) if resource.key == DEFINITIONS else new

    def finished(self, resource: Resource, obj: Obj) -> Obj:
        """Remove an object that waits for nothing any more."""
        metadata = obj["metadata"]
        if metadata.get("deletionTimestamp") and not lifecycle.waits_for_something(resource, obj):
            return self._cluster.store.remove(resource.key, metadata.get("namespace", ""), metadata["name"])
        return obj


def _uid(randomness: Random) -> str:
    """A random UUID (version 4); ``uuid.UUID`` takes several times as long."""
    bits = randomness.getrandbits(128) & ~(0xF000 << 64 | 0xC000 << 48) | 0x4000 << 64 | 0x8000 << 48
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def check_version(resource: Resource, metadata: Obj, live: Obj) -> None:
    version = metadata.get("resourceVersion", "")
    if version and version != live["metadata"]["resourceVersion"]:
        raise errors.conflict(resource, metadata["name"], STALE)


def _with_managed_fields_of(new: Obj, obj: Obj) -> Obj:
    if "managedFields" not in obj["metadata"]:
        return new
    return {**new, "metadata": {**new["metadata"], "managedFields": obj["metadata"]["managedFields"]}}
