"""Watches: changes of a resource as lines of JSON, from now or from a revision in the past, until somebody ends them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

import orjson

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj, Resource
from wavetank.twin.cluster import Change, views
from wavetank.twin.cluster.registry import storage_key

from ..content import Accepted
from ..edge import Edge
from ..exchange import Exchange, Stream
from .reading import Matches, matcher, partial, table

#: Events that may wait for a slow client before it is told to start over.
QUEUE_LENGTH = 2_000
BOOKMARK_SECONDS = 60.0
DEFAULT_TIMEOUT_SECONDS = 1800.0
_INITIAL_END = {"k8s.io/initial-events-end": "true"}


def watch(edge: Edge, exchange: Exchange, resource: Resource) -> Stream:
    wanted = exchange.accepted()
    watcher = Watcher(edge, exchange, resource, matcher(edge, exchange, resource), wanted)
    return Stream(
        watcher.lines(), f"{wanted.media_type};stream=watch" if wanted.shape != "object" else "application/json"
    )


class Watcher:
    """One watch. Filled by the store synchronously, emptied by the connection."""

    def __init__(self, edge: Edge, exchange: Exchange, resource: Resource, matches: Matches, wanted: Accepted) -> None:
        self._edge, self._exchange, self._resource = edge, exchange, resource
        self._matches, self._wanted = matches, wanted
        self._queue: deque[bytes] = deque()
        self._ready = asyncio.Event()
        self._columns_sent = False
        self._ended = False
        query = exchange.query
        self._bookmarks = exchange.flag("allowWatchBookmarks")
        self._timeout = float(exchange.number("timeoutSeconds") or DEFAULT_TIMEOUT_SECONDS)
        self._start(query.get("resourceVersion", ""), exchange.flag("sendInitialEvents"))

    def _start(self, version: str, initial: bool) -> None:
        cluster, key = self._edge.cluster, storage_key(self._resource)
        if version in ("", "0") or initial:
            for obj in cluster.list(key):
                if self._matches(obj):
                    self._put("ADDED", obj)
            if initial:
                self._bookmark(_INITIAL_END)
        else:
            self._replay(key, int(version) if version.isdigit() else -1)
        self._unsubscribe = cluster.subscribe(key, self._changed)
        self._edge.watchers.add(self)

    def _replay(self, key: str, revision: int) -> None:
        if revision < 0:
            text = f'Invalid value: "{self._exchange.query["resourceVersion"]}": strconv.ParseUint: invalid syntax'
            raise ApiError(400, "BadRequest", f"resourceVersion: {text}")
        changes = self._edge.cluster.store.changes_since(key, revision)
        if changes is None:
            self._fail(expired(revision, self._edge.cluster.store.oldest_revision))
            return
        for change in changes:
            self._changed(change)

    # --- filling -----------------------------------------------------------------------------------------------

    def _changed(self, change: Change) -> None:
        """What a change is to this watch: an object that stops matching is gone, one that begins to match is new."""
        if self._ended:
            return
        is_in = change.type != "DELETED" and self._matches(change.object)
        was_in = change.old is not None and self._matches(change.old)
        if is_in:
            self._put("MODIFIED" if was_in else "ADDED", change.object)
        elif was_in:
            self._put("DELETED", change.object)

    def _put(self, kind: str, obj: Obj) -> None:
        if len(self._queue) >= QUEUE_LENGTH and not self._filling_initially:
            self._queue.clear()
            self._fail(expired(int(obj["metadata"]["resourceVersion"]), self._edge.cluster.store.revision))
            return
        self._push(b'{"type":"' + kind.encode() + b'","object":' + self._shown(obj) + b"}\n")

    @property
    def _filling_initially(self) -> bool:
        return self not in self._edge.watchers

    def _push(self, line: bytes) -> None:
        self._queue.append(line)
        self._ready.set()

    def _shown(self, obj: Obj) -> bytes:
        match self._wanted.shape:
            case "object":
                return self._edge.encoder.json(obj, self._resource)
            case "metadata":
                return orjson.dumps(partial(views.served(obj, self._resource)))
            case _:
                return orjson.dumps(self._table(obj))

    def _table(self, obj: Obj) -> Obj:
        first, self._columns_sent = not self._columns_sent, True
        metadata = {"resourceVersion": obj["metadata"]["resourceVersion"]}
        view = views.served(obj, self._resource)
        return table(self._edge, self._exchange, self._resource, [view], metadata, with_columns=first)

    def _bookmark(self, annotations: Obj | None = None) -> None:
        metadata: Obj = {"resourceVersion": str(self._edge.cluster.store.revision), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        obj: Obj = {"kind": self._resource.kind, "apiVersion": self._resource.api_version, "metadata": metadata}
        if self._wanted.shape == "table":
            obj = {
                "kind": "Table",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": metadata,
                "columnDefinitions": None,
                "rows": [],
            }
        self._push(b'{"type":"BOOKMARK","object":' + orjson.dumps(obj) + b"}\n")

    def _fail(self, error: ApiError) -> None:
        self._push(b'{"type":"ERROR","object":' + orjson.dumps(error.status()) + b"}\n")
        self._ended = True

    # --- emptying ----------------------------------------------------------------------------------------------

    def end(self) -> None:
        self._ended = True
        self._ready.set()

    async def lines(self) -> AsyncIterator[bytes]:
        """Everything that is waiting, in one piece at a time, until the watch ends."""
        loop = asyncio.get_running_loop()
        deadline, bookmark = loop.time() + self._timeout, loop.time() + BOOKMARK_SECONDS
        try:
            while True:
                if self._queue:
                    lines = b"".join(self._queue)
                    self._queue.clear()
                    yield lines
                    continue
                if self._ended or loop.time() >= deadline:
                    return
                if loop.time() >= bookmark:
                    bookmark += BOOKMARK_SECONDS
                    if self._bookmarks:
                        self._bookmark()
                    continue
                await self._wait(min(deadline, bookmark) - loop.time())
        finally:
            self._unsubscribe()
            self._edge.watchers.discard(self)

    async def _wait(self, seconds: float) -> None:
        self._ready.clear()
        if self._queue or self._ended:
            return
        try:
            await asyncio.wait_for(self._ready.wait(), seconds)
        except TimeoutError:
            return


def expired(asked: int, oldest: int) -> ApiError:
    return ApiError(410, "Expired", f"too old resource version: {asked} ({oldest})")
