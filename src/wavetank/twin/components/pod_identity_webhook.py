"""EKS's pod identity webhook: pods of accounts that have an IAM role get a token and the variables that SDKs look for.

It is part of every EKS control plane and needs no add-on. Two ways lead to a role: an annotation of the service account (IAM
roles for service accounts) and an association that EKS keeps; an association comes first. Behaviour and names are those of
``aws/amazon-eks-pod-identity-webhook`` (``pkg/handler/handler.go``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.admission.attempt import Attempt, Plugin

PREFIX = "eks.amazonaws.com"
ROLE_ARN, AUDIENCE, EXPIRATION = f"{PREFIX}/role-arn", f"{PREFIX}/audience", f"{PREFIX}/token-expiration"
REGIONAL_ENDPOINTS, SKIPPED = f"{PREFIX}/sts-regional-endpoints", f"{PREFIX}/skip-containers"
DEFAULT_AUDIENCE, POD_AUDIENCE = "sts.amazonaws.com", "pods.eks.amazonaws.com"
DEFAULT_EXPIRATION_SECONDS, LEAST_EXPIRATION_SECONDS = 86400, 3600
#: Where the agent answers on every node of EKS.
AGENT_URI = "http://169.254.170.23/v1/credentials"


@dataclass(frozen=True)
class Injection:
    """A token volume and the variables that go with it, in order."""

    volume: str
    folder: str
    file: str
    audience: str
    expiration_seconds: int
    variables: Mapping[str, str]
    #: Variables of which one is enough to show that the container looks after itself.
    decisive: frozenset[str]


class PodIdentityWebhook:
    """Of one cluster. ``associate`` is told of associations as they come and go."""

    def __init__(self, cluster: Cluster, region: str, agent_uri: str = AGENT_URI) -> None:
        self._cluster, self._region, self._agent_uri = cluster, region, agent_uri
        self._associated: dict[str, tuple[str, str]] = {}
        self.close: Callable[[], None] = cluster.add_webhook(
            Plugin("pod-identity-webhook", admit=self._admit, kinds=("pods",))
        )

    def associate(self, association_id: str, namespace: str, account: str, role_arn: str | None) -> None:
        """An association exists now, or no longer (``role_arn`` None). Pods that run keep what they have."""
        if role_arn is None:
            self._associated.pop(association_id, None)
        else:
            self._associated[association_id] = (namespace, account)

    def _admit(self, attempt: Attempt) -> Obj:
        if not attempt.creates("pods"):
            return attempt.obj
        name = attempt.obj["spec"].get("serviceAccountName") or "default"
        account = self._cluster.find("serviceaccounts", attempt.namespace, name)
        annotations = ((account or {}).get("metadata") or {}).get("annotations") or {}
        if (attempt.namespace, name) in self._associated.values():
            return injected(attempt.obj, self._of_association())
        if ROLE_ARN in annotations:
            return injected(attempt.obj, self._of_annotation(annotations, attempt.obj))
        return attempt.obj

    def _common(self, *, regional: bool = True) -> dict[str, str]:
        endpoints = {"AWS_STS_REGIONAL_ENDPOINTS": "regional"} if regional else {}
        return {**endpoints, "AWS_DEFAULT_REGION": self._region, "AWS_REGION": self._region}

    def _of_association(self) -> Injection:
        folder, file = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount", "eks-pod-identity-token"
        variables = self._common() | {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": self._agent_uri,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": f"{folder}/{file}",
        }
        decisive = frozenset({"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"})
        return Injection(file, folder, file, POD_AUDIENCE, DEFAULT_EXPIRATION_SECONDS, variables, decisive)

    def _of_annotation(self, account: Mapping[str, str], pod: Obj) -> Injection:
        folder = f"/var/run/secrets/{PREFIX}/serviceaccount"
        own = pod["metadata"].get("annotations") or {}
        regional = account.get(REGIONAL_ENDPOINTS, "true").lower() != "false"
        variables = self._common(regional=regional) | {
            "AWS_ROLE_ARN": account[ROLE_ARN],
            "AWS_WEB_IDENTITY_TOKEN_FILE": f"{folder}/token",
        }
        stated = own.get(EXPIRATION) or account.get(EXPIRATION) or ""
        seconds = max(int(stated), LEAST_EXPIRATION_SECONDS) if stated.isdigit() else DEFAULT_EXPIRATION_SECONDS
        decisive = frozenset({"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"})
        audience = account.get(AUDIENCE, DEFAULT_AUDIENCE)
        return Injection("aws-iam-token", folder, "token", audience, seconds, variables, decisive)


def injected(pod: Obj, injection: Injection) -> Obj:
    """The pod with the token's volume, its mounts and the variables; containers that look after themselves are left alone."""
    annotations = pod["metadata"].get("annotations") or {}
    skipped = {name.strip() for name in annotations.get(SKIPPED, "").split(",")}
    spec = dict(pod["spec"])
    for kind in ("initContainers", "containers"):
        if spec.get(kind):
            spec[kind] = [c if c["name"] in skipped else _with_token(c, injection) for c in spec[kind]]
    volumes = list(spec.get("volumes") or ())
    if not any(volume["name"] == injection.volume for volume in volumes):
        token = {
            "audience": injection.audience,
            "expirationSeconds": injection.expiration_seconds,
            "path": injection.file,
        }
        source = {"defaultMode": 420, "sources": [{"serviceAccountToken": token}]}
        volumes.append({"name": injection.volume, "projected": source})
    return {**pod, "spec": {**spec, "volumes": volumes}}


def _with_token(container: Obj, injection: Injection) -> Obj:
    variables = list(container.get("env") or ())
    there = {variable["name"] for variable in variables}
    if there & injection.decisive:
        return container
    variables += [{"name": k, "value": v} for k, v in injection.variables.items() if k not in there]
    mounts = list(container.get("volumeMounts") or ())
    if not any(mount["mountPath"] == injection.folder for mount in mounts):
        mounts.append({"name": injection.volume, "mountPath": injection.folder, "readOnly": True})
    return {**container, "env": variables, "volumeMounts": mounts}
