"""Images of a machine: which are there, and how long a pull takes. One pull at a time, as a kubelet does by default.

No image is ever really pulled. Sizes and speeds are declared numbers that a world may replace.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from wavetank.base.units import MIB
from wavetank.twin.engine import Engine


@dataclass(frozen=True)
class Registry:
    """What a pull costs, for all images alike, and which cannot be pulled (``problem`` gives the error text, or "")."""

    size_bytes: int = 150 * MIB
    bytes_per_second: float = 60 * MIB
    #: Asking the registry whether a tag has moved.
    check_seconds: float = 0.2
    problem: Callable[[str], str] = lambda image: ""

    @property
    def pull_seconds(self) -> float:
        return self.check_seconds + self.size_bytes / self.bytes_per_second


@dataclass(frozen=True)
class Pull:
    """A finished pull; ``problem`` "" means it succeeded."""

    seconds: float
    waited_seconds: float
    size_bytes: int
    problem: str = ""


class ImageStore:
    """The images of one machine and its queue of pulls."""

    def __init__(self, engine: Engine, registry: Registry, is_local: Callable[[str], bool]) -> None:
        self._engine = engine
        self._registry = registry
        self._is_local = is_local
        self._present: set[str] = set()
        self._queue: deque[tuple[str, float, Callable[[Pull], None]]] = deque()
        self._busy = False

    def has(self, image: str) -> bool:
        return image in self._present or self._is_local(image)

    def pull(self, image: str, done: Callable[[Pull], None]) -> None:
        self._queue.append((image, self._engine.now, done))
        if not self._busy:
            self._next()

    def _next(self) -> None:
        self._busy = bool(self._queue)
        if not self._queue:
            return
        image, asked_seconds, done = self._queue.popleft()
        problem = self._registry.problem(image)
        there = self.has(image) or problem
        seconds = self._registry.check_seconds if there else self._registry.pull_seconds
        size_bytes = self._registry.size_bytes

        def finish() -> None:
            if not problem:
                self._present.add(image)
            done(Pull(seconds, self._engine.now - asked_seconds, size_bytes, problem))
            self._next()

        self._engine.call_later(seconds, finish)


def effective_policy(container_policy: str, image: str) -> str:
    """``imagePullPolicy`` as the API server defaults it: Always for ``:latest`` and untagged images."""
    if container_policy:
        return container_policy
    tail = image.rpartition("/")[2]
    if "@" in tail:
        return "IfNotPresent"
    _, _, tag = tail.partition(":")
    return "Always" if tag in ("", "latest") else "IfNotPresent"
