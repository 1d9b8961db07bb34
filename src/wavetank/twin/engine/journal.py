"""The journal: what happened in a world, when, and because of what.

Written by whoever changes the world; read by people, tests and replays. An entry names the entry that led to it, so that
a chain from an effect back to its cause can be walked.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple, TypeAlias

#: Packages whose modules are parts of one thing: the journal names the thing.
_PACKAGE_PREFIX = "wavetank.twin."


#: What an entry says beside who did what; a function says it when it is asked, and must say the same whenever that is.
Detail: TypeAlias = str | Callable[[], str]
#: As many as a store remembers changes, which is what functions hold on to.
FRESH = 20_000


class Entry(NamedTuple):
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


_Fresh: TypeAlias = tuple[int, float, str, str, str, Detail, int]


def _written(fresh: _Fresh) -> Entry:
    number, seconds, actor, action, subject, detail, because = fresh
    return Entry(number, seconds, actor, action, subject, detail if isinstance(detail, str) else detail(), because)


class Journal:
    """The last ``limit`` entries, oldest first. Numbers go on counting when old entries fall out.

    Details may be given as functions: they are asked when somebody reads, or when the entry is no longer one of the
    ``FRESH`` newest, since what they hold on to must not live for ever.
    """

    def __init__(self, limit: int = 200_000) -> None:
        self._entries: deque[Entry] = deque(maxlen=limit)
        self._fresh: deque[_Fresh] = deque()
        self._count = 0

    def record(self, seconds: float, actor: str, action: str, subject: str, detail: Detail, because: int) -> int:
        """Write an entry; returns its number."""
        self._count = number = self._count + 1
        self._fresh.append((number, seconds, actor, action, subject, detail, because))
        if len(self._fresh) > FRESH:
            self._entries.append(_written(self._fresh.popleft()))
        return number

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._settled())

    def __len__(self) -> int:
        return len(self._settled())

    def _settled(self) -> deque[Entry]:
        while self._fresh:
            self._entries.append(_written(self._fresh.popleft()))
        return self._entries

    @property
    def count(self) -> int:
        """How many entries were ever written; the number of the newest."""
        return self._count

    def entry(self, number: int) -> Entry | None:
        """An entry by its number; None when it has fallen out or was never written."""
        entries = self._settled()
        place = number - (self._count - len(entries)) - 1
        return entries[place] if 0 <= place < len(entries) else None

    def after(self, number: int, most: int | None = None) -> list[Entry]:
        """Entries with greater numbers than this, oldest first; not more than ``most``."""
        entries = self._settled()
        skipped = max(0, number - (self._count - len(entries)))
        return list(islice(entries, skipped, None if most is None else skipped + most))

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
        for entry in self._settled():
            summed.update(f"\n{entry.seconds!r} {entry}".encode("utf-8", "surrogatepass"))
        return summed.hexdigest()


@lru_cache(maxsize=256)
def name_of_module(module: str) -> str:
    """What the journal calls an actor that has not said who it is: ``wavetank.twin.nodes.kubelet.worker`` is the kubelet."""
    parts = module.removeprefix(_PACKAGE_PREFIX).split(".")
    return (parts[1] if len(parts) > 1 else parts[-1]).replace("_", "-") or "outside"
