"""The clock and the event queue: a heap of (time, sequence, action).

Two actions due at the same time run in the order in which they were asked for, so a world is a function of its inputs and
its seed. An exception in an action is never swallowed: it leaves ``run_until`` and is somebody's bug.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from .journal import Journal

Action = Callable[[], None]
DEFAULT_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(eq=False)
class Timer:
    """A scheduled action; ``cancel`` makes it a no-op."""

    seconds: float
    sequence: int
    action: Action | None
    cause: int

    def cancel(self) -> None:
        self.action = None

    @property
    def active(self) -> bool:
        return self.action is not None


class Engine:
    """Owns virtual time. ``now`` is in seconds since ``epoch``; only ``run_until`` moves it.

    Not thread-safe: one thread owns an engine and everything that hangs on it.
    """

    def __init__(self, *, epoch: datetime = DEFAULT_EPOCH, seed: int = 0) -> None:
        assert epoch.tzinfo is not None, "an epoch needs a zone"
        self.epoch = epoch
        self.seed = seed
        self.now = 0.0
        self.journal = Journal()
        self.cause = 0
        #: By time, then by sequence; tuples, because comparing them is most of what the queue does.
        self._queue: list[tuple[float, int, Timer]] = []
        self._sequence = 0
        self._streams: dict[str, Random] = {}
        #: Called when something was scheduled; a pacer that sleeps hangs itself in here.
        self.on_schedule: Action | None = None

    @property
    def utc(self) -> datetime:
        return self.epoch + timedelta(seconds=self.now)

    def random(self, stream: str) -> Random:
        """The randomness of one purpose, by name, so that a new consumer does not disturb the others."""
        if stream not in self._streams:
            self._streams[stream] = Random(f"{self.seed}/{stream}")
        return self._streams[stream]

    def call_at(self, seconds: float, action: Action) -> Timer:
        """Run ``action`` at a time; a time that has passed means as soon as possible."""
        self._sequence += 1
        timer = Timer(max(seconds, self.now), self._sequence, action, self.cause)
        heapq.heappush(self._queue, (timer.seconds, timer.sequence, timer))
        if self.on_schedule is not None:
            self.on_schedule()
        return timer

    def call_later(self, delay_seconds: float, action: Action) -> Timer:
        return self.call_at(self.now + delay_seconds, action)

    def call_soon(self, action: Action) -> Timer:
        return self.call_at(self.now, action)

    @property
    def next_seconds(self) -> float | None:
        """When the next action is due; None when nothing is planned."""
        while self._queue and not self._queue[0][2].active:
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else None

    def step(self) -> None:
        """Run the next action, moving the clock to it."""
        _, _, timer = heapq.heappop(self._queue)
        self.now = max(self.now, timer.seconds)
        action, timer.action = timer.action, None
        if action is not None:
            self.cause = timer.cause
            action()
            self.cause = 0

    def run_until(self, seconds: float, keep_going: Callable[[], bool] | None = None) -> bool:
        """Run everything due up to ``seconds`` and set the clock there; False when ``keep_going`` stopped it early."""
        while (due := self.next_seconds) is not None and due <= seconds:
            if keep_going is not None and not keep_going():
                return False
            self.step()
        self.now = max(self.now, seconds)
        return True

    def run_for(self, duration_seconds: float) -> None:
        self.run_until(self.now + duration_seconds)

    def record(self, actor: str, action: str, subject: str, detail: str = "") -> int:
        """Write the journal; what is scheduled or recorded next in this action happens because of it."""
        entry = self.journal.record(self.now, actor, action, subject, detail, self.cause)
        self.cause = entry.number
        return entry.number
