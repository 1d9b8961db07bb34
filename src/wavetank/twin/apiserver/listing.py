"""Lists in the order in which they are served, kept as objects come and go; and lists as they were, for their next pages.

Called by ``handlers.reading``. An order is kept from the first list of a resource on, so that a page costs what is on it.
Objects are shared with the store and never changed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Cluster

Address = tuple[str, str]
#: Lists of which somebody may still ask the next page.
REMEMBERED = 8


class Order:
    """One resource's objects, sorted by namespace and name as in etcd. Two lists, because addresses are compared fast."""

    def __init__(self, cluster: Cluster, key: str) -> None:
        self._objects = sorted(cluster.store.all(key), key=address_of)
        self._addresses = [address_of(obj) for obj in self._objects]
        cluster.subscribe(key, self._changed)

    def _changed(self, change: Change) -> None:
        address = change.namespace, change.name
        at = bisect_left(self._addresses, address)
        match change.type:
            case "ADDED":
                self._addresses.insert(at, address)
                self._objects.insert(at, change.object)
            case "MODIFIED":
                self._objects[at] = change.object
            case "DELETED":
                del self._addresses[at], self._objects[at]

    def objects(self, namespace: str) -> list[Obj]:
        """What is there now, in one namespace or ("") everywhere."""
        if not namespace:
            return self._objects.copy()
        first, last = (bisect_left(self._addresses, (name, "")) for name in (namespace, namespace + "\0"))
        return self._objects[first:last]


class Listings:
    """Orders by resource key, and whole lists by revision."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._orders: dict[str, Order] = {}
        self._remembered: OrderedDict[tuple[str, str, int], list[Obj]] = OrderedDict()

    def now(self, key: str, namespace: str) -> list[Obj]:
        order = self._orders.get(key)
        if order is None:
            order = self._orders[key] = Order(self._cluster, key)
        return order.objects(namespace)

    def remember(self, key: str, namespace: str, revision: int, objects: list[Obj]) -> None:
        """Somebody has been given the first page of a list and a token for the next."""
        self._remembered[key, namespace, revision] = objects
        self._remembered.move_to_end((key, namespace, revision))
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)

    def at(self, key: str, namespace: str, revision: int) -> list[Obj] | None:
        """The list as it was; None when the changes since then are not all remembered any more, as after a compaction."""
        store = self._cluster.store
        if revision == store.revision:
            return self.now(key, namespace)
        if revision < store.oldest_revision:
            return None
        known = self._remembered.get((key, namespace, revision))
        if known is None:
            objects = store.snapshot(key, revision)
            if objects is None:
                return None
            known = sorted((o for o in objects if not namespace or address_of(o)[0] == namespace), key=address_of)
            self.remember(key, namespace, revision, known)
        return known


def position(objects: Sequence[Obj], start: Address) -> int:
    """Where a page that begins at an address begins in a sorted list."""
    return bisect_left(objects, start, key=address_of)


def address_of(obj: Obj) -> Address:
    metadata = obj["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
