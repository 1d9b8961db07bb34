"""WebSocket messages whose first byte is a channel (apimachinery's ``httpstream/wsstream``), and exec over them.

The sub-protocols differ in little: base64 or binary, how the end is told, and whether the client can end its input.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from wavetank.kube.types import Obj
from wavetank.twin.cluster.streaming import Output, Wanted

from .remote_command import Event, Input, InputEnded, resized
from .websocket import WebSocket

STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
_OUTPUTS: dict[Output, int] = {"stdout": STDOUT, "stderr": STDERR}


@dataclass(frozen=True)
class ChannelProtocol:
    """``has_status``: the error channel carries a Status as JSON, not text. ``can_close``: the client can end its input."""

    name: str
    is_base64: bool = False
    has_status: bool = True
    can_close: bool = False

    def message(self, channel: int, data: bytes) -> bytes:
        if self.is_base64:
            return b"%d" % channel + base64.b64encode(data)
        return bytes((channel,)) + data

    def content(self, message: bytes) -> tuple[int, bytes]:
        """Channel and data; channel -1 for what cannot be understood."""
        if not self.is_base64:
            return message[0], message[1:]
        try:
            return message[0] - ord("0"), base64.b64decode(message[1:])
        except binascii.Error:
            return -1, b""


#: The best first.
REMOTE_COMMAND = (
    ChannelProtocol("v5.channel.k8s.io", can_close=True),
    ChannelProtocol("v4.channel.k8s.io"),
    ChannelProtocol("base64.v4.channel.k8s.io", is_base64=True),
    ChannelProtocol("v4.base64.channel.k8s.io", is_base64=True),
    ChannelProtocol("channel.k8s.io", has_status=False),
    ChannelProtocol("base64.channel.k8s.io", is_base64=True, has_status=False),
)
PORT_FORWARD = (ChannelProtocol("v4.channel.k8s.io"), ChannelProtocol("v4.base64.channel.k8s.io", is_base64=True))
#: For clients that name no sub-protocol.
UNNAMED = ChannelProtocol("", has_status=False)


def chosen(offered: Sequence[str], known: Sequence[ChannelProtocol]) -> ChannelProtocol | None:
    """The first protocol that the client offers and we know; None when there is none."""
    if not offered:
        return UNNAMED
    by_name = {protocol.name: protocol for protocol in known}
    return next((by_name[name] for name in offered if name in by_name), None)


class ChannelLink:
    """exec or attach over the channels of a WebSocket."""

    def __init__(self, socket: WebSocket, protocol: ChannelProtocol, wanted: Wanted) -> None:
        self.gone = socket.gone
        self.protocol = protocol
        self._socket, self._wanted = socket, wanted

    async def greet(self) -> None:
        """An empty message on the first channel that we write to tells clients that the connection stands."""
        first = STDOUT if self._wanted.stdout else STDERR if self._wanted.stderr else ERROR
        await self._say(first, b"")

    async def events(self) -> AsyncIterator[Event]:
        while message := await self._socket.receive():
            event = self._event(*self.protocol.content(message))
            if event is not None:
                yield event

    def _event(self, channel: int, data: bytes) -> Event | None:
        if channel == CLOSE and self.protocol.can_close:
            return InputEnded() if data == bytes((STDIN,)) else None
        if channel == STDIN and self._wanted.stdin and data:
            return Input(data)
        return resized(data) if channel == RESIZE else None

    async def show(self, stream: Output, data: bytes) -> None:
        if self._wanted.stdout if stream == "stdout" else self._wanted.stderr:
            await self._say(_OUTPUTS[stream], data)

    async def finish(self, status: Obj) -> None:
        if self.protocol.has_status:
            await self._say(ERROR, json.dumps(status, separators=(",", ":")).encode())
        elif status["status"] != "Success":
            await self._say(ERROR, str(status["message"]).encode())
        await self._socket.close()

    async def _say(self, channel: int, data: bytes) -> None:
        await self._socket.send(self.protocol.message(channel, data))
