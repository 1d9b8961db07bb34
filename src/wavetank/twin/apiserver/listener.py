"""The TLS socket and the HTTP server on it: uvicorn, embedded in a loop that is already running.

Knows nothing of Kubernetes. uvicorn does not tell an application about client certificates, so its protocol class is
extended here; that class is internal, which is why the project pins uvicorn's minor version.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from wavetank.base.errors import OperationFailed

from .pki import Credential
from .streams.hijacked import HIJACK, Hijacked
from .streams.websocket import GONE

#: Where the application finds the peer's certificate in the ASGI scope.
CERTIFICATE = "wavetank.certificate"
_BACKLOG = 512
_STOP_SECONDS = 1
#: A client that has vanished while nobody reads from it is noticed when something is written to it.
_PING_SECONDS = 5.0


def bound_socket(host: str, port: int) -> socket.socket:
    """A listening socket; OperationFailed that names the port when somebody else has it."""
    # With the protocol named, asyncio sets TCP_NODELAY; else every small answer waits 40 ms for the client's delayed ACK.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise OperationFailed(
            f"the Kubernetes API cannot listen on {host}:{port}: {error.strerror}. "
            "Stop the program that uses this port, or choose another port (0 takes any free one)."
        ) from error
    listening.setblocking(False)
    return listening


def tls_context(server: Credential, authority_pem: bytes) -> ssl.SSLContext:
    """A server context that verifies a client certificate if there is one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=authority_pem.decode())
    with tempfile.TemporaryDirectory(prefix="wavetank-tls-") as folder:  # the ssl module takes keys from files only
        certificate, key = Path(folder, "tls.crt"), Path(folder, "tls.key")
        key.touch(mode=0o600)
        certificate.write_bytes(server.certificate_pem)
        key.write_bytes(server.key_pem)
        context.load_cert_chain(certificate, key)
    return context


class _Protocol(HttpToolsProtocol):
    """Puts the verified client certificate into the scope of every request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        self._certificate: dict[str, Any] | None = tls.getpeercert() if tls is not None else None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment] # a TypedDict that we extend
        scope[CERTIFICATE] = self._certificate

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade() and not self._should_upgrade():
            scope: dict[str, Any] = self.scope  # type: ignore[assignment] # a TypedDict that we extend
            scope[HIJACK] = self._hijacked
        super().on_headers_complete()

    def _hijacked(self) -> Hijacked:
        """The connection, which uvicorn does not touch any more."""
        self.cycle.disconnected = True  # the request has no answer, and needs none
        connections: set[Any] = self.connections
        connections.discard(self)
        hijacked = Hijacked(self.transport, lambda: connections.discard(hijacked))
        connections.add(hijacked)
        return hijacked


class _WebSocketProtocol(WebSocketsSansIOProtocol):
    """Puts the certificate into the scope here, too, and an event that tells that the client has gone."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._gone = asyncio.Event()

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:  # the application's task has been made and has not begun
            scope: dict[str, Any] = self.scope  # type: ignore[assignment] # a TypedDict that we extend
            tls = self.transport.get_extra_info("ssl_object")
            scope[CERTIFICATE] = tls.getpeercert() if tls is not None else None
            scope[GONE] = self._gone

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._gone.set()


class _Uvicorn(uvicorn.Server):
    """Leaves the process's signals alone: they belong to whoever runs the loop. Ends at once when it is told to."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    def end(self) -> None:
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        """Nothing here needs uvicorn's ticks: there is no Date header and no limit of requests."""
        await self.on_tick(0)
        await self._ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Without connections there is nothing to be patient with."""
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for each in (*self.servers, *(sockets or ())):
            each.close()


class Listener:
    """One HTTPS server. ``start`` returns when it answers; ``stop`` when every connection is closed."""

    def __init__(self, app: Any, listening: socket.socket, context: ssl.SSLContext) -> None:
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws=_WebSocketProtocol,
            ws_ping_interval=_PING_SECONDS,
            ws_ping_timeout=None,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        config.load()
        config.ssl = context
        self._server = _Uvicorn(config)
        self._socket = listening
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._server.serve([self._socket]), name="kubernetes-api")
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise OperationFailed("the Kubernetes API ended before it answered")
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        self._server.end()
        if self._task is not None:
            await self._task
        self._socket.close()
