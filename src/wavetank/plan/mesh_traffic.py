"""Traffic of the mesh: gateways, routes, destinations and hosts outside, as Istio's objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wavetank import catalog
from wavetank.kube.types import Obj
from wavetank.plan.canaries import CANARY, STABLE, Split, divides, entry_name
from wavetank.plan.ledger import Ledger
from wavetank.plan.mesh_names import Names
from wavetank.plan.model import MeshObject
from wavetank.spec.mesh import Destination, EntryPort, Gateway, HttpRoute, MeshRoute, ServiceEntry, When
from wavetank.spec.platform import PlatformFile
from wavetank.spec.shapes import shape

NETWORKING = "networking.istio.io/v1"
_CHART = "gateway"
#: percent by subset until Argo Rollouts moves it
BEFORE_A_CANARY = {STABLE: 100, CANARY: 0}


# --- gateways ---------------------------------------------------------------------------------------------------------


def gateway_release(stated: Gateway, written: PlatformFile) -> tuple[str, str]:
    """Name and namespace of the release whose proxies a gateway is for."""
    for release in written.helm_releases or ():
        facts = catalog.chart(release.chart or release.name)
        if facts is not None and facts.name == _CHART and stated.release in (None, release.name):
            return release.name, release.namespace or facts.namespace
    usual = catalog.chart(_CHART)
    return stated.release or _CHART, usual.namespace if usual is not None else "istio-ingress"


def pods_of_gateway(release: str) -> dict[str, str]:
    """Labels of the proxies: the chart names them for its release, without the word istio."""
    return {"istio": release.removeprefix("istio-")}


def gateway(stated: Gateway, names: Names, ledger: Ledger) -> tuple[MeshObject, MeshObject | None]:
    """The Gateway, and the Certificate that it needs."""
    path = f"mesh.gateways[{stated.name}]"
    ledger.stated(path, stated)
    release, home = gateway_release(stated, names.written)
    namespace = stated.namespace or home
    secret = f"{stated.name}-tls" if stated.tls and stated.tls.issuer else stated.tls.secret if stated.tls else None
    servers = [dict(each) for each in stated.servers] if stated.servers is not None else _servers(stated, secret)
    spec: Obj = {"selector": pods_of_gateway(release), "servers": servers}
    ledger.shape(f"{path}.spec", spec, path)
    ledger.derived(f"{path}.spec.selector", None, ("helmReleases",), "the proxies of the release of the chart gateway")
    object_ = MeshObject(stated.name, namespace, NETWORKING, "Gateway", spec)
    return object_, _certificate(stated, secret, home, ledger)


def _servers(stated: Gateway, secret: str | None) -> list[Obj]:
    hosts = list(stated.hosts or ())
    plain: Obj = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": hosts}
    if secret is None or stated.tls is None:
        return [plain]
    if stated.tls.redirect is not False:
        plain["tls"] = {"httpsRedirect": True}
    secure: Obj = {
        "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
        "hosts": hosts,
        "tls": {"mode": "SIMPLE", "credentialName": secret, "minProtocolVersion": "TLSV1_2"},
    }
    return [plain, secure]


def _certificate(stated: Gateway, secret: str | None, home: str, ledger: Ledger) -> MeshObject | None:
    """In the namespace of the proxies: they read Secrets of their own namespace only."""
    if stated.tls is None or stated.tls.issuer is None or secret is None:
        return None
    path = f"mesh.certificates[{stated.name}]"
    issuer = {"name": stated.tls.issuer, "kind": "ClusterIssuer", "group": "cert-manager.io"}
    names_ = [host for host in stated.hosts or () if host != "*"]
    spec: Obj = {"secretName": secret, "dnsNames": names_, "issuerRef": issuer}
    ledger.derived(path, None, (f"mesh.gateways[{stated.name}]",), "the certificate of the gateway")
    return MeshObject(stated.name, home, "cert-manager.io/v1", "Certificate", spec)


# --- routes -----------------------------------------------------------------------------------------------------------


def route(stated: MeshRoute, names: Names, ledger: Ledger) -> MeshObject:
    """A VirtualService with full host names."""
    path = f"mesh.routes[{stated.name}]"
    ledger.stated(path, stated)
    target = names.first_service((*stated.hosts, *_targets(stated)))
    spec: Obj = {"hosts": [names.full(host) for host in stated.hosts]}
    if stated.gateways is not None:
        spec["gateways"] = [_gateway_name(each, names) for each in stated.gateways]
    if stated.http is not None:
        spec["http"] = [http_route(each, index, names) for index, each in enumerate(stated.http)]
    for key, routes in (("tls", stated.tls), ("tcp", stated.tcp)):
        if routes is not None:
            spec[key] = _with_full_hosts(list(routes), names)
    if stated.export_to is not None:
        spec["exportTo"] = list(stated.export_to)
    ledger.shape(f"{path}.spec", spec, path)
    return MeshObject(
        stated.name, names.home(path, stated.namespace, target, ledger), NETWORKING, "VirtualService", spec
    )


def _targets(stated: MeshRoute) -> list[str]:
    """Hosts that the short forms send to."""
    return [each.to for each in stated.http or () if each.to is not None]


def _gateway_name(name: str, names: Names) -> str:
    found = next(
        (each for each in (names.written.mesh.gateways if names.written.mesh else None) or () if each.name == name),
        None,
    )
    if found is None:
        return name
    return f"{found.namespace or gateway_release(found, names.written)[1]}/{name}"


_ISTIO_KEYS = (
    "name", "match", "route", "redirect", "directResponse", "delegate", "rewrite", "timeout", "fault", "mirror", "mirrors",
    "mirrorPercentage", "corsPolicy", "headers",
)  # fmt: skip


def http_route(stated: HttpRoute, index: int, names: Names) -> Obj:
    """One entry of http in Istio's shape; one that Argo Rollouts moves has a name."""
    written = shape(stated)
    entry: Obj = {key: _with_full_hosts(written[key], names) for key in _ISTIO_KEYS if key in written}
    conditions = (stated.when,) if isinstance(stated.when, When) else stated.when or ()
    if conditions:
        entry["match"] = [_condition(each) for each in conditions]
    split = next((each for each in names.splits if divides(stated, each)), None)
    if split is not None:
        entry = {"name": entry_name(stated, index), **entry}
    if stated.to is not None:
        entry["route"] = _destinations(stated, names.full(stated.to), split)
    if isinstance(stated.retries, int):
        entry["retries"] = {"attempts": stated.retries, "retryOn": "connect-failure,refused-stream,unavailable,503"}
    elif stated.retries is not None:
        entry["retries"] = stated.retries
    return entry


