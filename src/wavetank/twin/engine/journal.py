"""The journal: what happened in a world, when, and because of what.

Written by whoever changes the world; read by people, tests and replays. An entry names the entry that led to it, so that
a chain from an effect back to its cause can be walked.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

#: Packages whose modules are parts of one thing: the journal names the thing.
_PACKAGE_PREFIX = "wavetank.twin."


class Entry(NamedTuple):
    """``seconds`` since the engine's epoch; ``because`` is the number of an earlier entry, or 0.

    A tuple, because a busy world writes tens of thousands of them per second.
    """

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

    @property
    def count(self) -> int:
        """How many entries were ever written; the number of the newest."""
        return self._count

    def entry(self, number: int) -> Entry | None:
        """An entry by its number; None when it has fallen out or was never written."""
        place = number - (self._count - len(self._entries)) - 1
        return self._entries[place] if 0 <= place < len(self._entries) else None

    def after(self, number: int, most: int | None = None) -> list[Entry]:
        """Entries with greater numbers than this, oldest first; not more than ``most``."""
        skipped = max(0, number - (self._count - len(self._entries)))
        return list(islice(self._entries, skipped, None if most is None else skipped + most))

    def chain(self, number: int) -> list[Entry]:
        """The entry and what led to it, the first cause last. Empty when the entry is not remembered."""
        found: list[Entry] = []
        while (entry := self.entry(number)) is not None:
            found.append(entry)
            number = entry.because
        return found

    def digest(self) -> str:
        """SHA-256 of all entries that are remembered, and of how many there ever were."""
        summed = hashlib.sha256(str(self._count).encode())
        for entry in self._entries:
            summed.update(f"\n{entry.seconds!r} {entry}".encode("utf-8", "surrogatepass"))
        return summed.hexdigest()


@lru_cache(maxsize=256)
def name_of_module(module: str) -> str:
    """What the journal calls an actor that has not said who it is: ``wavetank.twin.nodes.kubelet.worker`` is the kubelet."""
    parts = module.removeprefix(_PACKAGE_PREFIX).split(".")
    return (parts[1] if len(parts) > 1 else parts[-1]).replace("_", "-") or "outside"
