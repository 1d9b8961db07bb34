"""Network policies that follow from declared connections: refuse everything, allow what is declared, at both of its ends.

A workload that writes ``connects`` or ``allowFrom`` is closed in both directions but for: what it declares; what others declare
towards it; DNS; load balancers, ingresses and gateways that lead to it; Prometheus where a ServiceMonitor scrapes it; AWS for
its role; the Kubernetes API for its token; the mesh's control plane for its proxy. A workload that is only named by others gets
their rules alone, and only in a direction that something else already closes. The kubelet's probes need no rule: traffic of the
node itself is always allowed. Hosts are public addresses here, since network policies know no names. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TypeAlias

from wavetank import catalog
from wavetank.kube.network_policy import NAME_LABEL
from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import (
    HelmRelease,
    Ingress,
    LoadBalancer,
    Mesh,
    Namespace,
    Network,
    NetworkPolicy,
    Peer,
    PodIdentity,
    Service,
    ServiceMonitor,
    Workload,
)
from wavetank.plan.policies import CLUSTER_DNS, block

#: addresses that are never public: RFC 1918, RFC 6598, link-local
PRIVATE_RANGES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16")
#: where the agent on each node hands out credentials (docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html)
POD_IDENTITY_AGENT = "169.254.170.23/32"
_HTTP: Obj = {"port": 80, "protocol": "TCP"}
_HTTPS: Obj = {"port": 443, "protocol": "TCP"}
_DNS_PORTS: tuple[Obj, ...] = ({"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"})

#: peers and the ports that they may use; no ports: all
Rule: TypeAlias = tuple[tuple[Obj, ...], tuple[Obj, ...]]


@dataclass(frozen=True)
class Surroundings:
    """What beside the workloads decides who talks to whom."""

    network: Network
    namespaces: tuple[Namespace, ...]
    workloads: tuple[Workload, ...]
    services: tuple[Service, ...]
    ingresses: tuple[Ingress, ...]
    monitors: tuple[ServiceMonitor, ...]
    releases: tuple[HelmRelease, ...]
    mesh: Mesh | None
    #: the author's own policies
    policies: tuple[NetworkPolicy, ...]
    pod_identity: PodIdentity

    def namespace_of(self, chart: str, otherwise: str) -> str:
        """Where a chart is installed."""
        return next((each.namespace for each in self.releases if each.chart == chart), otherwise)

    def is_meshed(self, namespace: str) -> bool:
        """Whether pods of the namespace get a proxy."""
        labels = next((each.labels for each in self.namespaces if each.name == namespace), {})
        return labels.get("istio-injection") == "enabled" or "istio.io/rev" in labels

    def is_closed(self, workload: Workload, direction: str) -> bool:
        """Whether the namespace's default or a policy of the author's already closes a direction."""
        denied = next((each.default_deny for each in self.namespaces if each.name == workload.namespace), ())
        own = (each.spec.get("policyTypes", ()) for each in self.policies if each.workload == workload.name)
        return direction in denied or any(direction in types for types in own)


def derived_policies(around: Surroundings, ledger: Ledger) -> tuple[NetworkPolicy, ...]:
    """One policy for each workload that declares or is named in a connection."""
    found = ((each, policy_spec(each, around)) for each in around.workloads)
    return tuple(_noted(each, spec, around, ledger) for each, spec in found if spec is not None)


def _noted(workload: Workload, spec: Obj, around: Surroundings, ledger: Ledger) -> NetworkPolicy:
    name = f"{workload.name}-connections"
    naming = [each.name for each in around.workloads if any(peer.workload == workload.name for peer in _peers(each))]
    own = [workload.name] if workload.connections is not None else []
    origins = tuple(f"workloads[{each}].connections" for each in dict.fromkeys([*own, *naming]))
    ledger.derived(f"networkPolicies[{name}]", None, origins, "everything is refused but what was declared")
    return NetworkPolicy(name, workload.namespace, workload.name, spec)


def _peers(workload: Workload) -> tuple[Peer, ...]:
    if workload.connections is None:
        return ()
    return (*workload.connections.connects, *workload.connections.allow_from)


def policy_spec(workload: Workload, around: Surroundings) -> Obj | None:
    """NetworkPolicy spec for a workload's pods; None when nothing is to be said about them."""
    if workload.pod.host_network:
        return None
    declared = workload.connections is not None
    coming, going = [*_declared_in(workload, around)], [*_declared_out(workload, around)]
    if declared:
        coming += [rule for rule in _ways_in(workload, around) if rule[1]]
        going = [*_necessities(workload, around), *going]
    spec: Obj = {"podSelector": {"matchLabels": dict(workload.selector_labels)}, "policyTypes": []}
    for direction, key, rules in (("Ingress", "from", coming), ("Egress", "to", going)):
        if declared or (rules and around.is_closed(workload, direction)):
            spec["policyTypes"].append(direction)
            spec[direction.lower()] = _written_out(key, rules)
    return spec if spec["policyTypes"] else None


