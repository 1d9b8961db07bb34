"""Short answers to "is it the same?": of everything that is in a store and of everything that a journal remembers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from wavetank.twin.cluster import Cluster


@dataclass(frozen=True)
class Digests:
    """SHA-256 in hexadecimal."""

    store: str
    journal: str


def digests_of(cluster: Cluster) -> Digests:
    """Equal for two twins exactly if they hold the same objects in the same order and remember the same happenings."""
    summed = hashlib.sha256(str(cluster.store.revision).encode())
    for key in sorted(cluster.store.resource_keys()):
        summed.update(key.encode())
        for obj in cluster.store.all(key):
            summed.update(json.dumps(obj, sort_keys=True, separators=(",", ":"), default=str).encode())
    return Digests(summed.hexdigest(), cluster.engine.journal.digest())
