"""The resolved way in: ingresses with the load balancers behind them, and the issuers of their certificates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from wavetank.kube.types import Obj


@dataclass(frozen=True)
class IngressPath:
    path: str
    path_type: Literal["Prefix", "Exact", "ImplementationSpecific"]
    #: name of a Service of the plan
    service: str
    #: {"name": ...} or {"number": ...}
    port: Obj
    #: what an ALB asks pods of this Service; NGINX asks nothing
    health_check_path: str | None


@dataclass(frozen=True)
class IngressHost:
    #: None: every name
    host: str | None
    paths: tuple[IngressPath, ...]


@dataclass(frozen=True)
class IngressTls:
    #: a certificate of the plan's ``dns``; the controller finds it in ACM by the hosts
    certificate: str | None
    #: a CertificateIssuer of the plan
    issuer: str | None
    #: the Secret that holds it; None for certificates of ACM
    secret: str | None
    redirect: bool


@dataclass(frozen=True)
class Ingress:
    """A networking.k8s.io/v1 Ingress."""

    name: str
    namespace: str
    ingress_class: Literal["alb", "nginx"]
    scheme: Literal["internet-facing", "internal"]
    #: ingresses of class alb with the same group share one load balancer; all of class nginx share one anyway
    group: str | None
    hosts: tuple[IngressHost, ...]
    tls: IngressTls | None
    source_ranges: tuple[str, ...]
    annotations: Mapping[str, str]


@dataclass(frozen=True)
class CertificateIssuer:
    """A cert-manager.io/v1 ClusterIssuer."""

    name: str
    solver: Literal["http01", "dns01"]
    #: ClusterIssuer spec
    spec: Obj
