"""The Kubernetes API of one cluster over HTTPS: sockets, certificates, kubeconfig, start and stop.

Runs on the asyncio loop that owns the cluster (the one its pacer runs on); handlers call the cluster directly.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from wavetank.twin.cluster import Cluster, User
from wavetank.twin.cluster.ports import LogSource, MetricsSource, NoLogs, NoMetrics
from wavetank.twin.cluster.streaming import NoStreams, Streams
from wavetank.twin.controllers.custom_metrics import MetricsAdapter, NoAdapter
from wavetank.twin.engine import Pacer

from .app import Application
from .edge import Edge
from .handlers.tank import Route
from .handlers.watching import Watcher
from .identity import ServiceAccountTokens, TokenAuthenticator
from .kubeconfig import kubeconfig, write_kubeconfig
from .listener import Listener, bound_socket, tls_context
from .pki import Authority, Credential

HOST = "127.0.0.1"
ADMIN = User("admin", ("system:masters",), "1")
#: The patch release that the twin says it is, whatever its minor.
PATCH = 2


class ApiServer:
    """Serves ``cluster``. ``port`` 0 takes any free one; ``url`` is known after ``start``."""

    def __init__(
        self,
        cluster: Cluster,
        pacer: Pacer,
        *,
        port: int = 0,
        metrics: MetricsSource | None = None,
        logs: LogSource | None = None,
        streams: Streams | None = None,
        authenticators: Sequence[TokenAuthenticator] = (),
        name: str = "wavetank",
        authority: Credential | None = None,
        custom_metrics: MetricsAdapter | None = None,
        metrics_by_name: bool = True,
    ) -> None:
        """``authority`` is the one of a twin that goes on after it was saved, so that old kubeconfigs stay good."""
        self._authority = Authority(known=authority)
        self._name, self._port = name, port
        release = f"v{cluster.version}.{PATCH}"
        self._edge = Edge(cluster, pacer, metrics or NoMetrics(), logs or NoLogs(), release, streams or NoStreams())
        self._edge.custom_metrics = custom_metrics or NoAdapter()
        self._edge.metrics_by_name = metrics_by_name
        self._app = Application(self._edge, (ServiceAccountTokens(cluster), *authenticators))
        self._listener: Listener | None = None
        self.url = ""

    @property
    def ca_pem(self) -> str:
        """The certificate authority that clients must trust."""
        return self._authority.certificate_pem.decode()

    @property
    def authority(self) -> Credential:
        """The certificate authority with its private key: for snapshots, which are secret."""
        return self._authority.credential

    def sign(self, request_pem: bytes, seconds: int, usages: Sequence[str]) -> bytes:
        """The certificate that somebody asked for, PEM; good for as long as the cluster's authority is."""
        return self._authority.sign(request_pem, timedelta(seconds=seconds), server="server auth" in usages)

    @property
    def port(self) -> int:
        return self._port

    def serve(self, *routes: Route) -> None:
        """Answer on paths below ``/wavetank/v1``, too."""
        self._app.routes.add(*routes)

    async def start(self) -> None:
        """Listen and answer; OperationFailed when the port is taken."""
        listening = bound_socket(HOST, self._port)
        self._port = _port_of(listening)
        self.url = f"https://{HOST}:{self._port}"
        server = self._authority.server([HOST, "localhost", "kubernetes", "kubernetes.default.svc"])
        context = tls_context(server, self._authority.certificate_pem)
        self._listener = Listener(self._app, listening, context)
        await self._listener.start()

    async def stop(self) -> None:
        """End all watches, then the connections; takes less than a second."""
        self._edge.closing = True
        for watcher in tuple(self._edge.watchers):
            if isinstance(watcher, Watcher):
                watcher.end()
        if self._listener is not None:
            await self._listener.stop()
            self._listener = None

    def write_kubeconfig(self, path: Path, *, user: User = ADMIN, namespace: str = "") -> None:
        """A kubeconfig with a certificate for ``user`` (the administrator), readable for its owner only."""
        assert self.url, "the server's address is known once it has started"
        identity = self._authority.client(user.name, user.groups, user.uid)
        authority = self._authority.certificate_pem
        write_kubeconfig(path, kubeconfig(self.url, authority, self._name, user.name, identity, namespace))


def _port_of(listening: socket.socket) -> int:
    return int(listening.getsockname()[1])
