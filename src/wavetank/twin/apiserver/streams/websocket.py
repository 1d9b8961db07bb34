"""One WebSocket in ASGI terms: the handshake with its refusals, then messages as bytes."""

from __future__ import annotations

import asyncio

from ..exchange import Answer, Receive, Scope, Send

#: Where the listener puts an event that is set when the connection is lost, read or not.
GONE = "wavetank.gone"
NORMAL_CLOSURE, INTERNAL_ERROR = 1000, 1011
#: A subprotocol that carries a bearer token, for browsers, which cannot send headers.
TOKEN_PREFIX = "base64url.bearer.authorization.k8s.io."


class WebSocket:
    """A ``Duplex`` whose pieces are messages; text is given as UTF-8."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.offered: list[str] = list(scope.get("subprotocols") or ())
        self.gone: asyncio.Event = scope.get(GONE) or asyncio.Event()
        self._receive, self._send = receive, send

    async def accept(self, subprotocol: str) -> None:
        await self._receive()  # the request itself
        await self._send({"type": "websocket.accept", "subprotocol": subprotocol or None, "headers": []})

    async def refuse(self, answer: Answer) -> None:
        headers = [(b"content-type", answer.media_type.encode()), (b"cache-control", b"no-cache, private")]
        await self._send({"type": "websocket.http.response.start", "status": answer.status, "headers": headers})
        await self._send({"type": "websocket.http.response.body", "body": answer.body})

    async def receive(self) -> bytes:
        while not self.gone.is_set():
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                self.gone.set()
                break
            data = message.get("bytes")
            if data is None:
                data = (message.get("text") or "").encode()
            if data:
                return bytes(data)
        return b""

    async def send(self, data: bytes) -> None:
        await self._send({"type": "websocket.send", "bytes": data})

    async def close(self, code: int = NORMAL_CLOSURE) -> None:
        if not self.gone.is_set():
            await self._send({"type": "websocket.close", "code": code})
