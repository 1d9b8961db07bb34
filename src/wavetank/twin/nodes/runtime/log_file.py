"""The log of one start of a container, written line by line as a container runtime does (CRI logging format).

``2026-01-01T00:00:00.000000000Z stdout F text``; ``P`` marks a piece of a line that goes on. Read by ``nodes.logs``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

#: Longer lines are cut into pieces of this size (containerd ``max_container_log_line_size``).
PIECE_BYTES = 16 * 1024


@dataclass(frozen=True)
class Entry:
    """One piece of a line; ``full`` ends the line."""

    stamp: bytes
    full: bool
    text: bytes

    def shown(self, *, timestamps: bool) -> bytes:
        return (self.stamp + b" " if timestamps else b"") + self.text + (b"\n" if self.full else b"")


def entries_of(content: bytes) -> Iterator[Entry]:
    """Entries of whole lines of a log file; a first line that was cut off is left out."""
    for line in content.split(b"\n")[:-1]:
        parts = line.split(b" ", 3)
        if len(parts) == 4:
            yield Entry(parts[0], parts[2] == b"F", parts[3])


def stamp(moment: datetime) -> bytes:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z").encode()


class LogFile:
    """Appends to one file; unfinished lines are kept until their end comes or the stream ends."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self.path = path
        self._clock = clock
        self._file = path.open("ab", buffering=0)
        self._rest: dict[str, bytes] = {}

    def write(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        *lines, rest = (self._rest.get(stream, b"") + data).split(b"\n")
        moment = stamp(self._clock())
        out = [self._entry(moment, stream, b"F", line) for line in lines]
        while len(rest) > PIECE_BYTES:
            out.append(self._entry(moment, stream, b"P", rest[:PIECE_BYTES]))
            rest = rest[PIECE_BYTES:]
        self._rest[stream] = rest
        if out:
            self._file.write(b"".join(out))

    def close(self) -> None:
        moment = stamp(self._clock())
        for stream, rest in self._rest.items():
            if rest:
                self._file.write(self._entry(moment, stream, b"P", rest))
        self._file.close()

    @staticmethod
    def _entry(moment: bytes, stream: str, mark: bytes, text: bytes) -> bytes:
        return b"%s %s %s %s\n" % (moment, stream.encode(), mark, text)
