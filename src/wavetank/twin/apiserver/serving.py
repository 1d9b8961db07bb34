"""The TLS socket and the HTTP server behind it: uvicorn on the loop that owns the cluster, with client certificates.

uvicorn does not hand a client's certificate to the application, so its protocol class is extended by that (internal API of a
pinned version; ``tests/twin/test_serving.py`` holds it to it). The socket is bound first: a busy port is known at once.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from wavetank.base.errors import OperationFailed

from .certificates import CertificateAuthority

HOST = "127.0.0.1"
SERVER_NAMES = ("127.0.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
BACKLOG = 512
#: Key of the ASGI scope's extensions under which the application finds the client's certificate (as ``getpeercert`` gives it).
PEER_CERTIFICATE = "wavetank.peer_certificate"


class CertificateProtocol(HttpToolsProtocol):
    """Puts the verified certificate of the client into the scope of each of its requests."""

    def on_headers_complete(self) -> None:
        tls = self.transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert() if tls is not None else None
        self.scope["extensions"] = {PEER_CERTIFICATE: certificate or {}}
        super().on_headers_complete()


class QuietServer(uvicorn.Server):
    """A server that leaves signals to the program it is part of."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bound_socket(port: int) -> socket.socket:
    """A socket on the loopback address; port 0 picks a free one. OperationFailed when it is busy."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno != errno.EADDRINUSE:
            raise OperationFailed(f"the Kubernetes API cannot listen on {HOST}:{port}: {error.strerror}") from error
        raise OperationFailed(
            f"port {port} on {HOST} is busy, so the Kubernetes API cannot listen there: stop the program that holds it "
            "(`wavetank down` if it is another wavetank), or choose another port"
        ) from error
    listener.setblocking(False)
    return listener


def tls_context(authority: CertificateAuthority) -> ssl.SSLContext:
    """TLS with a fresh server certificate; clients may show a certificate of the authority, and others are turned away."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=authority.ca_pem)
    issued = authority.server(SERVER_NAMES)
    # The ssl module reads certificates from files only.
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder) / "server.pem"
        pem.touch(mode=0o600)
        pem.write_text(issued.certificate_pem + issued.key_pem)
        context.load_cert_chain(pem)
    return context


class HttpsServer:
    """Serves an ASGI application over TLS on a bound socket, as a task of the running loop."""

    def __init__(self, application: Any, listener: socket.socket, authority: CertificateAuthority) -> None:
        config = uvicorn.Config(
            application,
            http=CertificateProtocol,
            loop="none",
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
            backlog=BACKLOG,
        )
        config.load()
        config.ssl = tls_context(authority)
        self._server = QuietServer(config)
        self._listener = listener
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    async def start(self) -> None:
        """Return once connections are taken."""
        self._task = asyncio.get_running_loop().create_task(self._server.serve(sockets=[self._listener]))
        while not self._server.started:
            if self._task.done():
                await self._task
                raise OperationFailed("the Kubernetes API ended before it had started")
            await asyncio.sleep(0.001)

    async def stop(self) -> None:
        """End within about a second; end watches before, the server waits for open requests."""
        if self._task is None:
            return
        self._server.should_exit = True
        await self._task
        self._listener.close()
