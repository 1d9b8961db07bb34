"""The verbs of the API on objects, without HTTP: what the edge, controllers, scheduler and machines all call.

A write goes through the same steps whoever asks: read, default, admit, stamp, validate, review, store. Refusals are
``ApiError``. Single-threaded by design: a read and the write that follows it in one action cannot be torn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from wavetank.kube import apply as managed
from wavetank.kube import errors
from wavetank.kube.errors import ApiError, Cause
from wavetank.kube.kinds import BUILT_IN
from wavetank.kube.types import Obj, Resource
from wavetank.twin.engine import Engine

from . import addresses, events, eviction, lifecycle, patching, pods, scale, tokens, views
from .admission.attempt import Plugin
from .authorization import KEYS as RBAC_KEYS
from .authorization import Asked, Authorizer
from .calls import OWN, SYSTEM, Call, User
from .custom import CLEANUP_FINALIZER, Definitions
from .custom import KEY as DEFINITIONS
from .entrances import entrance
from .meanings import Meanings
from .pipeline import Pipeline, check_version
from .registry import STORED_AS, Registry
from .store import Change, Objects, Store, Subscriber
from .written import WriteJournal


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
        host: str = "wavetank",
    ) -> None:
        self.engine = engine
        self.version = version
        self.service_cidr = service_cidr
        self.store = Store()
        self.store.witness = WriteJournal(engine)
        self.meanings = Meanings(version)
        self.registry = Registry(self.meanings.served(BUILT_IN))
        self.custom = Definitions(self)
        self.tokens = tokens.TokenIssuer(engine)
        self.authorizer = Authorizer(self.find, self.list)
        self._writes = Pipeline(self, admission)
        find_event, remove_event = partial(self.find, "events"), partial(self.store.remove, "events")
        self._recorder = events.Recorder(engine, find_event, self._writes.create_event, self.update, host)
        for key in RBAC_KEYS:
            self.store.subscribe(key, lambda _: self.authorizer.forget())
        self.store.subscribe("events", events.Expiry(engine, find_event, remove_event).follow)

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
        stored_as = STORED_AS.get(key, key)
        if not self.store.has_any(stored_as):
            # Every write of a pod asks for quotas, ranges and budgets that few clusters have.
            return []
        found = self.store.in_namespace(stored_as, namespace) if namespace else self.store.all(stored_as)
        return list(found) if where is None else [obj for obj in found if where(obj)]

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

    def add_webhook(self, plugin: Plugin) -> Callable[[], None]:
        """Let a component admit or review writes beside the cluster's own plugins; returns what ends that."""
        return self._writes.add_webhook(plugin)

    # --- creating ----------------------------------------------------------------------------------------------

    @entrance
    def create(
        self,
        obj: Obj,
        *,
        user: User = SYSTEM,
        manager: str = "kube-controller-manager",
        dry_run: bool = False,
        call: Call | None = None,
        resource: Resource | None = None,
    ) -> Obj:
        """Admit and store a new object; returns it as stored.

        ``call`` says all about the request at once (the edge does so) and takes the place of ``user``, ``manager`` and
        ``dry_run``; ``resource`` is the view the object is written in, if its apiVersion and kind do not tell.
        """
        call = call or (
            OWN if user is SYSTEM and manager == OWN.manager and not dry_run else Call(user, manager, dry_run)
        )
        resource = resource or self.resource_of(obj)
        if call.external:
            obj = self.meanings.read(obj, resource, call)
        return self._writes.create(*self._writes.stored_view(obj, resource), call)

    # --- updating ----------------------------------------------------------------------------------------------

    @entrance
    def update(
        self,
        obj: Obj,
        *,
        subresource: str = "",
        user: User = SYSTEM,
        manager: str = "kube-controller-manager",
        call: Call | None = None,
        resource: Resource | None = None,
    ) -> Obj:
        """Replace an object (or, with a subresource, the part that it covers); a stale resourceVersion is a 409."""
        call = call or Call(user, manager)
        resource = resource or self.resource_of(obj)
        if call.external:
            obj = self.meanings.read(obj, resource, call)
        obj, resource = self._writes.stored_view(obj, resource)
        metadata = obj["metadata"]
        live = self.get(resource.key, metadata.get("namespace", ""), metadata["name"])
        _check_uid_precondition(resource, metadata, live)
        return self._writes.update(live, obj, resource, subresource, call)

    def modify(
        self, key: str, namespace: str, name: str, change: Callable[[Obj], Obj], *, subresource: str = ""
    ) -> Obj:
        """Read, change and write in one step; ``change`` returns a new object and must not mutate what it is given."""
        return self.update(change(self.get(key, namespace, name)), subresource=subresource)

    @entrance
    def set_status(self, obj: Obj, status: Obj) -> Obj:
        """Write the status of an object as it is now, whatever its resource version; no write when nothing differs."""
        resource = self.resource_of(obj)
        metadata = obj["metadata"]
        live = self.get(resource.key, metadata.get("namespace", ""), metadata["name"])
        return self._writes.write_status(live, {**live, "status": status}, resource, OWN)

    @entrance
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
        obj, kept = self._writes.stored_view(patched, resource)
        return self._writes.update(live, obj, kept, subresource, call), False

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
        obj, kept = self._writes.stored_view(result, resource)
        if live is None:
            return self._writes.create(obj, kept, call, managers_done=True), True
        return self._writes.update(live, obj, kept, subresource, call, managers_done=True), False

    # --- subresources ------------------------------------------------------------------------------------------

    def scale_of(self, key: str, namespace: str, name: str) -> Obj:
        """The ``autoscaling/v1 Scale`` of an object."""
        return scale.scale_of(self.get(key, namespace, name), self._scale_paths(self.resource(key)))

    @entrance
    def set_replicas(
        self, key: str, namespace: str, name: str, replicas: int, *, version: str = "", call: Call | None = None
    ) -> Obj:
        """Scale an object; returns its Scale. With ``version`` (of the Scale) a stale one is a 409."""
        resource, live, call = self.resource(key), self.get(key, namespace, name), call or Call()
        check_version(resource, {"resourceVersion": version, "name": name}, live)
        if replicas < 0:
            why = f"Invalid value: {replicas}: must be greater than or equal to 0"
            raise errors.invalid("autoscaling", "Scale", name, [Cause("FieldValueInvalid", why, "spec.replicas")])
        paths = self._scale_paths(resource)
        new = self._writes.update(live, scale.with_replicas(live, replicas, paths), resource, "", call)
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

    @entrance
    def bind(self, namespace: str, name: str, node_name: str, *, uid: str = "", call: Call | None = None) -> Obj:
        """Assign a pod to a node, as ``pods/binding`` does; returns the pod."""
        pod = self.get("pods", namespace, name)
        bound = pods.bound(pod, node_name, self.find("nodes", "", node_name), self.now, uid=uid)
        return bound if call is not None and call.dry_run else self.store.put("pods", bound)

    @entrance
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

    @entrance
    def issue_token(self, namespace: str, name: str, request: Obj) -> Obj:
        """Answer a TokenRequest for a service account."""
        account = self.get("serviceaccounts", namespace, name)
        spec = request.get("spec") or {}
        seconds = tokens.seconds_asked(spec)
        audiences = list(spec.get("audiences") or ()) or [self.tokens.audience]
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
        if self.tokens.audience not in claims["aud"]:
            raise tokens.InvalidTokenError("the token is for another audience")
        wanted = [("serviceaccounts", bound["namespace"], bound["serviceaccount"])]
        wanted += [("pods", bound["namespace"], bound["pod"])] if "pod" in bound else []
        for key, namespace, reference in wanted:
            obj = self.find(key, namespace, reference["name"])
            if obj is None or obj["metadata"]["uid"] != reference["uid"]:
                raise tokens.InvalidTokenError("what the token is bound to is gone")
        return tokens.user_of(claims, bound["serviceaccount"]["uid"])

    # --- deleting ----------------------------------------------------------------------------------------------

    @entrance
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
        attempt = self._writes.admitted(self._writes.attempt("DELETE", resource, live, live, call))
        self._writes.review(attempt)
        if call.dry_run:
            return live
        grace = lifecycle.pod_grace_seconds(live, grace_seconds) if resource.key == "pods" else 0
        finalizers = lifecycle.finalizers_for(live["metadata"], propagation)
        marked = self._marked(resource, live, grace, finalizers)
        if not lifecycle.waits_for_something(resource, marked):
            return self.store.remove(resource.key, namespace, name)
        if marked == live:
            return live
        return self._writes.finished(resource, self.store.put(resource.key, marked))

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

    # --- events ------------------------------------------------------------------------------------------------

    @entrance
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


__all__ = ["SYSTEM", "ApiError", "Call", "Change", "Cluster", "User"]
