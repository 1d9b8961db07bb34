"""Pods that wait for a node: ready to be tried, backing off, waiting for something to change, or gated.

Order: priority, then how long they have been in the queue. Upstream: ``pkg/scheduler/backend/queue``.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import Literal

INITIAL_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 1.0, 10.0
#: After this long a pod is tried again even if nothing seems to have changed.
LONGEST_WAIT_SECONDS = 300.0

Place = Literal["active", "backoff", "unschedulable", "gated", "gone"]


@dataclass(eq=False)
class Entry:
    """A pod in the queue; ``order`` sorts by priority (highest first), then by time."""

    order: tuple[int, float, int]
    uid: str
    namespace: str
    name: str
    attempts: int = 0
    place: Place = "active"
    #: When its backoff ends, and when its last attempt failed.
    ready_seconds: float = 0.0
    failed_seconds: float = 0.0
    #: The kinds of change that can help it.
    helped_by: frozenset[str] = frozenset()
    #: The number of the journal's entry because of which the pod is tried next.
    cause: int = 0


def backoff_seconds(attempts: int) -> float:
    return min(INITIAL_BACKOFF_SECONDS * 2.0 ** max(0, attempts - 1), LONGEST_BACKOFF_SECONDS)


class SchedulingQueue:
    """Entries by uid; ``pop`` gives the next pod to try."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        #: Those of them that are unschedulable: few, while the queue may be long.
        self._unschedulable: dict[str, Entry] = {}
        self._active: list[tuple[tuple[int, float, int], Entry]] = []
        self._backoff: list[tuple[float, tuple[int, float, int], Entry]] = []
        self._sequence = 0

    def __contains__(self, uid: str) -> bool:
        return uid in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def entry(self, uid: str) -> Entry | None:
        return self._entries.get(uid)

    def add(
        self, uid: str, namespace: str, name: str, priority: int, now: float, *, gated: bool = False, cause: int = 0
    ) -> None:
        self._sequence += 1
        entry = Entry((-priority, now, self._sequence), uid, namespace, name, cause=cause)
        self._entries[uid] = entry
        if gated:
            entry.place = "gated"
        else:
            heapq.heappush(self._active, (entry.order, entry))

    def remove(self, uid: str) -> None:
        entry = self._entries.pop(uid, None)
        self._unschedulable.pop(uid, None)
        if entry is not None:
            entry.place = "gone"

    def activate(self, entry: Entry) -> None:
        """Let a pod be tried as soon as it is its turn."""
        if entry.place != "active":
            self._unschedulable.pop(entry.uid, None)
            entry.place = "active"
            heapq.heappush(self._active, (entry.order, entry))

    def pop(self) -> Entry | None:
        """The next pod to try; it leaves the queue. While no pod is active, backing off is pointless, so one of those."""
        while self._active:
            _, entry = heapq.heappop(self._active)
            if entry.place == "active":
                return self._taken(entry)
        while self._backoff:
            _, _, entry = heapq.heappop(self._backoff)
            if entry.place == "backoff":
                return self._taken(entry)
        return None

    def _taken(self, entry: Entry) -> Entry:
        del self._entries[entry.uid]
        entry.attempts += 1
        entry.place = "gone"
        return entry

    def put_back(self, entry: Entry, now: float, helped_by: frozenset[str]) -> None:
        """After a failed attempt: wait until something changes that can help."""
        entry.place = "unschedulable"
        entry.failed_seconds, entry.helped_by = now, helped_by
        # Whole seconds, so that pods that failed together are tried together.
        entry.ready_seconds = math.floor(now + backoff_seconds(entry.attempts))
        self._entries[entry.uid] = self._unschedulable[entry.uid] = entry

    def wake(self, change: str, cause: int = 0) -> bool:
        """Something of this kind changed; whether any pod is to be tried because of it."""
        woken = [e for e in self._unschedulable.values() if change in e.helped_by]
        for entry in woken:
            entry.cause = cause
        self._let_go(woken)
        return bool(woken)

    def wake_stale(self, now: float) -> bool:
        """Let pods be tried that have waited very long."""
        waiting = self._unschedulable.values()
        stale = [e for e in waiting if now - e.failed_seconds >= LONGEST_WAIT_SECONDS]
        self._let_go(stale)
        return bool(stale)

    def _let_go(self, entries: list[Entry]) -> None:
        for entry in entries:
            del self._unschedulable[entry.uid]
            entry.place = "backoff"
            heapq.heappush(self._backoff, (entry.ready_seconds, entry.order, entry))
