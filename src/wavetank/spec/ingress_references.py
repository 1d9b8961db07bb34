"""Contradictions of ingresses: Services, certificates and issuers that are not there, load balancers that are told two things.

One of the modules of rules that ``references`` lists; rules look through the located tree and pass over wrong types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from wavetank.base.errors import Problem
from wavetank.spec.lookup import at, elements, names, unknown, word
from wavetank.spec.problems import suggestion
from wavetank.spec.tree import Mapped, Node, Scalar, Sequence, children, name_of, plain


@dataclass(frozen=True)
class Backend:
    """A Service that an ingress names, and the port if one is written."""

    service: Node
    port: Node | None


def backends(ingress: Mapped) -> Iterator[Backend]:
    """Every Service of an ingress, in whichever form it is written."""
    for host in elements(ingress, "hosts"):
        paths = host.get("paths")
        if paths is None and host.get("service") is not None:
            paths = host
        if isinstance(paths, Mapped) and paths.get("service") is None:
            yield from (Backend(entry.value, None) for entry in paths.entries.values())
        for path in paths.items if isinstance(paths, Sequence) else (paths,):
            service = at(path, "service")
            if service is not None:
                yield Backend(service, at(path, "port"))


def services_of_ingresses_exist(root: Node) -> Iterator[Problem]:
    """An ingress names Services of the platform, and ports that they have."""
    known = names(root, "services")
    for ingress in elements(root, "ingresses"):
        for backend in backends(ingress):
            yield from unknown(backend.service, "service", known)
            yield from _port_is_there(root, backend)


def _port_is_there(root: Node, backend: Backend) -> Iterator[Problem]:
    service = next((each for each in elements(root, "services") if name_of(each) == word(backend.service)), None)
    if service is None or backend.port is None or not isinstance(backend.port, Scalar):
        return
    ports = [*_ports_of(service)]
    if ports and backend.port.value not in ports:
        message = f'the service "{name_of(service)}" has no port {backend.port.value}'
        yield backend.port.place.problem(message, suggestion(str(backend.port.value), map(str, ports)))


def _ports_of(service: Mapped) -> Iterator[object]:
    """Numbers and names of a Service's ports."""
    for port in (service, *elements(service, "ports")):
        name = "portName" if port is service else "name"
        for node in (port.get("port"), port.get(name)):
            if isinstance(node, Scalar):
                yield node.value
    if word(service.get("portName")) is None:
        yield "http"


def namespace_of_service(root: Node, name: str | None) -> str | None:
    """The namespace of a Service: its workload's, or the only one; None when that cannot be told."""
    service = next((each for each in elements(root, "services") if name_of(each) == name), None)
    own = word(at(service, "namespace"))
    workload = next((w for w in elements(root, "workloads") if name_of(w) == word(at(service, "workload"))), None)
    known = names(root, "namespaces")
    only = known[0] if len(known) == 1 else None
    return own or word(at(workload, "namespace")) or (only if service is not None else None)


def ingresses_stay_in_their_namespace(root: Node) -> Iterator[Problem]:
    """An Ingress reaches Services of its own namespace only."""
    for ingress in elements(root, "ingresses"):
        yield from unknown(ingress.get("namespace"), "namespace", names(root, "namespaces"))
        home = word(ingress.get("namespace"))
        for backend in backends(ingress):
            there = namespace_of_service(root, word(backend.service))
            home = home or there
            if there is not None and there != home:
                message = f'the service "{word(backend.service)}" is in namespace {there}, the ingress in {home}'
                yield backend.service.place.problem(message, f"Write an ingress of its own for namespace {there}.")


def certificates_of_ingresses_exist(root: Node) -> Iterator[Problem]:
    """tls names a certificate of dns, which covers the hosts, or an issuer."""
    for ingress in elements(root, "ingresses"):
        tls = ingress.get("tls")
        yield from unknown(at(tls, "certificate"), "certificate", names(root, "dns", "certificates"))
        yield from unknown(at(tls, "issuer"), "certificate issuer", names(root, "certificateIssuers"))
        yield from _hosts_are_covered(root, ingress)


def _hosts_are_covered(root: Node, ingress: Mapped) -> Iterator[Problem]:
    name = word(at(ingress, "tls", "certificate"))
    certificate = next((each for each in elements(root, "dns", "certificates") if name_of(each) == name), None)
    domains = [word(each) or "" for each in children(at(certificate, "domains"))]
    for host in elements(ingress, "hosts"):
        node = host.get("host")
        if domains and node is not None and (called := word(node)) and not any(covers(d, called) for d in domains):
            remedy = f"Its domains: {', '.join(domains)}."
            yield node.place.problem(f'the certificate "{name}" is not for {called}', remedy)


