"""What processes print, for one reader that may be slow: read ahead only so far, then the printer has to wait.

Used by ``exec_process`` and ``exec_attach``. Streams of asyncio are not used because they forget
what was read before an error, and a terminal whose other side is closed ends with an error.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import IO

from wavetank.twin.cluster.streaming import Output

#: So many bytes are read ahead of the client.
AHEAD_BYTES = 256 * 1024


class Outputs:
    """The outputs of one process, in the order in which they came."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[Output, bytes]] = deque()
        self._size = 0
        self._open = 0
        self._paused = False
        self._transports: list[asyncio.ReadTransport] = []
        self._changed = asyncio.Event()

    @property
    def size(self) -> int:
        """Bytes that nobody has taken yet."""
        return self._size

    def expect(self) -> None:
        """There is one that somebody else will ``put`` and ``lose``."""
        self._open += 1

    async def add(self, name: Output, file: IO[bytes]) -> None:
        """Read a pipe or a terminal from now on; it is closed when it ends or all are closed."""
        self.expect()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: _Reader(self, name), file)
        self._transports.append(transport)

    def put(self, name: Output, data: bytes) -> None:
        self._pieces.append((name, data))
        self._size += len(data)
        if self._size > AHEAD_BYTES and not self._paused:
            self._paused = True
            for transport in self._transports:
                transport.pause_reading()
        self._changed.set()

    def lose(self) -> None:
        """One of them has come to its end."""
        self._open -= 1
        self._changed.set()

    async def pieces(self) -> AsyncIterator[tuple[Output, bytes]]:
        """Everything, until all outputs have ended."""
        while True:
            while self._pieces:
                yield self._taken()
            if not self._open:
                return
            self._changed.clear()
            await self._changed.wait()

    def _taken(self) -> tuple[Output, bytes]:
        piece = self._pieces.popleft()
        self._size -= len(piece[1])
        if self._paused and self._size <= AHEAD_BYTES // 2:
            self._paused = False
            for transport in self._transports:
                if not transport.is_closing():
                    transport.resume_reading()
        return piece

    def close(self) -> None:
        for transport in self._transports:
            transport.close()


class _Reader(asyncio.Protocol):
    def __init__(self, outputs: Outputs, name: Output) -> None:
        self._outputs, self._name = outputs, name

    def data_received(self, data: bytes) -> None:
        self._outputs.put(self._name, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._outputs.lose()
