"""What an author writes about the service mesh: Istio's own shapes, with shorter forms for the common case.

Parts in Istio's shape (connection pools, matches, retries ...) are taken as they are; ``mesh_references`` holds them against
Istio's structure. Hosts are names of Services of the platform; the rendered objects have their full names.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from wavetank.spec.ingress import HostName, Scheme, UrlPath
from wavetank.spec.problems import refuse
from wavetank.spec.words import (
    WHOLE_NUMBER,
    WORD,
    DottedName,
    Duration,
    FreeObject,
    Labels,
    Many,
    Name,
    Number,
    Port,
    Positive,
    Setting,
    Written,
    mapping_with,
    one_or_more,
)

Share = Annotated[
    int, AfterValidator(lambda value: value if 0 <= value <= 100 else refuse(f"{value} is not a share of 0 to 100"))
]


class GatewayTls(Written):
    """HTTPS of a gateway: exactly one of issuer and secret."""

    issuer: Name | None = None
    """One of `certificateIssuers`; cert-manager puts the certificate into the gateway's namespace."""
    secret: Name | None = None
    """A Secret of type kubernetes.io/tls in the gateway's namespace."""
    redirect: bool | None = None
    """Send HTTP to HTTPS. Default true."""

    @model_validator(mode="after")
    def _one_source(self) -> GatewayTls:
        if (self.issuer is None) == (self.secret is None):
            refuse("tls of a gateway needs exactly one of issuer and secret", "For example `issuer: letsencrypt`.")
        return self


class Gateway(Written):
    """The edge of the mesh: which hosts its proxies listen for. The proxies are the release of the chart `gateway`."""

    name: Name
    """Name of the Gateway; routes refer to it."""
    namespace: Name | None = None
    """Namespace. Default: that of the release of the chart gateway, where the certificates must be."""
    release: Name | None = None
    """The release of the chart gateway whose proxies it is for. Default: the only one."""
    scheme: Scheme | None = None
    """Load balancer of the proxies; of all gateways of a release. Default internal: the internet is a decision."""
    hosts: Many[HostName | Literal["*"]] | None = None
    """Names it listens for, on port 80, and 443 with tls."""
    tls: GatewayTls | None = None
    """HTTPS. Default none: plain HTTP."""
    servers: Many[FreeObject] | None = None
    """Servers in Istio's shape, instead of hosts and tls."""

    @model_validator(mode="after")
    def _one_form(self) -> Gateway:
        if (self.hosts is None) == (self.servers is None):
            refuse("a gateway needs either hosts or servers", "For example `hosts: [api.example.com]`.")
        return self


class When(Written):
    """Which requests: all conditions must hold."""

    headers: dict[str, Setting] | None = None
    """Headers with exactly these values."""
    path: UrlPath | None = None
    """Path prefix."""
    method: str | None = None
    """HTTP method."""


class HttpRoute(Written):
    """One entry of http, in Istio's shape or shortly: `{when: {headers: {canary: "true"}}, to: api, subset: v2}`."""

    name: Name | None = None
    """Name of the route; Argo Rollouts needs it where a VirtualService has several."""
    when: When | Annotated[Many[When], Field(min_length=1)] | None = None
    """Which requests; of several, one must hold. Default all that no route above took."""
    to: str | None = None
    """The Service that answers."""
    port: Port | None = None
    """Port of the Service. Default: its only one."""
    subset: Name | None = None
    """Subset of the Service's pods, as a destination defines it."""
    weights: dict[Name, Share] | None = None
    """Percent by subset, 100 together: `{v1: 90, v2: 10}`."""
    timeout: Duration | None = None
    """After which time a request has failed. Default none, as in Istio."""
    retries: FreeObject | Positive | None = None
    """Attempts, or Istio's shape. Istio's default is 2, on refused connections and 503 of a proxy."""
    match: Many[FreeObject] | None = None
    """Conditions in Istio's shape."""
    route: Many[FreeObject] | None = None
    """Destinations in Istio's shape."""
    redirect: FreeObject | None = None
    """Redirect in Istio's shape."""
    direct_response: FreeObject | None = None
    """Fixed answer in Istio's shape."""
    delegate: FreeObject | None = None
    """Another VirtualService that decides."""
    rewrite: FreeObject | None = None
    """What path or authority becomes. This is where a prefix can be taken away."""
    fault: FreeObject | None = None
    """Faults that are injected."""
    mirror: FreeObject | None = None
    """Where a copy of each request goes."""
    mirrors: Many[FreeObject] | None = None
    """Several such places."""
    mirror_percentage: FreeObject | None = None
    """Share of requests that are copied."""
    cors_policy: FreeObject | None = None
    """Answers to browsers of other origins."""
    headers: FreeObject | None = None
    """Headers that are added or removed."""

    @model_validator(mode="after")
    def _one_target(self) -> HttpRoute:
        targets = ("to", "route", "redirect", "direct_response", "delegate")
        if sum(getattr(self, target) is not None for target in targets) != 1:
            refuse("a route needs exactly one of to, route, redirect, directResponse and delegate")
        if self.when is not None and self.match is not None:
            refuse("a route has either when or match", "`when` is the short form of `match`.")
        if self.to is None and (self.subset is not None or self.weights is not None or self.port is not None):
            refuse("subset, weights and port belong to the short form", "Write `to: <service>`.")
        if self.subset is not None and self.weights is not None:
            refuse("a route has either a subset or weights of several")
        return self

    @model_validator(mode="after")
    def _whole(self) -> HttpRoute:
        if self.weights is not None and sum(self.weights.values()) != 100:
            refuse(f"the weights add up to {sum(self.weights.values())}, not to 100", "They are percentages.")
        return self


