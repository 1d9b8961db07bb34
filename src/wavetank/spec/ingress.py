"""What an author writes about the way in from outside: ingresses, and who signs their certificates."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from wavetank.spec.problems import refuse
from wavetank.spec.words import (
    Arn,
    Cidr,
    Count,
    Many,
    Name,
    PortOrName,
    Positive,
    Quantity,
    ServiceName,
    Setting,
    Written,
    mapping_with,
    short_form,
)

_HOST = re.compile(r"(\*\.)?([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")


def _host(value: str) -> str:
    if _HOST.match(value) and len(value) <= 253:
        return value
    return refuse(f'"{value}" is not a host name', "For example api.example.com, or *.example.com for all names below.")


def _path(value: str) -> str:
    return value if value.startswith("/") else refuse(f'the path "{value}" must begin with /', f"Write /{value}.")


#: a public name, with a leading ``*.`` for all names directly below
HostName = Annotated[str, AfterValidator(_host)]
UrlPath = Annotated[str, AfterValidator(_path)]

PathType = Literal["Prefix", "Exact", "ImplementationSpecific"]
Scheme = Literal["internet-facing", "internal"]


class IngressPath(Written):
    """Requests below a path and the Service that answers them."""

    path: UrlPath = "/"
    """Path as the client asks for it. Neither ALB nor NGINX takes a prefix away: the program must serve /api/... itself."""
    path_type: PathType | None = None
    """Default Prefix: the path and everything below it."""
    service: ServiceName
    """The Service, in the namespace of the ingress."""
    port: PortOrName | None = None
    """Port of the Service. Default: its first one."""
    health_check: UrlPath | None = None
    """ALB only: path that the load balancer asks. Default: that of the ingress, or else the readiness probe's."""


def _paths(value: Any) -> Any:
    """``{/: frontend, /api: backend}``: a Service for each path; a single path needs no list."""
    if not isinstance(value, dict):
        return value
    if "service" in value:
        return [value]
    return [{"path": path, "service": service} for path, service in value.items()]


