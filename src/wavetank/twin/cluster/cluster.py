"""The verbs of the API on objects, without HTTP: what the edge, controllers, scheduler and machines all call.

A write goes through the same steps whoever asks: read, default, admit, stamp, validate, review, store. Refusals are
``ApiError``. Single-threaded by design: a read and the write that follows it in one action cannot be torn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from wavetank.kube import apply as managed
from wavetank.kube import errors
from wavetank.kube.errors import ApiError, Cause
from wavetank.kube.names import generated_name
from wavetank.kube.types import Obj, Resource
from wavetank.twin.engine import Engine

from . import addresses, events, eviction, lifecycle, patching, pods, scale, tokens, views
from .admission.attempt import Attempt, Operation, Plugin
from .authorization import KEYS as RBAC_KEYS
from .authorization import Asked, Authorizer
from .calls import SYSTEM, Call, User
from .custom import CLEANUP_FINALIZER, Definitions
from .custom import KEY as DEFINITIONS
from .meanings import Meanings, check
from .registry import STORED_AS, Registry, storage_key
from .store import Change, Objects, Store, Subscriber

STALE = "the object has been modified; please apply your changes to the latest version and try again"
_NAME_ATTEMPTS = 8


class Cluster:
    """All objects of one cluster and the only way to change them.

    With no ``admission`` plugins (the default) a cluster is lenient: namespaces and accounts need not exist, and what
    callers inside the process create is not validated. ``bootstrap.new_cluster`` makes one as a control plane starts it.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        version: str = "1.36",
        service_cidr: str = addresses.DEFAULT_SERVICE_CIDR,
        admission: Sequence[Plugin] = (),
    ) -> None:
        self.engine = engine
        self.version = version
        self.service_cidr = service_cidr
        self.store = Store()
        self.registry = Registry()
        self.meanings = Meanings(version)
        self.custom = Definitions(self)
        self.tokens = tokens.TokenIssuer(engine)
        self.authorizer = Authorizer(self.find, self.list)
        self._admission = tuple(admission)
        self._recorder = events.Recorder(
            engine,
            lambda namespace, name: self.find("events", namespace, name),
            self.create,
            self.update,
        )
        for key in RBAC_KEYS:
            self.store.subscribe(key, lambda _: self.authorizer.forget())
        self.store.subscribe("events", self._expire_later)

    # --- reading -----------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.engine.utc

    def random(self, stream: str) -> Random:
        return self.engine.random(stream)

    def resource(self, key: str) -> Resource:
        return self.registry.by_key(key)

    def resource_of(self, obj: Obj) -> Resource:
        """The resource that an object's apiVersion and kind name; ApiError 404 when there is none."""
        return self.registry.of_kind(obj.get("apiVersion", ""), obj.get("kind", ""))

    def find(self, key: str, namespace: str, name: str) -> Obj | None:
        """An object, or None. ``key`` is a ``Resource.key`` ("pods", "deployments.apps"); cluster-wide: namespace ""."""
        return self.store.get(STORED_AS.get(key, key), namespace, name)

    def get(self, key: str, namespace: str, name: str) -> Obj:
        """An object; ApiError 404 when it does not exist."""
        found = self.find(key, namespace, name)
        if found is None:
            raise errors.not_found(self.resource(key), name)
        return found

    def list(self, key: str, namespace: str = "", where: Callable[[Obj], bool] | None = None) -> list[Obj]:
        """Objects of a namespace ("" = all) that satisfy ``where``, in order of creation."""
        return [
            obj
            for obj in self.store.all(STORED_AS.get(key, key))
            if (not namespace or obj["metadata"].get("namespace") == namespace) and (where is None or where(obj))
        ]

    def subscribe(self, key: str, subscriber: Subscriber) -> Callable[[], None]:
        """Be told every change of a resource ("*": of all), synchronously; returns what ends the subscription."""
        return self.store.subscribe(STORED_AS.get(key, key), subscriber)

    def may_on(self, user: User, verb: str, group: str, plural: str, namespace: str, name: str) -> bool:
        """Whether RBAC lets a user do something with objects of a kind."""
        return self.authorizer.decide(user, Asked(verb, group, plural, "", namespace, name)).allowed

    def rules_for(self, user: User, namespace: str) -> Objects:
        return self.authorizer.rules(user, namespace)

    def rules_of_role(self, kind: str, namespace: str, name: str) -> Objects | None:
        return self.authorizer.rules_of_role(kind, namespace, name)

    # --- creating ----------------------------------------------------------------------------------------------

    def create(
        self,
        obj: Obj,
        *,
        user: User = SYSTEM,
        manager: str = "wavetank",
        dry_run: bool = False,
        call: Call | None = None,
        resource: Resource | None = None,
    ) -> Obj:
        """Admit and store a new object; returns it as stored.

        ``call`` says all about the request at once (the edge does so) and takes the place of ``user``, ``manager`` and
        ``dry_run``; ``resource`` is the view the object is written in, if its apiVersion and kind do not tell.
        """
        call = call or Call(user, manager, dry_run)
        resource = resource or self.resource_of(obj)
        if call.external:
            obj = self.meanings.read(obj, resource, call)
        return self._create(*self._stored_view(obj, resource), call)

    def _stored_view(self, obj: Obj, resource: Resource) -> tuple[Obj, Resource]:
        kept = self.registry.by_key(storage_key(resource))
        obj = views.stored(obj, resource)
        if self.registry.is_custom(kept) and obj.get("apiVersion") != kept.api_version:
            obj = {**obj, "apiVersion": kept.api_version}
        return obj, kept

    def _create(self, obj: Obj, resource: Resource, call: Call, *, managers_done: bool = False) -> Obj:
        obj = self._named(obj, resource)
        namespace, name = obj["metadata"].get("namespace", ""), obj["metadata"].get("name", "")
        custom = self.registry.is_custom(resource)
        obj = self.meanings.defaulted(obj, resource)
        if call.external and not managers_done:
            obj = self._with_managers(None, obj, resource, call, "")
        attempt = self._admitted(Attempt("CREATE", resource, namespace, name, obj, None, call, self))
        obj = lifecycle.with_finalizers(attempt.obj, resource)
        obj = lifecycle.with_first_status(obj, resource, custom=custom, external=call.external)
        obj = {**obj, "metadata": self._stamped(obj["metadata"], resource, custom)}
        if call.external or self._admission:
            check(resource, name, self.meanings.causes_of_creation(obj, resource))
        if self.find(resource.key, namespace, name) is not None:
            raise errors.already_exists(resource, name)
        if resource.key == "services":
            obj = self._with_addresses(obj)
        self._review(attempt.with_object(obj))
        return obj if call.dry_run else self.store.put(resource.key, obj)

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
            name = generated_name(prefix, self.engine.random("names"))
            if self.find(resource.key, namespace, name) is None:
                break
        return name

    def _stamped(self, metadata: dict[str, Any], resource: Resource, custom: bool) -> dict[str, Any]:
        uid = str(UUID(int=self.engine.random("uid").getrandbits(128), version=4))
        counted = lifecycle.is_counted(resource, custom=custom)
        return lifecycle.stamped(metadata, uid=uid, now=self.engine.utc, counted=counted)

    def _with_addresses(self, service: Obj) -> Obj:
        others = self.store.all("services")
        return addresses.allocated(service, others, self.service_cidr, self.engine.random("service-addresses"))

    def _with_managers(self, old: Obj | None, new: Obj, resource: Resource, call: Call, subresource: str) -> Obj:
        node = self.meanings.node(resource)
        if node is None:
            return new
        status = lifecycle.has_status(resource)
        return managed.with_managers(
            old, new, call.manager, node, now=self.now, subresource=subresource, separate_status=status
        )

    # --- admission ---------------------------------------------------------------------------------------------

    def _admitted(self, attempt: Attempt) -> Attempt:
        for plugin in self._admission:
            if plugin.admit is not None:
                attempt = attempt.with_object(plugin.admit(attempt))
        return attempt

    def _review(self, attempt: Attempt) -> None:
        for plugin in self._admission:
            if plugin.review is not None:
                plugin.review(attempt)

    def _attempt(
        self, operation: Operation, resource: Resource, obj: Obj, old: Obj | None, call: Call, subresource: str = ""
    ) -> Attempt:
        metadata = obj["metadata"]
        namespace = metadata.get("namespace", "")
        return Attempt(operation, resource, namespace, metadata["name"], obj, old, call, self, subresource)

    # --- updating ----------------------------------------------------------------------------------------------

    def update(
        self,
        obj: Obj,
        *,
        subresource: str = "",
        user: User = SYSTEM,
        manager: str = "wavetank",
        call: Call | None = None,
        resource: Resource | None = None,
    ) -> Obj:
        """Replace an object (or, with a subresource, the part that it covers); a stale resourceVersion is a 409."""
        call = call or Call(user, manager)
        resource = resource or self.resource_of(obj)
        if call.external:
            obj = self.meanings.read(obj, resource, call)
        obj, resource = self._stored_view(obj, resource)
        metadata = obj["metadata"]
        live = self.get(resource.key, metadata.get("namespace", ""), metadata["name"])
        _check_uid_precondition(resource, metadata, live)
        return self._update(live, obj, resource, subresource, call)

    def _update(
        self, live: Obj, obj: Obj, resource: Resource, subresource: str, call: Call, *, managers_done: bool = False
    ) -> Obj:
        _check_version(resource, obj["metadata"], live)
        if not call.external and subresource == "status":
            return self._write_status(live, obj, resource, call)
        new = self._merged(live, obj, resource, subresource)
        attempt = self._admitted(self._attempt("UPDATE", resource, new, live, call, subresource))
        new = attempt.obj
        if resource.key == "services" and not subresource:
            new = self._with_addresses(addresses.kept(new, live))
        if lifecycle.is_counted(resource, custom=self.registry.is_custom(resource)) and subresource != "status":
            new = lifecycle.counted_up(new, live)
        if call.external or (self._admission and not subresource):
            check(resource, new["metadata"]["name"], self.meanings.causes_of_update(new, live, resource, subresource))
        self._review(attempt.with_object(new))
        if not managers_done and (call.external or live["metadata"].get("managedFields")):
            new = self._with_managers(live, new, resource, call, subresource)
        return self._stored_update(live, new, resource, call)

    def _write_status(self, live: Obj, obj: Obj, resource: Resource, call: Call) -> Obj:
        """The short way of controllers and machines, which write many statuses and are trusted with them."""
        return self._stored_update(live, lifecycle.with_status_of(live, obj), resource, call)

    def _stored_update(self, live: Obj, new: Obj, resource: Resource, call: Call) -> Obj:
        if lifecycle.same_but_for_times(new, live):
            return live
        return new if call.dry_run else self._finished(resource, self.store.put(resource.key, new))

    def _merged(self, live: Obj, obj: Obj, resource: Resource, subresource: str) -> Obj:
        """``live`` after a write of ``obj`` to the object or to one of its subresources."""
        match subresource:
            case "status" | "approval":
                new = lifecycle.with_status_of(live, obj)
                return _with_managed_fields_of(new, obj)
            case "finalize":
                return {**live, "spec": {**live.get("spec", {}), "finalizers": obj.get("spec", {}).get("finalizers")}}
            case "ephemeralcontainers" | "resize":
                return pods.with_part(live, obj, subresource)
        new = lifecycle.carried_over(obj, live)
        new = self.meanings.defaulted(new, resource)
        if lifecycle.has_status(resource) or resource.key == "namespaces":
            new = lifecycle.with_live_status(new, live)
        if resource.key == "namespaces":
            new = {**new, "spec": live.get("spec", {})}
        return new

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
        return self._write_status(live, {**live, "status": status}, resource, Call())

    def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        body: Any,
        kind: patching.PatchKind,
        *,
        subresource: str = "",
        force: bool = False,
        call: Call | None = None,
    ) -> tuple[Obj, bool]:
        """Change an object by a patch; ``(object, whether it was created)``. Only "apply" can create.

        Returns the stored version of the object. Raises ApiError, among others 415 for a patch that the kind cannot take.
        """
        call = call or Call()
        live = self.find(resource.key, namespace, name)
        if subresource == "scale":
            return self._patch_scale(resource, namespace, name, body, kind, call), False
        if kind == "apply":
            return self._apply(resource, namespace, name, live, body, subresource, force, call)
        if live is None:
            raise errors.not_found(resource, name)
        shown = views.served(live, resource)
        patched = patching.patched(shown, body, kind, resource, self.meanings, call)
        patching.check_identity(patched, resource, namespace, name, live)
        # A patch that takes the name away means the object of the URL all the same.
        address = {k: live["metadata"][k] for k in ("name", "namespace") if k in live["metadata"]}
        patched = {**patched, "metadata": {**patched["metadata"], **address}}
        obj, kept = self._stored_view(patched, resource)
        return self._update(live, obj, kept, subresource, call), False

    def _apply(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        live: Obj | None,
        config: Any,
        subresource: str,
        force: bool,
        call: Call,
    ) -> tuple[Obj, bool]:
        config = patching.applied_config(config, resource, namespace, name)
        if live is None and subresource:
            raise errors.not_found(resource, name)
        node = self.meanings.node(resource)
        assert node is not None, f"{resource.key} has no schema to apply with"
        shown = views.served(live, resource) if live is not None else None
        status = lifecycle.has_status(resource)
        result = managed.apply(
            shown,
            config,
            call.manager,
            node,
            force=force,
            now=self.now,
            subresource=subresource,
            separate_status=status,
        )
        result = patching.read_applied(result, resource, self.meanings, call)
        obj, kept = self._stored_view(result, resource)
        if live is None:
            return self._create(obj, kept, call, managers_done=True), True
        return self._update(live, obj, kept, subresource, call, managers_done=True), False

    # --- subresources ------------------------------------------------------------------------------------------

    def scale_of(self, key: str, namespace: str, name: str) -> Obj:
        """The ``autoscaling/v1 Scale`` of an object."""
        return scale.scale_of(self.get(key, namespace, name), self._scale_paths(self.resource(key)))

    def set_replicas(
        self, key: str, namespace: str, name: str, replicas: int, *, version: str = "", call: Call | None = None
    ) -> Obj:
        """Scale an object; returns its Scale. With ``version`` (of the Scale) a stale one is a 409."""
        resource, live, call = self.resource(key), self.get(key, namespace, name), call or Call()
        _check_version(resource, {"resourceVersion": version, "name": name}, live)
        if replicas < 0:
            why = f"Invalid value: {replicas}: must be greater than or equal to 0"
            raise errors.invalid("autoscaling", "Scale", name, [Cause("FieldValueInvalid", why, "spec.replicas")])
        paths = self._scale_paths(resource)
        new = self._update(live, scale.with_replicas(live, replicas, paths), resource, "", call)
        return scale.scale_of(new, paths)

    def _scale_paths(self, resource: Resource) -> scale.Paths | None:
        version = self.custom.version(resource)
        return version.scale_paths if version else None

    def _patch_scale(
        self, resource: Resource, namespace: str, name: str, body: Any, kind: patching.PatchKind, call: Call
    ) -> Obj:
        current = self.scale_of(resource.key, namespace, name)
        patched = self.meanings.read_action(patching.patched_scale(current, body, kind), scale.KIND)
        version = (patched.get("metadata") or {}).get("resourceVersion", "")
        replicas = patching.replicas_of(patched)
        return self.set_replicas(resource.key, namespace, name, replicas, version=version, call=call)

    def bind(self, namespace: str, name: str, node_name: str, *, uid: str = "", call: Call | None = None) -> Obj:
        """Assign a pod to a node, as ``pods/binding`` does; returns the pod."""
        pod = self.get("pods", namespace, name)
        bound = pods.bound(pod, node_name, self.find("nodes", "", node_name), self.now, uid=uid)
        return bound if call is not None and call.dry_run else self.store.put("pods", bound)

    def evict(
        self,
        namespace: str,
        name: str,
        *,
        grace_seconds: int | None = None,
        uid: str = "",
        call: Call | None = None,
    ) -> None:
        """Delete a pod if its disruption budgets let it go; ApiError 429 when they do not."""
        call = call or Call()
        pod = self.get("pods", namespace, name)
        if not eviction.needs_no_budget(pod):
            budgets = eviction.budgets_of(pod, self.list(eviction.BUDGETS, namespace))
            charged = eviction.status_after(pod, budgets, self.now)
            if not call.dry_run:
                if charged is not None:
                    self.set_status(*charged)
                self.set_status(pod, eviction.with_disruption_target(pod, self.now))
        self.delete("pods", namespace, name, grace_seconds=grace_seconds, uid=uid, call=call)

    def issue_token(self, namespace: str, name: str, request: Obj) -> Obj:
        """Answer a TokenRequest for a service account."""
        account = self.get("serviceaccounts", namespace, name)
        spec = request.get("spec") or {}
        seconds = tokens.seconds_asked(spec)
        audiences = list(spec.get("audiences") or ()) or [self.tokens.issuer]
        bound = self._bound_object(namespace, spec.get("boundObjectRef"))
        token = self.tokens.issue(account, audiences, seconds, bound)
        return tokens.answer(request, token, seconds, audiences, self.now + timedelta(seconds=seconds))

    def _bound_object(self, namespace: str, reference: Obj | None) -> dict[str, Obj]:
        if not reference:
            return {}
        kind, name = reference.get("kind", ""), reference.get("name", "")
        key = {"Pod": "pods", "Secret": "secrets", "Node": "nodes"}.get(kind)
        if key is None:
            raise errors.bad_request(f"cannot bind token for serviceaccount to type {kind}")
        obj = self.get(key, "" if key == "nodes" else namespace, name)
        tokens.check_bound_uid(self.resource(key), name, reference.get("uid", ""), obj["metadata"]["uid"])
        return {kind.lower(): obj}

    def user_of_token(self, token: str) -> User:
        """Who a service-account token speaks for; InvalidTokenError when it (or what it is bound to) is no more."""
        claims = self.tokens.claims(token)
        bound = claims["kubernetes.io"]
        if self.tokens.issuer not in claims["aud"]:
            raise tokens.InvalidTokenError("the token is for another audience")
        wanted = [("serviceaccounts", bound["namespace"], bound["serviceaccount"])]
        wanted += [("pods", bound["namespace"], bound["pod"])] if "pod" in bound else []
        for key, namespace, reference in wanted:
            obj = self.find(key, namespace, reference["name"])
            if obj is None or obj["metadata"]["uid"] != reference["uid"]:
                raise tokens.InvalidTokenError("what the token is bound to is gone")
        return tokens.user_of(claims, bound["serviceaccount"]["uid"])

    # --- deleting ----------------------------------------------------------------------------------------------

    def delete(
        self,
        key: str,
        namespace: str,
        name: str,
        *,
        grace_seconds: int | None = None,
        propagation: str = "Background",
        uid: str = "",
        resource_version: str = "",
        user: User = SYSTEM,
        call: Call | None = None,
    ) -> Obj:
        """Delete, or mark for deletion when finalizers or a grace period keep the object; returns the last state.

        ``propagation`` is Background, Foreground, Orphan or "" (leave the finalizers as they are).
        """
        call = call or Call(user)
        resource, live = self.registry.by_key(STORED_AS.get(key, key)), self.get(key, namespace, name)
        _check_delete_preconditions(resource, live, uid, resource_version)
        attempt = self._admitted(self._attempt("DELETE", resource, live, live, call))
        self._review(attempt)
        if call.dry_run:
            return live
        grace = lifecycle.pod_grace_seconds(live, grace_seconds) if resource.key == "pods" else 0
        finalizers = lifecycle.finalizers_for(live["metadata"], propagation)
        marked = self._marked(resource, live, grace, finalizers)
        if not lifecycle.waits_for_something(resource, marked):
            return self.store.remove(resource.key, namespace, name)
        if marked == live:
            return live
        return self._finished(resource, self.store.put(resource.key, marked))

    def _marked(self, resource: Resource, live: Obj, grace: int, finalizers: Sequence[str]) -> Obj:
        kept = list(finalizers)
        if (
            resource.key == DEFINITIONS
            and CLEANUP_FINALIZER not in kept
            and "deletionTimestamp" not in live["metadata"]
        ):
            kept.append(CLEANUP_FINALIZER)
        marked = lifecycle.terminating(live, grace_seconds=grace, finalizers=kept, now=self.now)
        if resource.key == "namespaces":
            marked["metadata"].pop("deletionGracePeriodSeconds", None)
            marked = {**marked, "status": {**marked.get("status", {}), "phase": "Terminating"}}
        return marked

    def _finished(self, resource: Resource, obj: Obj) -> Obj:
        """Remove an object that waits for nothing any more."""
        metadata = obj["metadata"]
        if metadata.get("deletionTimestamp") and not lifecycle.waits_for_something(resource, obj):
            return self.store.remove(resource.key, metadata.get("namespace", ""), metadata["name"])
        return obj

    # --- events ------------------------------------------------------------------------------------------------

    def record_event(
        self,
        about: Obj,
        kind: str,
        reason: str,
        message: str,
        component: str,
        host: str = "",
        *,
        action: str = "",
    ) -> None:
        """Write an Event (``kind`` Normal or Warning) about an object; repeats are counted and floods cut off.

        With ``action`` it is written in the newer style of ``events.k8s.io``, as the scheduler and the evictor do.
        """
        if action:
            self._recorder.record_once(events.reference(about), kind, reason, message, component, action)
            return
        self._recorder.record(events.reference(about), kind, reason, message, component, host)

    def _expire_later(self, change: Change) -> None:
        if change.type != "ADDED":
            return
        namespace, name = change.namespace, change.name
        self.engine.call_later(events.TTL_SECONDS, lambda: self._expire(namespace, name, change.revision))

    def _expire(self, namespace: str, name: str, revision: int) -> None:
        """Forget an event that has not changed for an hour; look again in an hour at one that has."""
        event = self.find("events", namespace, name)
        if event is None:
            return
        current = int(event["metadata"]["resourceVersion"])
        if current == revision:
            self.store.remove("events", namespace, name)
        else:
            self.engine.call_later(events.TTL_SECONDS, lambda: self._expire(namespace, name, current))


