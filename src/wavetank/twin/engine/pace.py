"""Paces an engine against the wall clock, on an asyncio loop, so that people and real programs can live with it.

The loop that runs a pacer owns the engine and everything on it. Other threads hand work over with ``submit`` and wait for
the answer. Slices are kept to a millisecond of work, because an API request on the same loop waits up to two of them.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from .clock import Engine

T = TypeVar("T")
SLICE_SECONDS = 0.001
#: The clock is moved at least this often, so that timestamps taken by idle readers are fresh.
IDLE_SECONDS = 0.25


class Pacer:
    """Keeps ``engine.now`` at ``speed`` times the wall time that has passed since ``run`` began.

    Speed 0 is a clock that stands still until somebody moves it (``advance``); an infinite one runs whatever is due next,
    as fast as this computer can.
    """

    def __init__(self, engine: Engine, speed: float = 1.0, wall: Callable[[], float] = time.monotonic) -> None:
        assert speed >= 0, "time does not run backwards"
        self.engine = engine
        self.speed = speed
        self._wall = wall
        self._wall_start = wall()
        self._engine_start = engine.now
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failure: Exception | None = None
        self._is_behind = False

    @property
    def target_seconds(self) -> float:
        """Where the engine's clock should be now."""
        if math.isinf(self.speed):
            return self.engine.now
        return self._engine_start + (self._wall() - self._wall_start) * self.speed

    def begin_here(self) -> None:
        """Pace on from the engine's present, however it came there: after a replay, hours of it may have passed in seconds."""
        self._wall_start, self._engine_start = self._wall(), self.engine.now

    def catch_up(self) -> bool:
        """Run what is due by now, for one slice at most; False when more is waiting.

        An action that fails breaks the world for good, whoever happened to run it: ``run`` ends with its exception.
        """
        if self._failure is not None:
            raise self._failure
        try:
            self._is_behind = not self._run_slice()
            return not self._is_behind
        except Exception as error:
            self.fail(error)
            raise

    def freshen(self) -> None:
        """``catch_up``, but for a world that has more to do than time: there ``run`` does it, and whoever asks need not wait."""
        if not self._is_behind or self._loop is None:
            self.catch_up()

    def fail(self, error: Exception) -> None:
        """The world is broken by a bug of ours: ``run`` ends with it, and nothing moves the clock any more."""
        self._failure = self._failure or error
        self._wake.set()

    def _run_slice(self) -> bool:
        deadline = time.perf_counter() + SLICE_SECONDS
        if math.isinf(self.speed):
            while self.engine.next_seconds is not None and time.perf_counter() < deadline:
                self.engine.step()
            return self.engine.next_seconds is None
        return self.engine.run_until(self.target_seconds, lambda: time.perf_counter() < deadline)

    async def advance(self, seconds: float) -> None:
        """Move the clock ahead of the wall clock and run all that is due by then. For the loop's own thread; others are let in
        between slices. Not for an infinite speed, whose clock has no place to be.
        """
        assert seconds >= 0, "time does not run backwards"
        assert not math.isinf(self.speed), "a clock that runs as fast as it can cannot be moved"
        self._engine_start += seconds
        while not self.catch_up():
            await asyncio.sleep(0)

    async def run(self) -> None:
        """Pace until cancelled. An exception of an action ends it: a broken world must not go on."""
        self._loop = asyncio.get_running_loop()
        self.engine.on_schedule = self._wake.set
        try:
            while True:
                self._wake.clear()
                if self.catch_up():
                    await self._sleep()
                else:
                    await asyncio.sleep(0)
        finally:
            self.engine.on_schedule = None

    async def _sleep(self) -> None:
        due = self.engine.next_seconds
        wait = IDLE_SECONDS
        if due is not None and self.speed:
            wait = min(IDLE_SECONDS, (due - self.target_seconds) / self.speed)
        if wait <= 0:
            await asyncio.sleep(0)
            return
        try:
            await asyncio.wait_for(self._wake.wait(), wait)
        except TimeoutError:
            return

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Run ``work`` on the loop's thread; for any other thread. The future carries its answer or its exception."""
        assert self._loop is not None, "a pacer takes work once it runs"
        future: Future[T] = Future()

        def act() -> None:
            try:
                self.catch_up()
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - handed to the thread that asked
                future.set_exception(error)

        self._loop.call_soon_threadsafe(act)
        return future
