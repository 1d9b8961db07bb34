"""The resolved side of secrets in the cluster: where External Secrets reads, which Secrets it fills, which are sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class SecretReader:
    """A SecretStore or ClusterSecretStore of External Secrets, with the service account whose role reads Secrets Manager."""

    name: str
    kind: Literal["SecretStore", "ClusterSecretStore"]
    #: of the store (of a SecretStore) and of the service account
    namespace: str
    service_account: str
    #: name of the PodRole
    role: str
    #: namespaces that may use it; of a SecretStore its own
    namespaces: tuple[str, ...]


@dataclass(frozen=True)
class ExternalSecret:
    """An external-secrets.io ExternalSecret and the Secret that it fills."""

    name: str
    namespace: str
    workload: str
    #: name of a SecretReader
    store: str
    store_kind: Literal["SecretStore", "ClusterSecretStore"]
    #: name in Secrets Manager
    secret: str
    #: key of the Secret -> property, "" for the whole value; empty: every property
    keys: Mapping[str, str]
    refresh: str


@dataclass(frozen=True)
class SealedSecret:
    """A bitnami.com SealedSecret."""

    name: str
    namespace: str
    workload: str
    encrypted_data: Mapping[str, str]
    scope: Literal["strict", "namespace-wide", "cluster-wide"]
    type: str