class IngressHost(Written):
    """A public name and what answers below it. Short form: `{host: api.example.com, service: api, port: 8000}`."""

    short_forms = (mapping_with("service"),)

    host: HostName | None = None
    """Public name. Absent: every name; an NGINX ingress needs one. external-dns makes the DNS record from it."""
    paths: Annotated[Many[IngressPath], short_form(_paths, dict[str, str] | list[IngressPath] | IngressPath)]
    """Paths with their Services; short: `{/: frontend, /api: backend}`."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "paths" in value or "service" not in value:
            return value
        host = {key: each for key, each in value.items() if key == "host"}
        return host | {"paths": [{key: each for key, each in value.items() if key != "host"}]}

    @model_validator(mode="after")
    def _some_path(self) -> IngressHost:
        return self if self.paths else refuse("a host needs a path", "For example `paths: {/: frontend}`.")


class IngressTls(Written):
    """Where HTTPS gets its certificate. Exactly one of certificate, issuer and secret."""

    certificate: Name | None = None
    """ALB: a certificate of `dns.certificates`. The controller finds it in ACM by its domain names, so that no ARN, which
    only Terraform knows, has to be written into a manifest."""
    issuer: Name | None = None
    """NGINX: one of `certificateIssuers`; cert-manager puts the certificate into a Secret and renews it."""
    secret: Name | None = None
    """NGINX: a Secret of type kubernetes.io/tls that is there already."""
    redirect: bool | None = None
    """Send HTTP to HTTPS. Default true."""
    policy: str | None = None
    """ALB: name of the ELB security policy. Default ELBSecurityPolicy-TLS13-1-2-2021-06: TLS 1.3 and 1.2."""

    @model_validator(mode="after")
    def _one_source(self) -> IngressTls:
        if sum(source is not None for source in (self.certificate, self.issuer, self.secret)) != 1:
            refuse("tls needs exactly one of certificate, issuer and secret", "For example `issuer: letsencrypt`.")
        return self


class RateLimit(Written):
    """NGINX: most requests of one client address."""

    requests_per_second: Positive
    """Requests that one address may make in a second, over all pods of the controller together."""
    burst: Count | None = None
    """Requests beyond it that are let through at once. Default: as many as requestsPerSecond."""
    reject_code: Literal[429, 503] | None = None
    """Status of a refused request. Default 429."""


class Ingress(Written):
    """An Ingress. Class alb: an application load balancer of AWS; class nginx: the F5 NGINX Ingress Controller."""

    name: Name
    """Name of the Ingress."""
    namespace: Name | None = None
    """Namespace, that of its Services. Default: theirs."""
    class_: Annotated[Literal["alb", "nginx"], Field(alias="class")]
    """alb: made by the AWS Load Balancer Controller (chart aws-load-balancer-controller), straight to the pods. nginx: the
    chart nginx-ingress behind one network load balancer; what ingress-nginx users move to since that project ended."""
    scheme: Scheme | None = None
    """Default internal: the internet is a decision. All nginx ingresses share one load balancer and so one scheme."""
    group: Name | None = None
    """ALB: ingresses of one group share a load balancer. Default: one group per scheme, named for the platform."""
    hosts: Many[IngressHost]
    """Names and paths."""
    tls: IngressTls | None = None
    """HTTPS. Default none: plain HTTP."""
    health_check: UrlPath | None = None
    """ALB: path that the load balancer asks. Default: the readiness probe's path of each Service's pods."""
    rate_limit: RateLimit | None = None
    """NGINX: per client address. An ALB has no such limit; a web ACL (`waf`) can."""
    timeout_seconds: Positive | None = None
    """NGINX: seconds to connect to a pod, and between two reads or writes. Default 60, as in NGINX."""
    max_body_size: Quantity | None = None
    """NGINX: largest request body. Default 1Mi, as in NGINX."""
    idle_timeout_seconds: Annotated[int, Field(ge=1, le=4000)] | None = None
    """ALB: seconds without data until a connection is closed; of the whole group. Default 60, as AWS has it."""
    deletion_protection: bool | None = None
    """ALB: refuse to delete the load balancer; of the whole group. Default false."""
    source_ranges: Many[Cidr] | None = None
    """Who may connect; of the whole load balancer. Default whoever the scheme lets in."""
    waf: Arn | None = None
    """ALB: ARN of a WAFv2 web ACL; of the whole group. Default none."""
    annotations: dict[str, Setting] | None = None
    """Further annotations, laid over those that follow from the above."""

    @model_validator(mode="after")
    def _fits_its_class(self) -> Ingress:
        if not self.hosts:
            refuse("an ingress needs a host", "For example `hosts: [{service: api}]`.")
        foreign = _ALB_ONLY if self.class_ == "nginx" else _NGINX_ONLY
        for key, remedy in foreign.items():
            if getattr(self, key) is not None:
                refuse(f"class {self.class_} has no {_camel(key)}", remedy)
        return self

    @model_validator(mode="after")
    def _certificate_fits(self) -> Ingress:
        if self.tls is not None and self.class_ == "alb" and self.tls.certificate is None:
            refuse("an ALB takes its certificate from ACM", "Name one of dns.certificates: `tls: {certificate: ...}`.")
        if self.tls is not None and self.class_ == "nginx" and self.tls.certificate is not None:
            refuse("NGINX cannot use a certificate of ACM", "Name one of certificateIssuers: `tls: {issuer: ...}`.")
        return self


_ALB_ONLY = {
    "group": "All nginx ingresses share one load balancer.",
    "health_check": "The load balancer asks NGINX itself; NGINX sends requests to ready pods only.",
    "idle_timeout_seconds": "Write timeoutSeconds.",
    "deletion_protection": "Set it among the values of the chart nginx-ingress.",
    "waf": "A web ACL cannot be put on a network load balancer; use class alb.",
}
_NGINX_ONLY = {
    "rate_limit": "Use class nginx, or a web ACL with a rate-based rule (`waf`).",
    "timeout_seconds": "Write idleTimeoutSeconds.",
    "max_body_size": "An ALB passes on bodies of any size.",
}


def _camel(key: str) -> str:
    head, *rest = key.split("_")
    return head + "".join(word.capitalize() for word in rest)


class CertificateIssuer(Written):
    """A ClusterIssuer of cert-manager that gets certificates from Let's Encrypt by ACME."""

    name: Name
    """Name of the ClusterIssuer."""
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    """Address that the certificate authority writes to."""
    server: Literal["production", "staging"] | None = None
    """Default production; certificates of staging are trusted by nobody, but it has no weekly limit."""
    solver: Literal["http01", "dns01"] | None = None
    """How the name is proven. Default http01: a path on the host itself; dns01: a TXT record in Route 53, which also works
    for wildcards and for hosts that the internet cannot reach, and gives cert-manager a role for the zone."""
    class_: Annotated[Literal["nginx", "alb"] | None, Field(alias="class")] = None
    """http01: class of the ingress that answers the challenge. Default nginx."""