def covers(pattern: str, host: str) -> bool:
    """Whether a name, possibly with a wildcard for one label, is for a host."""
    return pattern == host or (pattern.startswith("*.") and host.partition(".")[2] == pattern[2:])


def nginx_hosts_are_named_once(root: Node) -> Iterator[Problem]:
    """NGINX serves a host from one ingress only, and needs its name."""
    seen: dict[str, Mapped] = {}
    for ingress in _of_class(root, "nginx"):
        for host in elements(ingress, "hosts"):
            node, called = host.get("host"), word(host.get("host"))
            if node is None:
                yield host.place.problem(
                    "an nginx ingress needs the names of its hosts", "For example api.example.com."
                )
            elif called in seen and seen[called] is not ingress:
                message = (
                    f'the ingress "{name_of(seen[called])}" has the host {called} already, and NGINX takes one only'
                )
                yield node.place.problem(message, "Put the paths of a host into one ingress.")
            elif called is not None:
                seen[called] = ingress


def _of_class(root: Node, name: str) -> Iterator[Mapped]:
    return (each for each in elements(root, "ingresses") if word(each.get("class")) == name)


#: what ingresses of one load balancer cannot say differently
_OF_THE_LOAD_BALANCER = ("scheme", "idleTimeoutSeconds", "deletionProtection", "waf", "sourceRanges")


def load_balancers_are_told_one_thing(root: Node) -> Iterator[Problem]:
    """Ingresses that share a load balancer agree about it."""
    for key in _OF_THE_LOAD_BALANCER:
        first: dict[str, tuple[str | None, Node]] = {}
        for ingress in elements(root, "ingresses"):
            node, shared = ingress.get(key), load_balancer_of(root, ingress)
            if node is None:
                continue
            name, earlier = first.setdefault(shared, (name_of(ingress), node))
            if plain(earlier) != plain(node):
                message = f'{key} differs from that of the ingress "{name}", and both share a load balancer'
                yield node.place.problem(message, "Say the same, or give one of them a `group` of its own.")


def source_ranges_hold_for_all(root: Node) -> Iterator[Problem]:
    """Who restricts the sources of a shared load balancer restricts them for every ingress of it; each must say so."""
    for ingress in elements(root, "ingresses"):
        ranges, shared = ingress.get("sourceRanges"), load_balancer_of(root, ingress)
        for other in elements(root, "ingresses"):
            silent = other.get("sourceRanges") is None and load_balancer_of(root, other) == shared
            if ranges is not None and silent:
                message = f'sourceRanges would also hold for the ingress "{name_of(other)}" on the same load balancer'
                yield ranges.place.problem(message, "Give this one a `group` of its own, or write them on both.")


def load_balancer_of(root: Node, ingress: Mapped) -> str:
    """Which ingresses share a load balancer: those of class nginx, those of one group, those of one scheme."""
    if word(ingress.get("class")) == "nginx":
        return "nginx"
    group, scheme = word(ingress.get("group")), word(ingress.get("scheme")) or "internal"
    return f"group {group}" if group else f"scheme {scheme}"


def wildcards_are_proven_by_dns(root: Node) -> Iterator[Problem]:
    """A certificate for a wildcard needs the DNS solver."""
    solvers = {name_of(each): word(each.get("solver")) or "http01" for each in elements(root, "certificateIssuers")}
    for ingress in elements(root, "ingresses"):
        issuer = word(at(ingress, "tls", "issuer"))
        for host in elements(ingress, "hosts"):
            node, called = host.get("host"), word(host.get("host")) or ""
            if node is not None and called.startswith("*.") and solvers.get(issuer) == "http01":
                message = f'the issuer "{issuer}" proves names by HTTP, which is not possible for {called}'
                yield node.place.problem(message, "Use an issuer with `solver: dns01`.")


RULES: tuple[Callable[[Node], Iterator[Problem]], ...] = (
    services_of_ingresses_exist,
    ingresses_stay_in_their_namespace,
    certificates_of_ingresses_exist,
    nginx_hosts_are_named_once,
    load_balancers_are_told_one_thing,
    source_ranges_hold_for_all,
    wildcards_are_proven_by_dns,
)
