"""A connection that has stopped speaking HTTP: bytes, after an answer with status 101. For SPDY upgrades."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

#: Where the listener puts what takes a request's connection over; only on requests that ask for an upgrade.
HIJACK = "wavetank.hijack"
READ_AHEAD_BYTES = 256 * 1024
CHUNK_BYTES = 65536


class Hijacked(asyncio.Protocol):
    """A ``Duplex`` on a transport."""

    def __init__(self, transport: asyncio.Transport, forget: Callable[[], None]) -> None:
        self.gone = asyncio.Event()
        self._transport, self._forget = transport, forget
        self._buffer = bytearray()
        self._changed = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._paused = False
        transport.set_protocol(self)

    # --- the transport's side ----------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > READ_AHEAD_BYTES:
            self._paused = True
            self._transport.pause_reading()
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()
        self._changed.set()
        self._writable.set()
        self._forget()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def shutdown(self) -> None:
        """The server stops."""
        self._transport.close()

    # --- the duplex --------------------------------------------------------------------------------------------

    async def receive(self) -> bytes:
        while not self._buffer and not self.gone.is_set():
            self._changed.clear()
            await self._changed.wait()
        data = bytes(self._buffer)
        self._buffer.clear()
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return data

    async def send(self, data: bytes) -> None:
        await self._writable.wait()
        if self.gone.is_set():
            raise ConnectionResetError("the client has gone")
        self._transport.write(data)

    async def close(self) -> None:
        self._transport.close()
