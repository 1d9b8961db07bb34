"""The clock and the event queue: a heap of (time, sequence, action).

Two actions due at the same time run in the order in which they were asked for, so a world is a function of its inputs and
its seed. An exception in an action is never swallowed: it leaves ``run_until`` and is somebody's bug.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

from .inputs import Inputs
from .journal import Detail, Journal, name_of_module

T = TypeVar("T")
Action = Callable[[], None]
DEFAULT_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(eq=False, slots=True)
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
        #: How many actions have run; with ``now`` it says exactly where a world stands.
        self.executed = 0
        #: Whether an action or an input is under way. Whatever else touches a world comes from outside, unannounced.
        self.inside = False
        #: Who writes down what comes from outside; None: nobody does.
        self.inputs: Inputs | None = None
        self._actor = ""
        self._action: Action | None = None
        #: The moment that ``utc`` was last asked for, and its answer: one action asks several times.
        self._utc_seconds, self._utc = 0.0, epoch
        #: By time, then by sequence; tuples, because comparing them is most of what the queue does.
        self._queue: list[tuple[float, int, Timer]] = []
        self._sequence = 0
        self._streams: dict[str, Random] = {}
        #: Called when something was scheduled; a pacer that sleeps hangs itself in here.
        self.on_schedule: Action | None = None

    @property
    def utc(self) -> datetime:
        if self._utc_seconds != self.now:
            self._utc_seconds, self._utc = self.now, self.epoch + timedelta(seconds=self.now)
        return self._utc

    @property
    def actor(self) -> str:
        """Who is acting: what an action has said of itself, else the module that it is written in."""
        if not self._actor:
            self._actor = name_of_module(getattr(self._action, "__module__", None) or "")
        return self._actor

    @actor.setter
    def actor(self, name: str) -> None:
        self._actor = name

    def random(self, stream: str) -> Random:
        """The randomness of one purpose, by name, so that a new consumer does not disturb the others."""
        if not self.inside:
            self._leak(f"randomness for {stream}")
        if stream not in self._streams:
            self._streams[stream] = Random(f"{self.seed}/{stream}")
        return self._streams[stream]

    def call_at(self, seconds: float, action: Action) -> Timer:
        """Run ``action`` at a time; a time that has passed means as soon as possible."""
        if not self.inside:
            self._leak("something to be done later")
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
            self.executed += 1
            self.cause, self._actor, self._action = timer.cause, "", action
            self.inside = True
            try:
                action()
            finally:
                self._leave()

    def _leave(self) -> None:
        self.inside = False
        self.cause, self._actor, self._action = 0, "", None

    def take_in(
        self,
        actor: str,
        verb: str,
        subject: str,
        arguments: Mapping[str, object],
        act: Callable[[], T],
        detail: str = "",
    ) -> T:
        """Do what somebody outside of the world asks for: written down, journalled, and the cause of what it does.

        ``arguments`` are what ``Inputs`` can repeat it from. Not for use in an action: what the world does is no input.
        """
        assert not self.inside, f"{verb} {subject} was asked for in the middle of an action"
        if self.inputs is not None:
            self.inputs.arrived(verb, arguments)
        self.inside, self._actor = True, actor
        try:
            self.record(actor, verb, subject, detail)
            return act()
        finally:
            self._leave()

    def advance_to(self, executed: int, seconds: float) -> None:
        """Run until so many actions have run, and set the clock; that is how a replay comes to where an input belongs."""
        while self.executed < executed and self.next_seconds is not None:
            self.step()
        self.now = max(self.now, seconds)

    def _leak(self, what: str) -> None:
        if self.inputs is not None:
            self.inputs.leaked(what)

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

    def record(self, actor: str, action: str, subject: str, detail: Detail = "") -> int:
        """Write the journal; what is scheduled or recorded next in this action happens because of it."""
        if not self.inside:
            self._leak(f"{actor} {action} {subject}")
        because = self.cause if self.inside else 0
        self.cause = self.journal.record(self.now, actor, action, subject, detail, because)
        return self.cause
