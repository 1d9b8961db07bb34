"""Stored objects as JSON bytes, made once per version and view, whoever asks and however often.

An object's resource version identifies its content, so the bytes can be kept. Only for objects that come out of the store.
"""

from __future__ import annotations

from collections import OrderedDict

import orjson

from wavetank.kube.types import Obj, Resource
from wavetank.twin.cluster import views

#: The most bytes that are kept.
CACHE_BYTES = 48 * 1024 * 1024


class Encoder:
    def __init__(self, limit_bytes: int = CACHE_BYTES) -> None:
        self._cache: OrderedDict[tuple[str, str, str], bytes] = OrderedDict()
        self._limit, self._size = limit_bytes, 0

    def json(self, obj: Obj, resource: Resource) -> bytes:
        """A stored object as ``resource`` shows it."""
        key = (obj["metadata"]["resourceVersion"], resource.key, resource.version)
        known = self._cache.get(key)
        if known is not None:
            self._cache.move_to_end(key)
            return known
        return self._kept(key, orjson.dumps(views.served(obj, resource)))

    def partial(self, obj: Obj, resource: Resource) -> bytes:
        """A stored object's metadata, as ``PartialObjectMetadata``: what rows of Tables hold."""
        key = (obj["metadata"]["resourceVersion"], resource.key, "metadata")
        known = self._cache.get(key)
        if known is not None:
            self._cache.move_to_end(key)
            return known
        shown = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}
        return self._kept(key, orjson.dumps(shown))

    def _kept(self, key: tuple[str, str, str], encoded: bytes) -> bytes:
        self._cache[key] = encoded
        self._size += len(encoded)
        while self._size > self._limit:
            self._size -= len(self._cache.popitem(last=False)[1])
        return encoded
