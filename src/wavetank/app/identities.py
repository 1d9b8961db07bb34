"""Who pods are to AWS: the tokens that the clusters issue, and the roles that associations give to service accounts.

Asked by the embedded AWS (AssumeRoleWithWebIdentity) and by ``pod_credentials`` on threads of their own, told by the tank.
Never waits for a cluster's thread.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from wavetank.cloud import ClusterRef
from wavetank.cloud.events import PodIdentityChanged
from wavetank.cloud.web_identity import Claims
from wavetank.twin.cluster.tokens import InvalidTokenError, TokenIssuer


@dataclass
class _Known:
    issuer: TokenIssuer
    #: Association id -> (namespace, service account, role)
    roles: dict[str, tuple[str, str, str]] = field(default_factory=dict)


class PodIdentities:
    """Of all clusters that run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clusters: dict[ClusterRef, _Known] = {}

    def add(self, cluster: ClusterRef, issuer: TokenIssuer, issuer_url: str) -> None:
        """A cluster runs; its tokens name the issuer that EKS gave it."""
        issuer.issuer = issuer_url
        with self._lock:
            self._clusters[cluster] = _Known(issuer)

    def remove(self, cluster: ClusterRef) -> None:
        with self._lock:
            self._clusters.pop(cluster, None)

    def note(self, event: PodIdentityChanged) -> None:
        with self._lock:
            known = self._clusters.get(event.cluster)
            if known is None:
                return
            if event.role_arn is None:
                known.roles.pop(event.association_id, None)
            else:
                known.roles[event.association_id] = (event.namespace, event.service_account, event.role_arn)

    def claims(self, token: str) -> Claims | None:
        """The verified claims of a token of one of the clusters; None for any other (``WebIdentities``)."""
        found = self.bearer(token)
        return None if found is None else found[1]

    def bearer(self, token: str) -> tuple[ClusterRef, Claims] | None:
        """The cluster that issued a token, and its claims."""
        with self._lock:
            known = list(self._clusters.items())
        for cluster, each in known:
            try:
                return cluster, each.issuer.claims(token)
            except InvalidTokenError:
                continue
        return None

    def role_of(self, cluster: ClusterRef, namespace: str, account: str) -> str | None:
        """The role that an association gives to a service account."""
        with self._lock:
            known = self._clusters.get(cluster)
            roles = list(known.roles.values()) if known is not None else []
        return next((role for ns, name, role in roles if (ns, name) == (namespace, account)), None)
