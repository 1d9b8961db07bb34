"""The resolved service mesh: Istio's objects in Istio's own shape, by what they are for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wavetank.kube.types import Obj


@dataclass(frozen=True)
class MeshObject:
    """A custom resource of Istio (or a certificate for one of its gateways)."""

    name: str
    namespace: str
    api_version: str
    kind: str
    spec: Obj


@dataclass(frozen=True)
class Mesh:
    mtls: Literal["STRICT", "PERMISSIVE"]
    #: namespaces whose pods get a proxy
    namespaces: tuple[str, ...]
    peer_authentications: tuple[MeshObject, ...]
    gateways: tuple[MeshObject, ...]
    #: cert-manager's Certificates for the gateways
    certificates: tuple[MeshObject, ...]
    #: VirtualServices
    routes: tuple[MeshObject, ...]
    #: DestinationRules
    destinations: tuple[MeshObject, ...]
    #: AuthorizationPolicies
    authorization: tuple[MeshObject, ...]
    request_authentication: tuple[MeshObject, ...]
    service_entries: tuple[MeshObject, ...]
    telemetry: tuple[MeshObject, ...]
