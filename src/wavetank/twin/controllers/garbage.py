"""The garbage collector: dependents of objects that are gone, foreground deletion and orphaning.

Upstream: ``pkg/controller/garbagecollector/garbagecollector.go``.
"""

from __future__ import annotations

from collections.abc import Sequence

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster.cluster import Change

from .base import Controller, Key

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
#: (resource key, namespace, name).
Place = tuple[str, str, str]


def _owners(obj: Obj) -> Sequence[Obj]:
    return obj["metadata"].get("ownerReferences") or ()


class GarbageCollector(Controller):
    """Keys are ("", uid)."""

    name = "garbage-collector-controller"

    def watch(self) -> None:
        self._places: dict[str, Place] = {}
        self._dependents: dict[str, dict[str, None]] = {}
        for resource_key in self.cluster.store.resource_keys():
            for obj in self.cluster.list(resource_key):
                self._learn(resource_key, obj)
        for uid in tuple(self._places):
            self.enqueue(("", uid))
        self.cluster.subscribe("*", self._on_change)

    def _on_change(self, change: Change) -> None:
        uid = change.object["metadata"]["uid"]
        if change.old is not None:
            for reference in _owners(change.old):
                self._dependents.get(reference["uid"], {}).pop(uid, None)
        if change.type == "DELETED":
            self._forget(uid, change.old or change.object)
            return
        self._learn(change.resource_key, change.object)
        metadata = change.object["metadata"]
        ending = metadata.get("deletionTimestamp") and metadata.get("finalizers")
        if ending or any(reference["uid"] not in self._places for reference in _owners(change.object)):
            self.enqueue(("", uid))

    def _learn(self, resource_key: str, obj: Obj) -> None:
        metadata = obj["metadata"]
        self._places[metadata["uid"]] = (resource_key, metadata.get("namespace", ""), metadata["name"])
        for reference in _owners(obj):
            self._dependents.setdefault(reference["uid"], {})[metadata["uid"]] = None

    def _forget(self, uid: str, obj: Obj) -> None:
        self._places.pop(uid, None)
        for dependent in self._dependents.pop(uid, {}):
            self.enqueue(("", dependent))
        for reference in _owners(obj):
            if reference["uid"] in self._places:
                self.enqueue(("", reference["uid"]))

    def _object(self, uid: str) -> tuple[Place, Obj] | None:
        place = self._places.get(uid)
        obj = self.cluster.find(*place) if place else None
        return (place, obj) if place and obj and obj["metadata"]["uid"] == uid else None

    def _dependents_of(self, uid: str) -> list[tuple[Place, Obj]]:
        found = (self._object(dependent) for dependent in tuple(self._dependents.get(uid, ())))
        return [entry for entry in found if entry is not None]

    def reconcile(self, key: Key) -> None:
        found = self._object(key[1])
        if found is None:
            return
        place, obj = found
        finalizers = obj["metadata"].get("finalizers") or ()
        if obj["metadata"].get("deletionTimestamp"):
            if ORPHAN in finalizers:
                self._orphan(place, key[1])
            elif FOREGROUND in finalizers:
                self._delete_dependents_first(place, key[1])
            return
        self._delete_if_unowned(place, obj)

    # --- an object whose owners may be gone --------------------------------------------------------------------

    def _delete_if_unowned(self, place: Place, obj: Obj) -> None:
        owners = [(reference, self._object(reference["uid"])) for reference in _owners(obj)]
        if not owners:
            return
        waiting = [reference for reference, owner in owners if owner and _waits_for_dependents(owner[1])]
        gone = [reference for reference, owner in owners if owner is None]
        if len(waiting) + len(gone) < len(owners):
            if waiting or gone:
                self._drop_references(place, {reference["uid"] for reference in (*waiting, *gone)})
            return
        foreground = bool(waiting) and bool(self._dependents.get(obj["metadata"]["uid"]))
        self._delete(place, obj, "Foreground" if foreground else _policy(obj))

    def _delete(self, place: Place, obj: Obj, propagation: str) -> None:
        try:
            self.cluster.delete(*place, propagation=propagation, uid=obj["metadata"]["uid"])
        except ApiError as error:
            if error.code not in (404, 409):
                raise

    # --- an object that is being deleted -----------------------------------------------------------------------

    def _delete_dependents_first(self, place: Place, uid: str) -> None:
        dependents = self._dependents_of(uid)
        blocking = [entry for entry in dependents if _blocks(entry[1], uid)]
        for dependent_place, dependent in dependents:
            if not dependent["metadata"].get("deletionTimestamp"):
                self._delete_if_unowned(dependent_place, dependent)
        if not blocking:
            self._drop_finalizer(place, FOREGROUND)

    def _orphan(self, place: Place, uid: str) -> None:
        for dependent_place, _ in self._dependents_of(uid):
            self._drop_references(dependent_place, {uid})
        self._drop_finalizer(place, ORPHAN)

    def _drop_references(self, place: Place, uids: set[str]) -> None:
        def change(live: Obj) -> Obj:
            metadata = dict(live["metadata"])
            rest = [r for r in metadata.pop("ownerReferences", ()) if r["uid"] not in uids]
            return {**live, "metadata": {**metadata, "ownerReferences": rest} if rest else metadata}

        self.cluster.modify(*place, change)

    def _drop_finalizer(self, place: Place, finalizer: str) -> None:
        def change(live: Obj) -> Obj:
            metadata = dict(live["metadata"])
            rest = [f for f in metadata.pop("finalizers", ()) if f != finalizer]
            return {**live, "metadata": {**metadata, "finalizers": rest} if rest else metadata}

        self.cluster.modify(*place, change)


def _waits_for_dependents(owner: Obj) -> bool:
    metadata = owner["metadata"]
    return bool(metadata.get("deletionTimestamp")) and FOREGROUND in (metadata.get("finalizers") or ())


def _blocks(dependent: Obj, owner_uid: str) -> bool:
    return any(r["uid"] == owner_uid and r.get("blockOwnerDeletion") for r in _owners(dependent))


def _policy(obj: Obj) -> str:
    finalizers = obj["metadata"].get("finalizers") or ()
    if ORPHAN in finalizers:
        return "Orphan"
    return "Foreground" if FOREGROUND in finalizers else "Background"
