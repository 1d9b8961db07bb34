"""The journal: what happened in a world, when, and because of what.

Written by whoever changes the world; read by people, tests and replays. An entry names the entry that led to it, so that
a chain from an effect back to its cause can be walked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """``seconds`` since the engine's epoch; ``because`` is the number of an earlier entry, or 0."""

    number: int
    seconds: float
    actor: str
    action: str
    subject: str
    detail: str = ""
    because: int = 0

    def __str__(self) -> str:
        cause = f" (because of #{self.because})" if self.because else ""
        detail = f": {self.detail}" if self.detail else ""
        return f"#{self.number} {self.seconds:.3f}s {self.actor} {self.action} {self.subject}{detail}{cause}"


class Journal:
    """The last ``limit`` entries, oldest first. Numbers go on counting when old entries fall out."""

    def __init__(self, limit: int = 200_000) -> None:
        self._entries: deque[Entry] = deque(maxlen=limit)
        self._count = 0

    def record(self, seconds: float, actor: str, action: str, subject: str, detail: str, because: int) -> Entry:
        self._count += 1
        entry = Entry(self._count, seconds, actor, action, subject, detail, because)
        self._entries.append(entry)
        return entry

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
