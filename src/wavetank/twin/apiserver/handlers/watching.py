"""Watches: changes of a resource as lines of JSON, from now or from a revision in the past, until somebody ends them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

import orjson

from wavetank.kube.errors import ApiError, invalid
from wavetank.kube.types import Obj, Resource
from wavetank.twin.cluster import Change, views
from wavetank.twin.cluster.registry import storage_key

from ..content import Accepted
from ..edge import Edge
from ..exchange import Exchange, Stream
from .reading import Matches, forbidden_option, matcher, table, unknown_match

#: Events that may wait for a slow client. One that falls behind further gets those, and then the watch ends, as upstream's
#: does (``cacheWatcher``): it resumes from the last event that it has seen.
QUEUE_LENGTH = 2_000
#: So many events are handed to the connection at a time.
LINES_AT_ONCE = 100
BOOKMARK_SECONDS = 60.0
#: Before a watch ends by its time-out there is a last bookmark.
LAST_BOOKMARK_SECONDS = 2.0
DEFAULT_TIMEOUT_SECONDS = 1800.0
_INITIAL_END = {"k8s.io/initial-events-end": "true"}


def watch(edge: Edge, exchange: Exchange, resource: Resource) -> Stream:
    wanted = exchange.accepted()
    _check_options(exchange)
    watcher = Watcher(edge, exchange, resource, matcher(edge, exchange, resource), wanted)
    media_type = f"{wanted.media_type};stream=watch" if wanted.shape != "object" else "application/json"
    return Stream(watcher.lines(), media_type, watcher.release)


def _check_options(exchange: Exchange) -> None:
    """ApiError 422 for initial events that are asked for in the wrong way (``validateWatchOptions`` of apimachinery)."""
    query, found = exchange.query, []
    match, initial = query.get("resourceVersionMatch", ""), "sendInitialEvents" in query
    if initial and match != "NotOlderThan":
        text = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        found.append(forbidden_option("resourceVersionMatch", text))
    if match and not initial:
        text = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        found.append(forbidden_option("resourceVersionMatch", text))
    if match not in ("", "NotOlderThan"):
        found.append(unknown_match(match, '"NotOlderThan"'))
    if found:
        raise invalid("meta.k8s.io", "ListOptions", "", found)


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
            if initial and self._bookmarks:
                self._bookmark(_INITIAL_END)
        else:
            self._replay(key, int(version) if version.isdigit() else -1)
        self._unsubscribe = cluster.subscribe(key, self._changed)
        self._edge.watchers.add(self)

    def _replay(self, key: str, revision: int) -> None:
        if revision < 0:
            version = self._exchange.query["resourceVersion"]
            text = f'Invalid value: "{version}": strconv.ParseUint: parsing "{version}": invalid syntax'
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
            self.end()
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
                return self._edge.encoder.partial(obj, self._resource)
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
        deadline = loop.time() + self._timeout
        bookmark = _next_bookmark(loop.time(), deadline)
        try:
            while True:
                if self._queue:
                    yield b"".join(self._queue.popleft() for _ in range(min(len(self._queue), LINES_AT_ONCE)))
                    continue
                if self._ended or loop.time() >= deadline:
                    return
                if loop.time() >= bookmark:
                    bookmark = _next_bookmark(bookmark, deadline)
                    if self._bookmarks:
                        self._bookmark()
                    continue
                await self._wait(min(deadline, bookmark) - loop.time())
        finally:
            self.release()

    def release(self) -> None:
        """Hear of nothing more."""
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


def _next_bookmark(now: float, deadline: float) -> float:
    """Every minute, and shortly before the end."""
    last = deadline - LAST_BOOKMARK_SECONDS
    return min(now + BOOKMARK_SECONDS, last) if now < last else deadline


def expired(asked: int, oldest: int) -> ApiError:
    return ApiError(410, "Expired", f"too old resource version: {asked} ({oldest})")
