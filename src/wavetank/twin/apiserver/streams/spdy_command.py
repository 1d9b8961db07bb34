"""exec and attach over a SPDY session, as kubectl before 1.31 asks for it: one stream each for input, outputs, errors, size."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

from wavetank.kube.types import Obj
from wavetank.twin.cluster.streaming import Output, Wanted

from .duplex import Duplex
from .remote_command import Event, Input, InputEnded, resized
from .spdy import SpdySession, SpdyStream

PROTOCOLS = ("v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io")
STREAMS_SECONDS = 30.0
#: A client that was told the end gets so long to leave by itself.
LEAVE_SECONDS = 2.0


class SpdyLink:
    """A ``Link``. ``open`` waits for the streams that the request promised; ``close`` must be called."""

    def __init__(self, duplex: Duplex, protocol: str, wanted: Wanted) -> None:
        self.gone = duplex.gone
        self._duplex, self._wanted = duplex, wanted
        self._has_status = protocol == PROTOCOLS[0]
        self._streams: dict[str, SpdyStream] = {}
        self._opened = asyncio.Event()
        self._session = SpdySession(duplex, self._admit)
        self._running = asyncio.create_task(self._run())
        has_size = wanted.tty and protocol in PROTOCOLS[:2]
        asked = {"stdin": wanted.stdin, "stdout": wanted.stdout, "stderr": wanted.stderr, "resize": has_size}
        self._expected = {"error"} | {name for name, is_asked in asked.items() if is_asked}

    async def _run(self) -> None:
        await self._session.run()
        self.gone.set()

    def _admit(self, stream: SpdyStream) -> None:
        self._streams.setdefault(stream.headers.get("streamtype", ""), stream)
        if self._expected <= self._streams.keys():
            self._opened.set()

    async def open(self) -> bool:
        """Whether all streams came."""
        try:
            await asyncio.wait_for(self._opened.wait(), STREAMS_SECONDS)
        except TimeoutError:
            return False
        return True

    async def events(self) -> AsyncIterator[Event]:
        queue: asyncio.Queue[Event] = asyncio.Queue(1)
        tasks = [asyncio.create_task(self._read_input(queue)), asyncio.create_task(self._read_sizes(queue))]
        try:
            while True:
                yield await queue.get()
        finally:
            for task in tasks:
                task.cancel()

    async def _read_input(self, queue: asyncio.Queue[Event]) -> None:
        if (stream := self._streams.get("stdin")) is not None:
            while data := await stream.receive():
                await queue.put(Input(data))
            await queue.put(InputEnded())

    async def _read_sizes(self, queue: asyncio.Queue[Event]) -> None:
        if (stream := self._streams.get("resize")) is not None:
            while data := await stream.receive():
                for line in data.splitlines():
                    if (event := resized(line)) is not None:
                        await queue.put(event)

    async def show(self, stream: Output, data: bytes) -> None:
        if stream in self._streams:
            await self._streams[stream].send(data)

    async def finish(self, status: Obj) -> None:
        error = self._streams["error"]
        if self._has_status:
            await error.send(json.dumps(status, separators=(",", ":")).encode())
        elif status["status"] != "Success":
            await error.send(str(status["message"]).encode())
        for stream in self._streams.values():
            await stream.finish()
        await self._session.goodbye()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.gone.wait(), LEAVE_SECONDS)

    async def close(self) -> None:
        await self._duplex.close()
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
