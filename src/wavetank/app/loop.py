"""A thread that owns one asyncio loop, on which all of a twin's state changes, and how other threads hand work to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")
STOP_SECONDS = 10.0


class LoopThread:
    """``start`` before anything else; ``stop`` ends what still runs on the loop.

    ``on_failure`` is told the exception of a task that nobody waits for: a broken world must not go on unnoticed.
    """

    def __init__(self, name: str, on_failure: Callable[[BaseException], None]) -> None:
        self._loop = asyncio.new_event_loop()
        self._on_failure = on_failure
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], timeout_seconds: float | None = None) -> T:
        """Run a coroutine on the loop and wait for its answer; not to be called on the loop's own thread."""
        assert threading.current_thread() is not self._thread, "the loop cannot wait for itself"
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout_seconds)

    def call(self, work: Callable[[], T]) -> T:
        """Run a function on the loop's thread and wait for its answer."""

        async def once() -> T:
            return work()

        return self.run(once())

    def post(self, work: Callable[[], None]) -> None:
        """Let the loop's thread run a function soon, without waiting; a loop that has ended runs nothing."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(work)

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Start a task that runs until it is cancelled; its failure goes to ``on_failure``. On the loop's thread only."""
        task = self._loop.create_task(work, name=name)
        task.add_done_callback(self._ended)
        return task

    def stop(self) -> None:
        """Cancel every task, let them end, and end the thread."""
        if not self._thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self._cancel_all(), self._loop).result(STOP_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_SECONDS)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _cancel_all(self) -> None:
        tasks = [task for task in asyncio.all_tasks(self._loop) if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_failure(error)