class MeshRoute(Written):
    """A VirtualService: where requests to a host go."""

    name: DottedName
    """Name of the VirtualService."""
    namespace: Name | None = None
    """Namespace. Default: that of the first Service it sends to."""
    hosts: Annotated[Many[str], one_or_more(str)]
    """Services, or public names of its gateways."""
    gateways: Annotated[Many[str] | None, one_or_more(str)] = None
    """Gateways of the mesh by name; `mesh` means the proxies of all pods. Default mesh only."""
    http: Annotated[Many[HttpRoute] | None, one_or_more(HttpRoute)] = None
    """Routes; the first whose condition holds."""
    tls: Many[FreeObject] | None = None
    """Routes of TLS that is passed through, in Istio's shape."""
    tcp: Many[FreeObject] | None = None
    """Routes of other connections, in Istio's shape."""
    export_to: Many[str] | None = None
    """Namespaces that see it. Default all."""

    @model_validator(mode="after")
    def _some_route(self) -> MeshRoute:
        if not self.hosts:
            refuse("a VirtualService needs hosts", "Name the Service: `hosts: api`.")
        if not (self.http or self.tls or self.tcp):
            refuse("a VirtualService needs http, tls or tcp", "For example `http: [{to: api}]`.")
        return self


class Subset(Written):
    """Some of a Service's pods. Short form: its name, which is also the value of the label `version`."""

    short_forms = (WORD,)

    name: Name
    """Name of the subset."""
    labels: Labels
    """Labels that its pods have."""
    traffic_policy: FreeObject | None = None
    """What differs for it, in Istio's shape."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"name": value, "labels": {"version": value}} if isinstance(value, str) else value


class Destination(Written):
    """A DestinationRule: how proxies talk to a host, whichever route led there."""

    name: DottedName
    """Name of the DestinationRule."""
    namespace: Name | None = None
    """Namespace. Default: that of the Service."""
    service: str | None = None
    """The Service."""
    host: str | None = None
    """A host that is no Service of the platform: one of `serviceEntries`."""
    subsets: Many[Subset] | None = None
    """Subsets of its pods."""
    load_balancer: FreeObject | str | None = None
    """LEAST_REQUEST, ROUND_ROBIN, RANDOM, PASSTHROUGH, or Istio's shape. Istio's default is LEAST_REQUEST."""
    connection_pool: FreeObject | None = None
    """Limits of connections and waiting requests, in Istio's shape."""
    outlier_detection: FreeObject | None = None
    """When a pod is taken out, in Istio's shape: `{consecutive5xxErrors: 5, interval: 30s, baseEjectionTime: 30s}`."""
    tls: FreeObject | None = None
    """TLS to the host, in Istio's shape. Within the mesh Istio sees to it itself."""
    traffic_policy: FreeObject | None = None
    """The whole policy in Istio's shape, laid over the parts above."""
    export_to: Many[str] | None = None
    """Namespaces that see it. Default all."""

    @model_validator(mode="after")
    def _one_host(self) -> Destination:
        if (self.service is None) == (self.host is None):
            refuse("a destination needs either service or host", "For example `service: api`.")
        return self


class AuthorizationRule(Written):
    """One rule: its parts must ALL hold, while of several rules one is enough. Short: `{from: [web], methods: [GET]}`."""

    short_forms = (mapping_with("methods", "paths", "ports"),)

    from_: Annotated[Many[FreeObject | str] | None, one_or_more(str), Field(alias="from")] = None
    """Workloads of the platform and gateways of the mesh by name, or sources in Istio's shape."""
    methods: Many[str] | None = None
    """HTTP methods."""
    paths: Many[str] | None = None
    """Paths; a `*` at one end stands for anything."""
    ports: Many[Port] | None = None
    """Ports of the pods."""
    to: Many[FreeObject] | None = None
    """Operations in Istio's shape, instead of methods, paths and ports."""
    when: Many[FreeObject] | None = None
    """Further conditions in Istio's shape."""

    @model_validator(mode="after")
    def _one_form(self) -> AuthorizationRule:
        short = (self.methods, self.paths, self.ports)
        if self.to is not None and any(part is not None for part in short):
            refuse("a rule has either to or methods, paths and ports")
        return self


