"""Services, endpoints, ingresses and network policies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from ..types import Obj
from .cells import (
    AGE,
    MAX_LISTED,
    NAME,
    NONE,
    SELECTOR,
    UNSET,
    Cell,
    Column,
    Printer,
    age,
    joined,
    labels_text,
    name_of,
    or_none,
    selector_text,
    spec_of,
    status_of,
    with_more,
)


def _service(obj: Obj, now: datetime) -> list[Cell]:
    spec = spec_of(obj)
    addresses = spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else [])
    return [
        name_of(obj),
        spec.get("type", ""),
        addresses[0] if addresses else NONE,
        _external_address(obj),
        or_none(joined(map(_service_port, spec.get("ports") or ()))),
        age(obj, now),
        labels_text(spec.get("selector")),
    ]


def _service_port(port: Obj) -> str:
    number = f"{port['port']}:{port['nodePort']}" if port.get("nodePort") else str(port["port"])
    return f"{number}/{port.get('protocol', 'TCP')}"


def _external_address(obj: Obj) -> str:
    spec = spec_of(obj)
    external: Sequence[str] = spec.get("externalIPs") or ()
    match spec.get("type"):
        case "ClusterIP" | "NodePort":
            return or_none(joined(external))
        case "LoadBalancer":
            balancer = _balancer_addresses(obj)
            return joined([*([balancer] if balancer else []), *external]) or "<pending>"
        case "ExternalName":
            return str(spec.get("externalName", ""))
        case _:
            return "<unknown>"


def _balancer_addresses(obj: Obj) -> str:
    ingress: Sequence[Obj] = (status_of(obj).get("loadBalancer") or {}).get("ingress") or ()
    return joined(sorted({i.get("ip") or i.get("hostname") or "" for i in ingress} - {""}))


def _endpoints(obj: Obj, now: datetime) -> list[Cell]:
    subsets = obj.get("subsets") or ()
    return [name_of(obj), with_more(list(_endpoint_addresses(subsets))) if subsets else NONE, age(obj, now)]


def _endpoint_addresses(subsets: Sequence[Obj]) -> Iterator[str]:
    for subset in subsets:
        addresses = [a.get("ip", "") for a in subset.get("addresses") or ()]
        ports = subset.get("ports") or ()
        if not ports:
            yield from addresses
        for port in ports:
            yield from (_host_port(address, port.get("port", 0)) for address in addresses)


def _host_port(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _endpoint_slice(obj: Obj, now: datetime) -> list[Cell]:
    ports = [str(p["port"]) if p.get("port") is not None else p.get("name") or "*" for p in obj.get("ports") or ()]
    addresses = [a for e in obj.get("endpoints") or () for a in e.get("addresses") or ()]
    return [
        name_of(obj),
        obj.get("addressType", ""),
        with_more(ports) or UNSET,
        with_more(addresses) or UNSET,
        age(obj, now),
    ]


def _ingress(obj: Obj, now: datetime) -> list[Cell]:
    spec = spec_of(obj)
    ports = "80, 443" if spec.get("tls") else "80"
    hosts = _ingress_hosts(spec.get("rules") or ())
    return [
        name_of(obj),
        or_none(spec.get("ingressClassName")),
        hosts,
        _balancer_addresses(obj),
        ports,
        age(obj, now),
    ]


def _ingress_hosts(rules: Sequence[Obj]) -> str:
    """At most three; the number of those left out counts rules, with or without a host."""
    hosts = [r["host"] for r in rules if r.get("host")]
    text = joined(hosts[:MAX_LISTED]) or "*"
    seen = 0
    for index, rule in enumerate(rules):
        if seen == MAX_LISTED and index < len(rules):
            return f"{text} + {len(rules) - MAX_LISTED} more..."
        seen += bool(rule.get("host"))
    return text


def _ingress_class(obj: Obj, now: datetime) -> list[Cell]:
    spec = spec_of(obj)
    parameters = spec.get("parameters")
    shown = NONE
    if parameters:
        group = f".{parameters['apiGroup']}" if parameters.get("apiGroup") else ""
        shown = f"{parameters.get('kind', '')}{group}/{parameters.get('name', '')}"
    return [name_of(obj), spec.get("controller", ""), shown, age(obj, now)]


def _network_policy(obj: Obj, now: datetime) -> list[Cell]:
    return [name_of(obj), selector_text(spec_of(obj).get("podSelector") or {}), age(obj, now)]


def _service_cidr(obj: Obj, now: datetime) -> list[Cell]:
    return [name_of(obj), joined(spec_of(obj).get("cidrs") or ()), age(obj, now)]


def _ip_address(obj: Obj, now: datetime) -> list[Cell]:
    parent = spec_of(obj).get("parentRef") or {}
    resource = f"{parent['resource']}.{parent['group']}" if parent.get("group") else parent.get("resource", "")
    place = [p for p in (resource, parent.get("namespace"), parent.get("name")) if p]
    return [name_of(obj), or_none(joined(place, "/"))]


SERVICES = Printer(
    (NAME, Column("Type"), Column("Cluster-IP"), Column("External-IP"), Column("Port(s)"), AGE, SELECTOR),
    _service,
)
ENDPOINTS = Printer((NAME, Column("Endpoints"), AGE), _endpoints)
ENDPOINT_SLICES = Printer(
    (NAME, Column("AddressType"), Column("Ports"), Column("Endpoints"), AGE),
    _endpoint_slice,
)
INGRESSES = Printer(
    (NAME, Column("Class"), Column("Hosts"), Column("Address"), Column("Ports"), AGE),
    _ingress,
)
INGRESS_CLASSES = Printer((NAME, Column("Controller"), Column("Parameters"), AGE), _ingress_class)
NETWORK_POLICIES = Printer((NAME, Column("Pod-Selector"), AGE), _network_policy)
SERVICE_CIDRS = Printer((NAME, Column("CIDRs"), AGE), _service_cidr)
IP_ADDRESSES = Printer((NAME, Column("ParentRef")), _ip_address)
