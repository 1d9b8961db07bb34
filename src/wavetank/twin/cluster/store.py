"""The object store: objects by resource, one revision counter, change notification, and a window of history.

Owned by ``Cluster``; nobody else writes. Objects are immutable and shared: a reader must not change what it gets.
Subscribers are called synchronously and must not write; they note what to look at and come back later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, Protocol

from wavetank.kube.types import Obj

#: For signatures in classes that have a method called ``list``.
Objects = list[Obj]
ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]
#: Changes kept for watches that resume; older resource versions get "410 Gone".
HISTORY_LENGTH = 20_000


class Change(NamedTuple):
    """One write. ``object`` is the state after it (for DELETED: the last state, with the deletion's revision).

    A tuple, because it is made as often as anything is.
    """

    type: ChangeType
    resource_key: str
    object: Obj
    old: Obj | None
    revision: int

    @property
    def namespace(self) -> str:
        return str(self.object["metadata"].get("namespace", ""))

    @property
    def name(self) -> str:
        return str(self.object["metadata"]["name"])


Subscriber = Callable[[Change], None]


class SubscriberFailedError(Exception):
    """Our bug: somebody could not take a change in, others have not been told of it. The world is broken from here on."""


class Witness(Protocol):
    """Is told of a change before and after the subscribers are; what ``began`` returns is given to ``ended``."""

    def began(self, change: Change) -> int: ...

    def ended(self, before: int) -> None: ...


class Store:
    """Objects by ``Resource.key`` and (namespace, name)."""

    def __init__(self) -> None:
        self.witness: Witness | None = None
        self.revision = 1
        self.history: deque[Change] = deque(maxlen=HISTORY_LENGTH)
        self._objects: dict[str, dict[tuple[str, str], Obj]] = {}
        #: The same objects by resource and namespace, then by name: most questions are about one namespace.
        self._in_namespace: dict[tuple[str, str], dict[str, Obj]] = {}
        self._subscribers: dict[str, list[Subscriber]] = {}
        #: Whom to tell of a resource's changes, in order; made anew when somebody comes or goes.
        self._told: dict[str, tuple[Subscriber, ...]] = {}

    def get(self, resource_key: str, namespace: str, name: str) -> Obj | None:
        objects = self._objects.get(resource_key)
        return objects.get((namespace, name)) if objects else None

    def has_any(self, resource_key: str) -> bool:
        """Whether there are objects of a resource at all."""
        return bool(self._objects.get(resource_key))

    def all(self, resource_key: str) -> Iterator[Obj]:
        """Every object of a resource, in order of creation in the store."""
        return iter(tuple(self._objects.get(resource_key, {}).values()))

    def count(self, resource_key: str) -> int:
        """How many objects of a resource there are."""
        return len(self._objects.get(resource_key, ()))

    def in_namespace(self, resource_key: str, namespace: str) -> Iterator[Obj]:
        """Every object of a resource in a namespace, in order of creation in the store."""
        return iter(tuple(self._in_namespace.get((resource_key, namespace), {}).values()))

    def resource_keys(self) -> tuple[str, ...]:
        return tuple(key for key, objects in self._objects.items() if objects)

    @property
    def oldest_revision(self) -> int:
        """The revision before the first change that is remembered: watches can resume from here on."""
        return self.history[0].revision - 1 if self.history else self.revision

    def changes_since(self, resource_key: str, revision: int) -> list[Change] | None:
        """A resource's changes after a revision, oldest first; None when they are not all remembered any more."""
        if revision < self.oldest_revision:
            return None
        newer: list[Change] = []
        for change in reversed(self.history):
            if change.revision <= revision:
                break
            if change.resource_key == resource_key:
                newer.append(change)
        return newer[::-1]

    def snapshot(self, resource_key: str, revision: int) -> Objects | None:
        """A resource's objects as they were at a revision; None when that is not remembered any more."""
        changes = self.changes_since(resource_key, revision)
        if changes is None:
            return None
        objects = dict(self._objects.get(resource_key, {}))
        for change in reversed(changes):
            address = (change.namespace, change.name)
            if change.old is None:
                objects.pop(address, None)
            else:
                objects[address] = change.old
        return list(objects.values())

    def put(self, resource_key: str, obj: Obj) -> Obj:
        """Store an object under its metadata; returns it with its new resource version."""
        metadata = obj["metadata"]
        address = (metadata.get("namespace", ""), metadata["name"])
        objects = self._objects.setdefault(resource_key, {})
        old = objects.get(address)
        stored = self._stamped(obj)
        objects[address] = stored
        neighbours = self._in_namespace.get((resource_key, address[0]))
        if neighbours is None:
            neighbours = self._in_namespace[resource_key, address[0]] = {}
        neighbours[address[1]] = stored
        self._publish(Change("MODIFIED" if old is not None else "ADDED", resource_key, stored, old, self.revision))
        return stored

    def remove(self, resource_key: str, namespace: str, name: str) -> Obj:
        """Take an object out; returns its last state, stamped with the revision of the removal."""
        old = self._objects[resource_key].pop((namespace, name))
        del self._in_namespace[resource_key, namespace][name]
        last = self._stamped(old)
        self._publish(Change("DELETED", resource_key, last, old, self.revision))
        return last

    def subscribe(self, resource_key: str, subscriber: Subscriber) -> Callable[[], None]:
        """Be told every change of a resource ("*": of all); returns what ends the subscription."""
        subscribers = self._subscribers.setdefault(resource_key, [])
        subscribers.append(subscriber)
        self._told.clear()

        def end() -> None:
            if subscriber in subscribers:
                subscribers.remove(subscriber)
                self._told.clear()

        return end

    def _stamped(self, obj: Obj) -> Obj:
        self.revision += 1
        return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(self.revision)}}

    def _publish(self, change: Change) -> None:
        self.history.append(change)
        told = self._told.get(change.resource_key)
        if told is None:
            told = (*self._subscribers.get(change.resource_key, ()), *self._subscribers.get("*", ()))
            self._told[change.resource_key] = told
        before = self.witness.began(change) if self.witness is not None else 0
        try:
            for subscriber in told:
                subscriber(change)
        except Exception as error:
            raise SubscriberFailedError(
                f"{change.type} {change.resource_key} {change.namespace}/{change.name}"
            ) from error
        if self.witness is not None:
            self.witness.ended(before)