def _check_version(resource: Resource, metadata: Obj, live: Obj) -> None:
    version = metadata.get("resourceVersion", "")
    if version and version != live["metadata"]["resourceVersion"]:
        raise errors.conflict(resource, metadata["name"], STALE)


def _check_uid_precondition(resource: Resource, metadata: Obj, live: Obj) -> None:
    uid, actual = metadata.get("uid", ""), live["metadata"]["uid"]
    if uid and uid != actual:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {actual}"
        raise errors.conflict(resource, metadata["name"], why)


def _check_delete_preconditions(resource: Resource, live: Obj, uid: str, version: str) -> None:
    metadata = live["metadata"]
    if uid and uid != metadata["uid"]:
        why = f"the UID in the precondition ({uid}) does not match the UID in record ({metadata['uid']}). "
        raise errors.conflict(resource, metadata["name"], f"{why}The object might have been deleted and then recreated")
    if version and version != metadata["resourceVersion"]:
        why = f"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record "
        why += f"({metadata['resourceVersion']}). The object might have been modified"
        raise errors.conflict(resource, metadata["name"], why)


def _with_managed_fields_of(new: Obj, obj: Obj) -> Obj:
    if "managedFields" not in obj["metadata"]:
        return new
    return {**new, "metadata": {**new["metadata"], "managedFields": obj["metadata"]["managedFields"]}}


__all__ = ["SYSTEM", "ApiError", "Call", "Change", "Cluster", "User"]