def _condition(stated: When) -> Obj:
    condition: Obj = {}
    if stated.path is not None:
        condition["uri"] = {"prefix": stated.path}
    if stated.method is not None:
        condition["method"] = {"exact": stated.method}
    if stated.headers:
        condition["headers"] = {name: {"exact": value} for name, value in stated.headers.items()}
    return condition


def _destinations(stated: HttpRoute, host: str, split: Split | None) -> list[Obj]:
    place: Obj = {"host": host} | ({"port": {"number": stated.port}} if stated.port is not None else {})
    weights = BEFORE_A_CANARY if split is not None and stated.weights is None else stated.weights
    if weights is not None:
        return [{"destination": place | {"subset": name}, "weight": share} for name, share in weights.items()]
    return [{"destination": place | ({"subset": stated.subset} if stated.subset is not None else {})}]


def _with_full_hosts(value: Any, names: Names) -> Any:
    """The same with full names wherever Istio has a ``host`` of a destination."""
    if isinstance(value, dict):
        return {
            key: names.full(each) if key == "host" and isinstance(each, str) else _with_full_hosts(each, names)
            for key, each in value.items()
        }
    return [_with_full_hosts(each, names) for each in value] if isinstance(value, list | tuple) else value


# --- destinations and hosts outside -----------------------------------------------------------------------------------


def destination(stated: Destination, names: Names, ledger: Ledger) -> MeshObject:
    """A DestinationRule."""
    path = f"mesh.destinations[{stated.name}]"
    ledger.stated(path, stated)
    host = stated.service or stated.host or ""
    spec: Obj = {"host": names.full(host)}
    policy = _policy(stated)
    if policy:
        spec["trafficPolicy"] = policy
    if stated.subsets is not None:
        spec["subsets"] = [shape(each) for each in stated.subsets]
    split = names.split(host)
    if split is not None:
        spec["subsets"] = [*spec.get("subsets", ()), *missing_subsets(split, spec.get("subsets", ()), names)]
    if stated.export_to is not None:
        spec["exportTo"] = list(stated.export_to)
    ledger.shape(f"{path}.spec", spec, path)
    for key in policy:
        if ledger.is_written(f"{path}.{key}"):
            ledger.shape(f"{path}.spec.trafficPolicy.{key}", policy[key], f"{path}.{key}")
    return MeshObject(
        stated.name,
        names.home(path, stated.namespace, names.service(host), ledger),
        NETWORKING,
        "DestinationRule",
        spec,
    )


def missing_subsets(split: Split, stated: Sequence[Obj], names: Names) -> list[Obj]:
    """Subsets for both versions; Argo Rollouts adds the hash of the pod template to their labels."""
    workload = names.workload(split.workload)
    labels = dict(workload.selector_labels) if workload is not None else {}
    known = {each["name"] for each in stated}
    return [{"name": name, "labels": labels} for name in (STABLE, CANARY) if name not in known]


def _policy(stated: Destination) -> Obj:
    balancer = {"simple": stated.load_balancer} if isinstance(stated.load_balancer, str) else stated.load_balancer
    parts = {
        "loadBalancer": balancer,
        "connectionPool": stated.connection_pool,
        "outlierDetection": stated.outlier_detection,
        "tls": stated.tls,
    }
    return {key: part for key, part in parts.items() if part is not None} | (stated.traffic_policy or {})


def service_entry(stated: ServiceEntry, names: Names, ledger: Ledger) -> MeshObject:
    """A ServiceEntry."""
    path = f"mesh.serviceEntries[{stated.name}]"
    ledger.stated(path, stated)
    wild = any(host.startswith("*") for host in stated.hosts)
    spec: Obj = {
        "hosts": list(stated.hosts),
        "ports": [_entry_port(each) for each in stated.ports],
        "location": stated.location or "MESH_EXTERNAL",
        "resolution": stated.resolution or ("NONE" if wild else "DNS"),
    }
    for key, value in (("endpoints", stated.endpoints), ("exportTo", stated.export_to)):
        if value is not None:
            spec[key] = list(value)
    ledger.shape(f"{path}.spec", spec, path)
    return MeshObject(stated.name, names.home(path, stated.namespace, None, ledger), NETWORKING, "ServiceEntry", spec)


def _entry_port(stated: EntryPort) -> Obj:
    protocol = stated.protocol or {443: "TLS", 80: "HTTP"}.get(stated.number, "TCP")
    return {"number": stated.number, "name": stated.name or f"{protocol.lower()}-{stated.number}", "protocol": protocol}