def _written_out(key: str, rules: Iterable[Rule]) -> list[Obj]:
    """One rule for all peers that use the same ports. A rule without peers is left out: it would allow everyone."""
    by_ports: dict[str, tuple[list[Obj], tuple[Obj, ...]]] = {}
    for peers, ports in rules:
        known, _ = by_ports.setdefault(repr(ports), ([], ports))
        known += [peer for peer in peers if peer not in known]
    rules_with_peers = ((peers, ports) for peers, ports in by_ports.values() if peers)
    return [{key: peers} | ({"ports": list(ports)} if ports else {}) for peers, ports in rules_with_peers]


# --- what was declared ------------------------------------------------------------------------------------------------


def _declared_in(workload: Workload, around: Surroundings) -> Iterator[Rule]:
    """Rules for the traffic that others declare towards the workload, and that it declares itself."""
    for other in around.workloads:
        for peer in other.connections.connects if other.connections else ():
            if peer.workload == workload.name:
                yield _pods_of(other, workload.namespace, around), peer.ports
    for peer in workload.connections.allow_from if workload.connections else ():
        yield _ends(peer, workload.namespace, around), peer.ports


def _declared_out(workload: Workload, around: Surroundings) -> Iterator[Rule]:
    for peer in workload.connections.connects if workload.connections else ():
        yield _ends(peer, workload.namespace, around), peer.ports
    for other in around.workloads:
        for peer in other.connections.allow_from if other.connections else ():
            if peer.workload == workload.name:
                yield _pods_of(other, workload.namespace, around), peer.ports


def _ends(peer: Peer, home: str, around: Surroundings) -> tuple[Obj, ...]:
    """A declared peer in NetworkPolicy's shape, seen from a namespace."""
    match peer.kind:
        case "workload":
            return _pods_of(next(each for each in around.workloads if each.name == peer.workload), home, around)
        case "namespace":
            assert peer.namespace is not None, "a peer in a foreign namespace names it"
            return (_pods(peer.namespace, dict(peer.pods)),)
        case "internet" | "host":
            return (_public(around.network),)
        case "aws":
            return _aws(around.network)
        case "addresses":
            return _addresses(peer.cidrs, around.network)


def _pods_of(workload: Workload, home: str, around: Surroundings) -> tuple[Obj, ...]:
    if workload.pod.host_network:
        return _addresses(("privateSubnets",), around.network)
    selector: Obj = {"podSelector": {"matchLabels": dict(workload.selector_labels)}}
    return (selector if workload.namespace == home else _pods(workload.namespace, dict(workload.selector_labels)),)


def _pods(namespace: str, labels: dict[str, str]) -> Obj:
    place: Obj = {"namespaceSelector": {"matchLabels": {NAME_LABEL: namespace}}}
    return place | ({"podSelector": {"matchLabels": labels}} if labels else {})


def _public(network: Network) -> Obj:
    """Every public address."""
    vpc = IPv4Network(network.vpc_cidr)
    known = any(vpc.subnet_of(IPv4Network(each)) for each in PRIVATE_RANGES)
    return {"ipBlock": {"cidr": "0.0.0.0/0", "except": [*PRIVATE_RANGES, *([] if known else [network.vpc_cidr])]}}


def _aws(network: Network) -> tuple[Obj, ...]:
    """Public addresses, and the private subnets where interface endpoints have theirs."""
    inside = _addresses(("privateSubnets",), network) if network.interface_endpoints else ()
    return (_public(network), *inside)


def _addresses(cidrs: tuple[str, ...], network: Network) -> tuple[Obj, ...]:
    blocks: list[Obj] = []
    for cidr in cidrs:
        match cidr:
            case "vpc":
                blocks.append(block(network.vpc_cidr))
            case "publicSubnets":
                blocks += [block(subnet.cidr) for subnet in network.public_subnets]
            case "privateSubnets":
                blocks += [block(subnet.cidr) for subnet in network.private_subnets]
            case _:
                blocks.append(block(cidr))
    return tuple(blocks)


# --- what nobody has to declare ---------------------------------------------------------------------------------------


def _necessities(workload: Workload, around: Surroundings) -> Iterator[Rule]:
    """DNS, AWS for its role, the Kubernetes API for its token, the control plane of the mesh for its proxy."""
    yield (CLUSTER_DNS,), _DNS_PORTS
    if workload.service_account.role is not None:
        yield _aws(around.network), (_HTTPS,)
        if around.pod_identity == "podIdentity":
            yield (block(POD_IDENTITY_AGENT),), (_HTTP,)
    if workload.service_account.automount_token:
        # The API server answers on network interfaces that EKS puts into the cluster's subnets.
        yield _addresses(("privateSubnets",), around.network), (_HTTPS,)
    if around.is_meshed(workload.namespace):
        # istiod's secured xDS: certificates and configuration of the proxies
        xds: Obj = {"port": catalog.component_port("istiodXds"), "protocol": "TCP"}
        yield (_pods(around.namespace_of("istiod", "istio-system"), {"app": "istiod"}),), (xds,)
        yield from _traces(around)


