"""Who the bearer of an ``aws eks get-token`` token is to a twin: the embedded AWS verifies it, entries say the rest."""

from __future__ import annotations

from datetime import UTC, datetime

from wavetank.cloud import Cloud, ClusterRef, ClusterUser, Grant, TokenRefused
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster, User

RBAC = "rbac.authorization.k8s.io"
PREFIX = "k8s-aws-v1."


class AwsTokens:
    """A ``TokenAuthenticator`` of the twin. ``serve`` names the cluster once it exists.

    EKS decides about access policies with an authorizer of its own; here a policy becomes the role binding that it amounts
    to, made when its user first appears.
    """

    def __init__(self, cloud: Cloud, reference: ClusterRef) -> None:
        self._cloud, self._reference = cloud, reference
        self._cluster: Cluster | None = None

    def serve(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def user_of(self, token: str) -> User | None:
        """The user, or None for a token that is no such token, proves nothing, or belongs to nobody here."""
        if not token.startswith(PREFIX):
            return None
        try:
            found = self._cloud.user_of_token(self._reference, token, datetime.now(UTC))
        except TokenRefused:
            return None
        if self._cluster is not None:
            bind(self._cluster, found)
        return User(found.username, (*found.groups, *map(group_of, found.grants)), found.uid)


def group_of(grant: Grant) -> str:
    """The group that stands for an access policy in its scope; ``bind`` gives it the policy's rights."""
    scope = ",".join(grant.namespaces) or "cluster"
    return f"eks-access-policy:{grant.policy}:{scope}"


def bindings_of(user: ClusterUser) -> list[Obj]:
    """The role bindings that amount to a user's access policies."""
    return [binding for grant in user.grants for binding in _bindings(grant)]


def _bindings(grant: Grant) -> list[Obj]:
    group = group_of(grant)
    name = group.replace(",", "-").lower()
    parts: Obj = {
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": grant.cluster_role},
        "subjects": [{"apiGroup": RBAC, "kind": "Group", "name": group}],
    }
    if not grant.namespaces:
        return [{"apiVersion": f"{RBAC}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name}, **parts}]
    return [
        {"apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": {"name": name, "namespace": namespace}, **parts}
        for namespace in grant.namespaces
    ]


def bind(cluster: Cluster, user: ClusterUser) -> None:
    """Create the bindings that are missing, in namespaces that exist."""
    for binding in bindings_of(user):
        key, metadata = cluster.resource_of(binding).key, binding["metadata"]
        namespace = metadata.get("namespace", "")
        if namespace and cluster.find("namespaces", "", namespace) is None:
            continue
        if cluster.find(key, namespace, metadata["name"]) is None:
            cluster.create(binding)
