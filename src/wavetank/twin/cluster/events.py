"""Events as controllers and kubelets write them: equal ones are counted, similar ones combined, floods cut off.

Used through ``Cluster.record_event``. The rules are those of client-go's event correlator (``tools/record/events_cache.go``);
the API server forgets events an hour after their last change.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from wavetank.kube.errors import ApiError
from wavetank.kube.times import rfc3339, rfc3339_micro
from wavetank.kube.types import Obj
from wavetank.twin.engine import Engine

from .store import Change

TTL_SECONDS = 3600.0
#: Similar events (all but the message equal) within the interval before they are combined.
SIMILAR_LIMIT = 10
SIMILAR_INTERVAL_SECONDS = 600.0
#: Token bucket per source and object.
BURST = 25
REFILL_SECONDS = 300.0
CACHE_LENGTH = 4096
COMBINED = "(combined from similar events): "


@dataclass
class _Similar:
    #: In the order in which they came, because one of them is dropped when there are too many.
    messages: dict[str, None] = field(default_factory=dict)
    last_seconds: float = 0.0


@dataclass
class _Bucket:
    tokens: float
    seconds: float


class Recorder:
    """Correlates and writes events. ``find``, ``create`` and ``replace`` are the cluster's, on resource ``events``."""

    def __init__(
        self,
        engine: Engine,
        find: Callable[[str, str], Obj | None],
        create: Callable[[Obj], Obj],
        replace: Callable[[Obj], Obj],
        host: str = "wavetank",
    ) -> None:
        self._engine = engine
        #: The computer of the control plane.
        self._host = host
        self._last_moment = 0
        self._find, self._create, self._replace = find, create, replace
        self._known: OrderedDict[tuple[str, ...], tuple[str, str]] = OrderedDict()
        self._similar: OrderedDict[tuple[str, ...], _Similar] = OrderedDict()
        self._buckets: OrderedDict[tuple[str, ...], _Bucket] = OrderedDict()

    def record_once(self, involved: Obj, kind: str, reason: str, message: str, component: str, action: str) -> None:
        """An event in the style of ``events.k8s.io``: of one moment; equal ones within the hour become a series."""
        same = (component, action, *(str(involved.get(k, "")) for k in ("kind", "namespace", "name", "uid")), reason)
        address = self._known.get((*same, message))
        live = self._find(*address) if address else None
        now = rfc3339_micro(self._engine.utc)
        if live is not None:
            count = int((live.get("series") or {}).get("count", 1)) + 1
            self._replace({**live, "series": {"count": count, "lastObservedTime": now}})
            return
        instance = f"{component}-{self._host}"
        reporter = {"reportingComponent": component, "reportingInstance": instance, "source": {}, "action": action}
        times = {"eventTime": now, "firstTimestamp": None, "lastTimestamp": None}
        event = {**self._event(involved), "reason": reason, "message": message, "type": kind, **times, **reporter}
        self._store((*same, message), event)

    def record(self, involved: Obj, kind: str, reason: str, message: str, component: str, host: str) -> None:
        who = (component, host, *(str(involved.get(k, "")) for k in ("kind", "namespace", "name", "uid", "fieldPath")))
        alike = (*who, kind, reason)
        combined = self._too_many_alike(alike, message)
        same = alike if combined else (*alike, message)
        if not self._spend_token(who):
            return
        text = COMBINED + message if combined else message
        if not self._count_up(same, text):
            self._write_new(same, involved, kind, reason, text, component, host)

    def _too_many_alike(self, alike: tuple[str, ...], message: str) -> bool:
        seen = _remembered(self._similar, alike, _Similar)
        if self._engine.now - seen.last_seconds > SIMILAR_INTERVAL_SECONDS:
            seen.messages.clear()
        seen.last_seconds = self._engine.now
        seen.messages[message] = None
        if len(seen.messages) < SIMILAR_LIMIT:
            return False
        del seen.messages[next(iter(seen.messages))]
        return True

    def _spend_token(self, who: tuple[str, ...]) -> bool:
        bucket = _remembered(self._buckets, who, lambda: _Bucket(BURST, self._engine.now))
        refill = (self._engine.now - bucket.seconds) / REFILL_SECONDS
        bucket.tokens, bucket.seconds = min(BURST, bucket.tokens + refill), self._engine.now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

    def _count_up(self, same: tuple[str, ...], text: str) -> bool:
        address = self._known.get(same)
        live = self._find(*address) if address else None
        if live is None:
            return False
        now = rfc3339(self._engine.utc)
        count = int(live.get("count", 1)) + 1
        self._replace({**live, "count": count, "lastTimestamp": now, "message": text})
        return True

    def _write_new(
        self, same: tuple[str, ...], involved: Obj, kind: str, reason: str, message: str, component: str, host: str
    ) -> None:
        now = rfc3339(self._engine.utc)
        event = self._event(involved) | {
            "reason": reason,
            "message": message,
            "source": {"component": component} | ({"host": host} if host else {}),
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": kind,
            "eventTime": None,
            "reportingComponent": component,
            "reportingInstance": host,
        }
        self._store(same, event)

    def _event(self, involved: Obj) -> Obj:
        metadata = {
            "name": f"{involved['name']}.{self._moment():x}",
            "namespace": involved.get("namespace") or "default",
        }
        return {"apiVersion": "v1", "kind": "Event", "metadata": metadata, "involvedObject": involved}

    def _moment(self) -> int:
        """Nanoseconds since 1970, as client-go names events, so that those of one object are listed in their order; never twice
        the same.
        """
        epoch = self._engine.epoch
        since = int(epoch.timestamp()) * 10**9 + epoch.microsecond * 1000 + round(self._engine.now * 10**9)
        self._last_moment = max(since, self._last_moment + 1)
        return self._last_moment

    def _store(self, same: tuple[str, ...], event: Obj) -> None:
        """Write and remember it; one that the API refuses (its namespace is going) is dropped, as client-go does."""
        try:
            event = self._create(event)
        except ApiError:
            return
        self._known[same] = (event["metadata"]["namespace"], event["metadata"]["name"])
        while len(self._known) > CACHE_LENGTH:
            self._known.popitem(last=False)


