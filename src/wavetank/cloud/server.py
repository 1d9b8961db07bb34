"""The HTTP server of the embedded AWS: one socket, a thread per request, and an end that is one.

``embedded`` starts and stops it. The socket is bound before anything says "started", so a busy port is known at once.
"""

from __future__ import annotations

import errno
import logging
import socket
import threading
from typing import Any

from wavetank.base.errors import OperationFailed
from wavetank.cloud.dispatch import WsgiApp

HOST = "127.0.0.1"
STOP_SECONDS = 10.0


def bound_socket(port: int) -> socket.socket:
    """A listening socket on the loopback address; port 0 picks a free one. Raises OperationFailed if it is busy."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise OperationFailed(_busy(port, error)) from error
    return listener


def _busy(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {HOST} is busy, so the embedded AWS cannot listen there: stop the program that holds it "
            "(`wavetank down` if it is another wavetank), or choose another port"
        )
    return f"the embedded AWS cannot listen on {HOST}:{port}: {error.strerror}"


class HttpServer:
    """Serves a WSGI application until ``stop``."""

    def __init__(self, listener: socket.socket, application: WsgiApp) -> None:
        from werkzeug.serving import make_server

        logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
        self._listener = listener
        self._server: Any = make_server(
            HOST, self.port, application, threaded=True, request_handler=_request_handler(), fd=listener.fileno()
        )
        # Requests in flight (an SDK's idle keep-alive connection among them) must not hold the process back.
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.name = "embedded-aws"
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def stop(self) -> None:
        """Answer what is being answered, accept nothing more, and free the port."""
        self._server.shutdown()
        self._thread.join(STOP_SECONDS)
        assert not self._thread.is_alive(), "the embedded AWS still serves after shutdown"
        self._server.server_close()
        self._listener.close()


def _request_handler() -> Any:
    """moto's handler (it keeps underscores in S3 metadata headers)."""
    from moto.moto_server.werkzeug_app import MotoRequestHandler

    return MotoRequestHandler