class Authorization(Written):
    """An AuthorizationPolicy."""

    name: DottedName
    """Name of the policy."""
    namespace: Name | None = None
    """Namespace. Default: the workload's."""
    workload: Name | None = None
    """Workload whose proxies enforce it. Absent: all of the namespace."""
    action: Literal["ALLOW", "DENY", "AUDIT", "CUSTOM"] | None = None
    """Default ALLOW: as soon as one such policy is there, what no rule allows is refused."""
    rules: Many[AuthorizationRule] | None = None
    """Rules, one of which must hold. None at all: with ALLOW, nothing is allowed."""


class RequestAuthentication(Written):
    """A RequestAuthentication: whose tokens are believed. Short form: `{issuer, jwksUri, audiences}`."""

    short_forms = (mapping_with("issuer"),)

    name: DottedName
    """Name of the object."""
    namespace: Name | None = None
    """Namespace. Default: the workload's."""
    workload: Name | None = None
    """Workload whose proxies look at the token. Absent: all of the namespace."""
    jwt_rules: Many[FreeObject]
    """Issuers in Istio's shape. A request without a token passes; an authorization must ask for requestPrincipals."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        keys = ("issuer", "jwksUri", "audiences")
        if not isinstance(value, dict) or "jwtRules" in value or "issuer" not in value:
            return value
        rule = {key: each for key, each in value.items() if key in keys}
        return {key: each for key, each in value.items() if key not in keys} | {"jwtRules": [rule]}


class EntryPort(Written):
    """A port of a service entry. Short form: its number."""

    short_forms = (WHOLE_NUMBER,)

    number: Port
    """Number."""
    name: Name | None = None
    """Name. Default: protocol and number."""
    protocol: Literal["HTTP", "HTTPS", "GRPC", "HTTP2", "MONGO", "TCP", "TLS"] | None = None
    """Default TLS for 443, HTTP for 80, else TCP."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"number": value} if isinstance(value, int) else value


class ServiceEntry(Written):
    """A ServiceEntry: a host outside the mesh that its routes and destinations may name."""

    name: DottedName
    """Name of the object."""
    namespace: Name | None = None
    """Namespace. Default: the only one of the platform."""
    hosts: Annotated[Many[str], one_or_more(str)]
    """Names of the host."""
    ports: Annotated[Many[EntryPort], one_or_more(int)]
    """Its ports."""
    location: Literal["MESH_EXTERNAL", "MESH_INTERNAL"] | None = None
    """Default MESH_EXTERNAL: it has no proxy."""
    resolution: Literal["DNS", "DNS_ROUND_ROBIN", "STATIC", "NONE"] | None = None
    """Default DNS; NONE for hosts with a wildcard."""
    endpoints: Many[FreeObject] | None = None
    """Addresses in Istio's shape, for resolution STATIC."""
    export_to: Many[str] | None = None
    """Namespaces that see it. Default all."""


class MeshTracing(Written):
    """Where proxies send traces, by OpenTelemetry's protocol over gRPC."""

    service: str
    """Full name of the collector, for example otel-collector.monitoring.svc.cluster.local."""
    port: Port | None = None
    """Port. Default 4317."""


class MeshTelemetry(Written):
    """What proxies tell about requests."""

    access_logs: bool | None = None
    """Write a line per request to the proxy's output. Default false: the metrics are there anyway."""
    tracing: MeshTracing | None = None
    """Where traces go. Default nowhere."""


class Mesh(Written):
    """The service mesh (Istio with sidecars). Its charts are helmReleases: base, istiod, cni, and gateway for an edge."""

    mtls: Literal["STRICT", "PERMISSIVE"] | None = None
    """Default STRICT: pods with a proxy take nothing that is not encrypted by a proxy of the mesh."""
    tracing_sampling_percent: Number | None = None
    """Share of requests that are traced, in percent. Default 1."""
    revision: Name | None = None
    """Revision of the control plane whose proxies namespaces get (label istio.io/rev). Default: the only one."""
    gateways: Many[Gateway] | None = None
    """Edges. Default none."""
    routes: Many[MeshRoute] | None = None
    """VirtualServices. Default none."""
    destinations: Many[Destination] | None = None
    """DestinationRules. Default none."""
    authorization: Many[Authorization] | None = None
    """AuthorizationPolicies. Default none: whoever is in the mesh may call."""
    request_authentication: Many[RequestAuthentication] | None = None
    """Whose tokens are believed. Default nobody's."""
    service_entries: Many[ServiceEntry] | None = None
    """Hosts outside. Default none."""
    telemetry: MeshTelemetry | None = None
    """Access logs and traces."""

    @model_validator(mode="after")
    def _share(self) -> Mesh:
        if self.tracing_sampling_percent is not None and self.tracing_sampling_percent > 100:
            refuse(f"tracingSamplingPercent {self.tracing_sampling_percent} is above 100")
        return self
