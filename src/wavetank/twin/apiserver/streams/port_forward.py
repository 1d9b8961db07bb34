"""port-forward once it is open: bytes between a client and ports of a pod, over SPDY streams or WebSocket channels.

``Dial`` gives a TCP connection to a port. What goes wrong with one connection is told on its error stream or channel and
leaves the others alone.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable, Sequence

from wavetank.kube.errors import ApiError
from wavetank.twin.cluster.streaming import Connection

from .channels import ChannelProtocol
from .duplex import Duplex
from .spdy import SpdySession, SpdyStream
from .websocket import WebSocket

Dial = Callable[[int], Awaitable[Connection]]
Sink = Callable[[bytes], Awaitable[None]]
Source = Callable[[], Awaitable[bytes]]
PROTOCOL = "portforward.k8s.io"
#: The sub-protocol of a WebSocket that carries a SPDY session (``httpstream.WebsocketsSPDYTunnelingPrefix``).
TUNNEL = "SPDY/3.1+" + PROTOCOL
CHUNK_BYTES = 32 * 1024
#: A request's two streams must come within this time of each other (``PortForwardStreamCreationTimeout``).
PAIR_SECONDS = 30.0
CLOSE_SECONDS = 1.0


def _dial_problem(port: int, error: Exception) -> str:
    """The kubelet's words (CRI streaming)."""
    if isinstance(error, ApiError):
        return f"error forwarding port {port} to pod: {error.message}"
    why = "connect: connection refused" if isinstance(error, ConnectionRefusedError) else str(error) or "i/o timeout"
    dialled = f"failed to connect to localhost:{port}: dial tcp 127.0.0.1:{port}: {why}"
    return f"error forwarding port {port} to pod: {dialled}"


async def _forward(connection: Connection, source: Source, sink: Sink) -> None:
    """Until the pod's side has said everything, or the client's side is gone."""
    reader, writer = connection

    async def give() -> None:
        while data := await source():
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    giving = asyncio.create_task(give())
    try:
        while data := await reader.read(CHUNK_BYTES):
            await sink(data)
    except OSError:
        return  # reset by the pod, or the client has gone
    finally:
        giving.cancel()
        await asyncio.gather(giving, return_exceptions=True)
        await _closed(writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await asyncio.wait_for(writer.wait_closed(), CLOSE_SECONDS)
    except (OSError, TimeoutError):
        writer.transport.abort()


# SPDY ----------------------------------------------------------------------------------------------------------------


class SpdyForwarding:
    """All connections of one client: each is a pair of streams with the same request id."""

    def __init__(self, duplex: Duplex, dial: Dial) -> None:
        self._duplex, self._dial = duplex, dial
        self._session = SpdySession(duplex, self._admit)
        self._waiting: dict[str, SpdyStream] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        try:
            await self._session.run()
        finally:
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._duplex.close()

    def _admit(self, stream: SpdyStream) -> None:
        headers = stream.headers
        request = headers.get("requestid") or _old_request(stream)
        other = self._waiting.pop(request, None)
        if other is not None:
            pair = {s.headers.get("streamtype", ""): s for s in (stream, other)}
            if pair.keys() == {"data", "error"}:
                self._start(self._serve(pair["data"], pair["error"]))
                return
        self._waiting[request] = stream
        self._start(self._give_up(request, stream))

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _give_up(self, request: str, stream: SpdyStream) -> None:
        await asyncio.sleep(PAIR_SECONDS)
        if self._waiting.get(request) is stream:
            del self._waiting[request]
            await stream.reset()

    async def _serve(self, data: SpdyStream, error: SpdyStream) -> None:
        port = _port(data)
        try:
            try:
                connection = await self._dial(port)
            except (OSError, ApiError, ValueError, OverflowError) as problem:
                await error.send(_dial_problem(port, problem).encode())
            else:
                await _forward(connection, data.receive, data.send)
            await data.finish()
            await error.finish()
        except OSError:
            return  # the client has gone


def _port(stream: SpdyStream) -> int:
    text = stream.headers.get("port", "")
    return int(text) if text.isdigit() and len(text) < 6 else 0


def _old_request(stream: SpdyStream) -> str:
    """Clients before request ids opened the error stream first and the data stream right after it."""
    is_error = stream.headers.get("streamtype") == "error"
    return str(stream.number if is_error else stream.number - 2)


# WebSocket channels --------------------------------------------------------------------------------------------------


class ChannelForwarding:
    """Two channels for each port of the request: data, and errors. One connection each, for the life of the WebSocket."""

    def __init__(self, socket: WebSocket, protocol: ChannelProtocol, ports: Sequence[int], dial: Dial) -> None:
        self.protocol = protocol
        self._socket, self._ports, self._dial = socket, tuple(ports), dial
        self._incoming: list[asyncio.Queue[bytes]] = [asyncio.Queue(4) for _ in ports]

    async def run(self) -> None:
        for index, port in enumerate(self._ports):
            for channel in (2 * index, 2 * index + 1):
                await self._say(channel, struct.pack("<H", port))
        serving = asyncio.gather(*(self._serve(index, port) for index, port in enumerate(self._ports)))
        reading = asyncio.create_task(self._read())
        leaving = asyncio.create_task(self._socket.gone.wait())
        try:
            await asyncio.wait((serving, leaving), return_when=asyncio.FIRST_COMPLETED)
            await self._socket.close()
        finally:
            for task in (serving, reading, leaving):
                task.cancel()
            await asyncio.gather(serving, reading, leaving, return_exceptions=True)

    async def _read(self) -> None:
        while message := await self._socket.receive():
            channel, data = self.protocol.content(message)
            index, is_error = divmod(channel, 2)
            if 0 <= index < len(self._ports) and not is_error and data:
                await self._incoming[index].put(data)

    async def _serve(self, index: int, port: int) -> None:
        try:
            try:
                connection = await self._dial(port)
            except (OSError, ApiError) as problem:
                await self._say(2 * index + 1, _dial_problem(port, problem).encode())
            else:
                await _forward(connection, self._incoming[index].get, lambda data: self._say(2 * index, data))
        except OSError:
            return  # the client has gone

    async def _say(self, channel: int, data: bytes) -> None:
        await self._socket.send(self.protocol.message(channel, data))
