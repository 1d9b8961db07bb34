"""Where requests come into the cluster: the load balancers that Services and Ingresses become, as their annotations say.

Called by the network rules. Facts only; whether an entrance is a good idea is for the rules to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from .case import Case
from .manifests import Manifest, items, mapping

_SERVICE = "service.beta.kubernetes.io/aws-load-balancer"
_INGRESS = "alb.ingress.kubernetes.io"


@dataclass(frozen=True, eq=False)
class Balancer:
    """An AWS load balancer in front of pods."""

    manifest: Manifest
    #: "nlb" or "alb"
    type: str
    public: bool
    #: it sends to the pods' own addresses; otherwise to a port of the nodes
    to_pods: bool
    #: pods see the client's address, not the balancer's
    preserves_clients: bool
    #: who may connect
    client_cidrs: tuple[str, ...]


def balancers(case: Case) -> Iterator[Balancer]:
    """Every load balancer that the AWS Load Balancer Controller will make."""
    for service in case.manifests.of_kind("Service", group=""):
        if is_network_balancer(service):
            yield _of_service(service)
    for ingress in case.manifests.of_kind("Ingress", group="networking.k8s.io"):
        if ingress_class(ingress) == "alb":
            yield _of_ingress(ingress)


def is_network_balancer(service: Manifest) -> bool:
    """A Service that the AWS Load Balancer Controller (not the legacy code) turns into a network load balancer."""
    spec, notes = service.spec, service.annotations
    if spec.get("type") != "LoadBalancer":
        return False
    of_controller = notes.get(f"{_SERVICE}-type") in ("external", "nlb-ip")
    return spec.get("loadBalancerClass") == "service.k8s.aws/nlb" or of_controller


def ingress_class(ingress: Manifest) -> str:
    stated = ingress.spec.get("ingressClassName") or ingress.annotations.get("kubernetes.io/ingress.class")
    return str(stated or "")


def _of_service(service: Manifest) -> Balancer:
    notes = service.annotations
    attributes = notes.get(f"{_SERVICE}-target-group-attributes", "")
    to_pods = notes.get(f"{_SERVICE}-nlb-target-type", "") == "ip" or notes.get(f"{_SERVICE}-type") == "nlb-ip"
    ranges = service.spec.get("loadBalancerSourceRanges")
    return Balancer(
        manifest=service,
        type="nlb",
        public=notes.get(f"{_SERVICE}-scheme") == "internet-facing",
        to_pods=to_pods,
        preserves_clients="preserve_client_ip.enabled=true" in attributes,
        client_cidrs=tuple(map(str, ranges)) if isinstance(ranges, list) and ranges else ("0.0.0.0/0",),
    )


def _of_ingress(ingress: Manifest) -> Balancer:
    notes = ingress.annotations
    ranges = tuple(each.strip() for each in notes.get(f"{_INGRESS}/inbound-cidrs", "0.0.0.0/0").split(","))
    return Balancer(
        manifest=ingress,
        type="alb",
        public=notes.get(f"{_INGRESS}/scheme") == "internet-facing",
        to_pods=notes.get(f"{_INGRESS}/target-type") == "ip",
        preserves_clients=False,
        client_cidrs=ranges,
    )


def own_addresses(case: Case, balancer: Balancer) -> Sequence[IPv4Network] | None:
    """The subnets that the balancer stands in, as it finds them: public ones when it faces the internet; None: not known."""
    network = case.aws.network
    if network is None or network.subnets is None:
        return None
    mine = [subnet for subnet in network.subnets if subnet.public is balancer.public]
    if not mine or any(subnet.cidr is None for subnet in mine):
        return None
    return [IPv4Network(subnet.cidr) for subnet in mine if subnet.cidr]


def backends(ingress: Manifest) -> Iterator[tuple[str, object]]:
    """(service name, port number or name) of every path and of the default backend."""
    paths = [p for rule in items(ingress.spec.get("rules")) for p in items(mapping(rule.get("http")).get("paths"))]
    for backend in [ingress.spec.get("defaultBackend"), *(p.get("backend") for p in paths)]:
        service = mapping(mapping(backend).get("service"))
        if service.get("name"):
            port = mapping(service.get("port"))
            yield str(service["name"]), port.get("number") or port.get("name")
