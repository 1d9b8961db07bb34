"""A SPDY/3.1 session from the server's side: the client opens streams, both sides write into them and end them.

Carried by any ``Duplex``. As in the implementation that clients use there is no flow control: a stream that nobody reads
holds up the whole session.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Mapping

from .duplex import Duplex
from .spdy_frames import (
    CANCEL,
    FIN,
    GOAWAY,
    PING,
    RST_STREAM,
    SYN_REPLY,
    SYN_STREAM,
    Frame,
    FrameReader,
    HeaderCodec,
    SpdyError,
    control_frame,
    data_frame,
)

PIECES_AHEAD = 64
CHUNK_BYTES = 32 * 1024
MOST_STREAMS = 10_000


class SpdyStream:
    """One stream. ``headers`` say what it is for."""

    def __init__(self, session: SpdySession, number: int, headers: Mapping[str, str]) -> None:
        self.number, self.headers = number, headers
        self._session = session
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue(PIECES_AHEAD)
        self._finished = self._ended = False
        self.is_reset = False

    async def receive(self) -> bytes:
        """The next piece; empty when the client has ended or reset the stream, or is gone."""
        piece = await self._pieces.get()
        if not piece:
            self._pieces.put_nowait(b"")  # whoever asks again gets the same answer
        return piece

    async def feed(self, piece: bytes) -> None:
        if not self.is_reset:
            await self._pieces.put(piece)

    def cut(self) -> None:
        """Nothing more will come, and what was not read is not wanted any more."""
        self.is_reset = True
        while not self._pieces.empty():
            self._pieces.get_nowait()
        self._pieces.put_nowait(b"")

    def abandon(self) -> None:
        """The client has gone; what it had sent can still be read."""
        if self._pieces.full():
            self.cut()
        else:
            self._pieces.put_nowait(b"")

    async def send(self, data: bytes) -> None:
        """OSError when the client has gone."""
        for start in range(0, len(data), CHUNK_BYTES):
            if not self._finished and not self.is_reset:
                await self._session.send(data_frame(self.number, data[start : start + CHUNK_BYTES]))

    async def finish(self) -> None:
        """There is nothing more to say."""
        if not self._finished and not self.is_reset:
            self._finished = True
            await self._session.send(data_frame(self.number, b"", FIN))
            self._forget_if_over()

    async def end(self) -> None:
        """The client has nothing more to say."""
        self._ended = True
        await self.feed(b"")
        self._forget_if_over()

    def _forget_if_over(self) -> None:
        if self._finished and self._ended:
            self._session.forget(self)

    async def reset(self) -> None:
        if not self.is_reset:
            self.cut()
            self._session.forget(self)
            await self._session.send(control_frame(RST_STREAM, struct.pack(">II", self.number, CANCEL)))


class SpdySession:
    """``on_stream`` is called for each stream that the client opens. ``run`` reads until the client leaves."""

    def __init__(self, duplex: Duplex, on_stream: Callable[[SpdyStream], None]) -> None:
        self._duplex, self._on_stream = duplex, on_stream
        self._codec, self._reader = HeaderCodec(), FrameReader()
        self._streams: dict[int, SpdyStream] = {}

    async def send(self, data: bytes) -> None:
        await self._duplex.send(data)

    def forget(self, stream: SpdyStream) -> None:
        """A stream that has ended on both sides."""
        self._streams.pop(stream.number, None)

    async def run(self) -> None:
        try:
            while data := await self._duplex.receive():
                for frame in self._reader.frames(data):
                    await self._handle(frame)
        except (SpdyError, OSError):
            return  # nobody there who speaks SPDY
        finally:
            for stream in tuple(self._streams.values()):
                stream.abandon()

    async def goodbye(self) -> None:
        await self.send(control_frame(GOAWAY, struct.pack(">II", max(self._streams, default=0), 0)))

    async def _handle(self, frame: Frame) -> None:
        stream = self._streams.get(frame.stream)
        if frame.kind == SYN_STREAM:
            await self._open(frame)
        elif frame.kind == PING:
            await self.send(control_frame(PING, struct.pack(">I", frame.stream)))
        elif stream is not None and frame.kind == RST_STREAM:
            stream.cut()
            del self._streams[frame.stream]
        elif stream is not None and frame.kind == 0:
            if frame.payload:
                await stream.feed(frame.payload)
            if frame.is_last:
                await stream.end()

    async def _open(self, frame: Frame) -> None:
        if len(frame.payload) < 6 or len(self._streams) >= MOST_STREAMS:
            raise SpdyError("a stream that cannot be opened")
        headers = self._codec.headers(frame.payload[6:])
        stream = self._streams[frame.stream] = SpdyStream(self, frame.stream, headers)
        await self.send(control_frame(SYN_REPLY, struct.pack(">I", frame.stream) + self._codec.block({})))
        if frame.is_last:
            await stream.end()
        self._on_stream(stream)
