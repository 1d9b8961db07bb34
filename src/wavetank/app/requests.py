"""Steady requests to a service, and what came back: for the demo and for anyone who asks whether a change was noticed."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

#: Requests that may be under way at once; a service that hangs must not pile up threads.
CONCURRENCY = 16


@dataclass
class Tally:
    """Counts and latencies of finished requests. ``failures`` are texts, the first few only."""

    succeeded: int = 0
    failed: int = 0
    #: connections that broke and whose request succeeded when sent again
    retried: int = 0
    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def percentile_milliseconds(self, percent: int) -> float:
        """The latency that so many percent of the requests did not exceed; 0 without requests."""
        if not self.seconds:
            return 0.0
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]

    def as_json(self) -> dict[str, Any]:
        return {
            "succeeded": self.succeeded,
            "failed": self.failed,
            "retried": self.retried,
            "failures": self.failures,
            "p50Milliseconds": round(self.percentile_milliseconds(50), 2),
            "p99Milliseconds": round(self.percentile_milliseconds(99), 2),
        }


class SteadyRequests:
    """POSTs a body at a fixed rate, each request on a connection of its own, while its ``with`` block lasts.

    A connection each, so that the load balancer decides anew every time, as it does for many clients. With ``retry`` a request
    whose connection breaks is sent once more, as any client of a network load balancer must: no balancer can save a request
    that a killed process had already taken.
    """

    def __init__(
        self, url: str, body: Mapping[str, Any], per_second: float, *, retry: bool = False, timeout_seconds: float = 10
    ) -> None:
        self.tally = Tally()
        self._url, self._body, self._interval = url, dict(body), 1 / per_second
        self._retry = retry
        # One client, for its set-up is dear; no connection is kept.
        limits = httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=0)
        self._http = httpx.Client(timeout=timeout_seconds, limits=limits, trust_env=False)
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._pool = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="requests")
        self._ticker = threading.Thread(target=self._tick, name="requests-ticker", daemon=True)

    def __enter__(self) -> Self:
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._ticker.join()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._http.close()

    def _tick(self) -> None:
        due = time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            self._pool.submit(self._send)
            due += self._interval

    def _send(self) -> None:
        start = time.perf_counter()
        problem, broken = self._attempt()
        retried = broken and self._retry
        if retried:
            problem, _ = self._attempt()
        with self._lock:
            self._count(problem, time.perf_counter() - start, retried)

    def _attempt(self) -> tuple[str, bool]:
        """What went wrong ("" when nothing did), and whether it was the connection."""
        try:
            answer = self._http.post(self._url, json=self._body)
        except httpx.HTTPError as error:
            return f"{type(error).__name__}: {error}", isinstance(error, httpx.TransportError)
        return ("" if answer.is_success else f"{answer.status_code}: {answer.text[:200]}"), False

    def _count(self, problem: str, seconds: float, retried: bool) -> None:
        self.tally.seconds.append(seconds)
        if not problem:
            self.tally.succeeded += 1
            self.tally.retried += retried
            return
        self.tally.failed += 1
        if len(self.tally.failures) < 5:
            self.tally.failures.append(problem)


def sample_rows(count: int, width: int) -> Sequence[list[float]]:
    """Rows of numbers that are the same every time and differ from each other."""
    return [
        [round(((row * width + column) * 7919 % 2000) / 500 - 2, 3) for column in range(width)] for row in range(count)
    ]