def _traces(around: Surroundings) -> Iterator[Rule]:
    """Where the proxies send traces: the collector that istiod is told of."""
    istiod = next((each.values for each in around.releases if each.chart == "istiod"), {})
    for provider in (istiod.get("meshConfig") or {}).get("extensionProviders") or ():
        collector = provider.get("opentelemetry") or {}
        place = str(collector.get("service", "")).partition(".")[2].partition(".")[0]
        if place and "port" in collector:
            yield (_pods(place, {}),), ({"port": collector["port"], "protocol": "TCP"},)


def _ways_in(workload: Workload, around: Surroundings) -> Iterator[Rule]:
    """Load balancers, ingresses, gateways and Prometheus."""
    services = [each for each in around.services if each.workload == workload.name]
    for service in services:
        if service.load_balancer is not None:
            ports = _pod_ports(service, workload, [each["port"] for each in service.ports])
            yield _balancer_addresses(service, service.load_balancer, around.network), ports
        yield from _through_ingresses(service, workload, around)
        yield from _through_gateways(service, workload, around)
        yield from _scrapes(service, workload, around)


def _balancer_addresses(service: Service, balancer: LoadBalancer, network: Network) -> tuple[Obj, ...]:
    """Where its connections come from: its own subnets, the nodes that pass them on, or the clients themselves."""
    subnets = [subnet.cidr for subnet in network.subnets if subnet.name in balancer.subnets]
    if balancer.target_type == "instance":
        subnets += [subnet.cidr for subnet in network.private_subnets if subnet.cidr not in subnets]
    if balancer.preserve_client_ip:
        everyone = "0.0.0.0/0" if balancer.scheme == "internet-facing" else network.vpc_cidr
        subnets += service.load_balancer_source_ranges or (everyone,)
    return _addresses(tuple(dict.fromkeys(subnets)), network)


def _through_ingresses(service: Service, workload: Workload, around: Surroundings) -> Iterator[Rule]:
    for ingress in around.ingresses:
        paths = [path for host in ingress.hosts for path in host.paths if path.service == service.name]
        if ingress.namespace != service.namespace or not paths:
            continue
        asked = [next(iter(path.port.values())) for path in paths]
        if ingress.ingress_class == "nginx":
            place = around.namespace_of("nginx-ingress", "nginx-ingress")
            peers: tuple[Obj, ...] = (_pods(place, {"app.kubernetes.io/name": "nginx-ingress"}),)
        else:
            outside = ingress.scheme == "internet-facing"
            peers = _addresses(("publicSubnets" if outside else "privateSubnets",), around.network)
        yield peers, _pod_ports(service, workload, asked)


def _through_gateways(service: Service, workload: Workload, around: Surroundings) -> Iterator[Rule]:
    """Pods of the mesh's gateways, where a route from outside leads to the service."""
    for route in around.mesh.routes if around.mesh else ():
        outer = [each for each in route.spec.get("gateways", ()) if each != "mesh"]
        if outer and any(_is_service(host, service, route.namespace) for host in _hosts(route.spec)):
            place = around.namespace_of("gateway", "istio-ingress")
            ports = _pod_ports(service, workload, [each["port"] for each in service.ports])
            yield (_pods(place, {}),), ports


def _hosts(route: Obj) -> Iterator[str]:
    for kind in ("http", "tcp", "tls"):
        for each in route.get(kind, ()):
            yield from (target["destination"]["host"] for target in each.get("route", ()))


def _is_service(host: str, service: Service, home: str) -> bool:
    name, _, rest = host.partition(".")
    return name == service.name and (rest.partition(".")[0] or home) == service.namespace


def _scrapes(service: Service, workload: Workload, around: Surroundings) -> Iterator[Rule]:
    for monitor in around.monitors:
        if monitor.service == service.name:
            asked = [each.get("port") for each in monitor.endpoints]
            place = around.namespace_of("kube-prometheus-stack", "monitoring")
            prometheus = _pods(place, {"app.kubernetes.io/name": "prometheus"})
            yield (prometheus,), _pod_ports(service, workload, asked)


def _pod_ports(service: Service, workload: Workload, asked: Iterable[object]) -> tuple[Obj, ...]:
    """The pods' own numbers of some of a Service's ports, given by number or name."""
    numbers = {
        (port.get("name"), port.get("protocol", "TCP")): port["containerPort"]
        for container in workload.containers
        for port in container.ports
    }
    wanted = set(asked)
    found: dict[str, Obj] = {}
    for each in service.ports:
        if {each["port"], each.get("name")} & wanted:
            protocol = each.get("protocol", "TCP")
            target = each.get("targetPort", each["port"])
            port: Obj = {"port": numbers.get((target, protocol), target), "protocol": protocol}
            found.setdefault(repr(port), port)
    return tuple(found.values())