class Expiry:
    """Forgets events an hour after their last change; ``find`` and ``remove`` are the cluster's, on resource ``events``.

    All live equally long, so they come due in the order in which they came: a queue and one timer.
    """

    def __init__(
        self, engine: Engine, find: Callable[[str, str], Obj | None], remove: Callable[[str, str], object]
    ) -> None:
        self._engine, self._find, self._remove = engine, find, remove
        #: When to look, namespace, name, revision then.
        self._queue: deque[tuple[float, str, str, int]] = deque()

    def follow(self, change: Change) -> None:
        if change.type == "ADDED":
            self._queue.append((self._engine.now + TTL_SECONDS, change.namespace, change.name, change.revision))
            if len(self._queue) == 1:
                self._plan()

    def _plan(self) -> None:
        self._engine.call_at(self._queue[0][0], self._look)

    def _look(self) -> None:
        now = self._engine.now
        while self._queue and self._queue[0][0] <= now:
            _, namespace, name, revision = self._queue[0]
            event = self._find(namespace, name)
            current = int(event["metadata"]["resourceVersion"]) if event is not None else 0
            if current == revision:
                self._remove(namespace, name)
            elif event is not None:
                # It has changed: again in an hour.
                self._queue.append((now + TTL_SECONDS, namespace, name, current))
            self._queue.popleft()
        if self._queue:
            self._plan()


def _remembered(cache: OrderedDict[tuple[str, ...], Any], key: tuple[str, ...], make: Callable[[], Any]) -> Any:
    """The cached value, made if need be; the least recently used ones are forgotten."""
    if key not in cache:
        cache[key] = make()
    cache.move_to_end(key)
    while len(cache) > CACHE_LENGTH:
        cache.popitem(last=False)
    return cache[key]


def reference(about: Obj) -> Obj:
    """The ``involvedObject`` for an object."""
    metadata = about["metadata"]
    involved = {
        "kind": about["kind"],
        "namespace": metadata.get("namespace", ""),
        "name": metadata["name"],
        "uid": metadata.get("uid", ""),
        "apiVersion": about["apiVersion"],
        "resourceVersion": metadata.get("resourceVersion", ""),
    }
    return {k: v for k, v in involved.items() if v}
