"""Steps of a long job, as they happen: told to whoever watches, and kept with their results and seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass
class Step:
    """One step: ``notes`` are lines for people, ``data`` is the same for programs."""

    title: str
    command: str = ""
    seconds: float = 0.0
    ok: bool = False
    #: ended by Ctrl-C: nobody's failure
    interrupted: bool = False
    notes: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        command = {"command": self.command} if self.command else {}
        seconds = round(self.seconds, 3)
        return {"step": self.title, **command, "ok": self.ok, "seconds": seconds, "notes": self.notes, **self.data}


class Watcher(Protocol):
    """Whoever shows progress."""

    def begun(self, step: Step) -> None: ...

    def progressed(self, step: Step, text: str) -> None:
        """Something passing: worth showing while it lasts, not worth keeping."""
        ...

    def noted(self, step: Step, text: str) -> None:
        """A result: stays."""
        ...

    def ended(self, step: Step) -> None: ...


class Progress:
    """Runs steps one after the other and remembers them."""

    def __init__(self, watchers: Sequence[Watcher] = ()) -> None:
        self._watchers = tuple(watchers)
        self.steps: list[Step] = []

    @contextmanager
    def step(self, title: str, command: str = "") -> Iterator[Step]:
        """A step lasts as long as the ``with`` block; an exception marks it as failed and goes on."""
        step = Step(title, command)
        self.steps.append(step)
        for watcher in self._watchers:
            watcher.begun(step)
        start = time.perf_counter()
        try:
            yield step
            step.ok = True
        except KeyboardInterrupt:
            step.interrupted = True
            raise
        finally:
            step.seconds = time.perf_counter() - start
            for watcher in self._watchers:
                watcher.ended(step)

    def note(self, text: str) -> None:
        """A result of the current step."""
        step = self.steps[-1]
        step.notes.append(text)
        for watcher in self._watchers:
            watcher.noted(step, text)

    def passing(self, text: str) -> None:
        """What is going on in the current step."""
        for watcher in self._watchers:
            watcher.progressed(self.steps[-1], text)
