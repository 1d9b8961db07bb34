"""``Cloud``: the embedded AWS as its owner sees it, from start to stop.

moto keeps its state in its modules, so a process can run one at a time. ``app`` owns the instance, hands in the provider
of control planes and the listeners, and asks it who the bearer of a Kubernetes token is.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from wavetank.base.errors import OperationFailed
from wavetank.cloud import environment, tokens
from wavetank.cloud.callers import DEFAULT_ACCESS_KEY_ID, DEFAULT_SECRET_ACCESS_KEY, Callers
from wavetank.cloud.dispatch import Dispatcher
from wavetank.cloud.eks.access import ClusterUser, user_for
from wavetank.cloud.eks.api import EksApi
from wavetank.cloud.events import ClusterCreated, ClusterEndpoint, ClusterEndpoints, ClusterRef, Listener
from wavetank.cloud.honest import Ledger, RefusedCall
from wavetank.cloud.server import HttpServer, bound_socket
from wavetank.cloud.web_identity import WebIdentities, no_web_identities

#: AWS's account for documentation; rendered placeholders use it too.
DOCUMENTATION_ACCOUNT = "111122223333"

_moto_in_use = threading.Lock()


@dataclass(frozen=True)
class CloudOptions:
    """``port`` 0 picks a free one. ``seed`` makes the ids that EKS gives reproducible (moto's own ids are not)."""

    port: int = 0
    account: str = DOCUMENTATION_ACCOUNT
    seed: int = 1


def unserved(created: ClusterCreated) -> ClusterEndpoint:
    """The endpoint of clusters that nobody runs: a name as AWS gives it, which leads nowhere."""
    issuer_id = created.facts.oidc_issuer.rsplit("/", 1)[-1]
    return ClusterEndpoint(f"https://{issuer_id}.gr7.{created.cluster.region}.eks.amazonaws.com", "no control plane\n")


def utc_now() -> datetime:
    return datetime.now(UTC)


class Cloud:
    """An AWS API on the loopback interface. ``start`` and ``stop`` once each, or use it as a context manager.

    ``endpoints`` gives new clusters their control plane, ``listeners`` hear of every change, ``web_identities`` knows the
    service-account tokens of the clusters that run. All three are called on the server's threads.
    """

    def __init__(
        self,
        options: CloudOptions = CloudOptions(),
        endpoints: ClusterEndpoints = unserved,
        listeners: Sequence[Listener] = (),
        web_identities: WebIdentities = no_web_identities,
    ) -> None:
        self.options = options
        self._web_identities = web_identities
        self._callers = Callers(options.account)
        self._ledger = Ledger()
        self._eks = EksApi(self._callers, endpoints, listeners, utc_now, options.seed)
        self._server: HttpServer | None = None
        self._release = ExitStack()

    def start(self) -> None:
        """Listen. Raises OperationFailed when the port is busy or another Cloud runs in this process."""
        assert self._server is None, "a Cloud is started once"
        listener = bound_socket(self.options.port)
        if not _moto_in_use.acquire(blocking=False):
            listener.close()
            raise OperationFailed("this process runs an embedded AWS already: stop it first, moto has one state only")
        with ExitStack() as undo:
            undo.callback(_moto_in_use.release)
            undo.callback(listener.close)
            environment.prepare(os.environ)
            # Imported here and not above: moto reads the environment when it is imported.
            from wavetank.cloud.fixes import applied
            from wavetank.cloud.fixes.patch import Context

            undo.callback(_forget_moto_state)
            undo.enter_context(applied(Context(self._web_identities)))
            self._server = HttpServer(listener, Dispatcher(self._eks, self._callers, self._ledger))
            self._release = undo.pop_all()

    def stop(self) -> None:
        """Free the port and forget everything that was created. Safe to call twice."""
        server, self._server = self._server, None
        if server is not None:
            with self._release:
                server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        assert self._server is not None, "the embedded AWS is not running"
        return self._server.port

    @property
    def url(self) -> str:
        """What AWS_ENDPOINT_URL must be. The address, not ``localhost``: SDKs then use path-style S3 by themselves."""
        return f"http://127.0.0.1:{self.port}"

    def client_environment(self, region: str) -> dict[str, str]:
        """The variables with which terraform, aws and SDKs work unmodified against this cloud."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": DEFAULT_ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": DEFAULT_SECRET_ACCESS_KEY,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def refused_calls(self) -> tuple[RefusedCall, ...]:
        """Calls that were answered "not implemented" or that broke, in order."""
        return self._ledger.calls()

    def clusters(self) -> tuple[ClusterRef, ...]:
        with self._eks.clusters.lock:
            return tuple(cluster.ref for cluster in self._eks.clusters.all())

    def user_of_token(self, cluster: ClusterRef, token: str, now: datetime) -> ClusterUser:
        """Who the bearer of an ``aws eks get-token`` token is to this cluster.

        Raises tokens.TokenRefused when the token proves nothing, or the cluster has no access entry for the identity.
        """
        identity = tokens.verify(token, cluster.name, now, self._callers.key)
        with self._eks.clusters.lock:
            found = self._eks.clusters.find(cluster)
            user = user_for(found, identity) if found else None
        if user is None:
            raise tokens.TokenRefused(f"{identity.principal_arn} has no access to cluster {cluster.name}")
        return user


def _forget_moto_state() -> None:
    """Drop every backend. Unlike moto's own reset this builds no new ones (an IAM is 1,582 policies)."""
    from moto.core.base_backend import BackendDict

    for backends in BackendDict._instances:
        backends.clear()
    BackendDict._instances.clear()
