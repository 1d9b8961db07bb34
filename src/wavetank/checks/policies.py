"""Which packets NetworkPolicies let through: the peers and ports of their rules.

Called by the network rules. ``networking.k8s.io/v1`` only; other engines' own policies are not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from typing import TypeAlias, assert_never

from wavetank.kube.types import Obj

from .case import label_selector
from .manifests import Manifest, items, mapping, whole
from .workloads import Workload

ANYWHERE = IPv4Network("0.0.0.0/0")


@dataclass(frozen=True)
class Pods:
    """Pods at the other end of a connection."""

    namespace: str
    namespace_labels: Mapping[str, str]
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Address:
    """Something without labels at the other end: a load balancer, a database, the internet."""

    cidr: IPv4Network


Peer: TypeAlias = Pods | Address


@dataclass(frozen=True)
class Port:
    """A port at the receiving pods; ``name`` where it has one."""

    number: int | None
    protocol: str = "TCP"
    name: str | None = None


def allows(policies: Iterable[Manifest], direction: str, peer: Peer, port: Port) -> bool:
    """Whether any rule of the policies lets packets from (Ingress) or to (Egress) the peer through."""
    key, end = ("ingress", "from") if direction == "Ingress" else ("egress", "to")
    return any(
        _matches_port(rule, port) and _matches_peer(rule.get(end), policy.namespace, peer)
        for policy in policies
        for rule in items(policy.spec.get(key))
    )


def _matches_port(rule: Obj, port: Port) -> bool:
    entries = items(rule.get("ports"))
    return not entries or any(_covers(entry, port) for entry in entries)


def _covers(entry: Obj, port: Port) -> bool:
    if str(entry.get("protocol") or "TCP") != port.protocol:
        return False
    wanted = entry.get("port")
    if wanted is None:
        return True
    first = whole(wanted)
    if first is None:
        return str(wanted) == port.name
    last = whole(entry.get("endPort"))
    return port.number is not None and first <= port.number <= (first if last is None else last)


def _matches_peer(peers: object, namespace: str, peer: Peer) -> bool:
    entries = items(peers)
    return not entries or any(_is(entry, namespace, peer) for entry in entries)


def _is(entry: Obj, namespace: str, peer: Peer) -> bool:
    match peer:
        case Pods():
            return _selects(entry, namespace, peer)
        case Address():
            return "ipBlock" in entry and block_covers(mapping(entry["ipBlock"]), peer.cidr)
    assert_never(peer)


def _selects(entry: Obj, namespace: str, peer: Pods) -> bool:
    if "ipBlock" in entry:
        # Addresses of pods are not known before they run; a block for everything has them all.
        return mapping(entry["ipBlock"]).get("cidr") == str(ANYWHERE)
    if "podSelector" in entry and not label_selector(entry["podSelector"]).matches(peer.labels):
        return False
    if "namespaceSelector" in entry:
        return label_selector(entry["namespaceSelector"]).matches(peer.namespace_labels)
    return peer.namespace == namespace


def block_covers(block: Obj, source: IPv4Network) -> bool:
    """Whether an ipBlock has all of the addresses."""
    try:
        cidr = ip_network(str(block.get("cidr")), strict=False)
        holes = [ip_network(str(hole), strict=False) for hole in block.get("except") or ()]
    except ValueError:
        return False
    if not isinstance(cidr, IPv4Network) or not source.subnet_of(cidr):
        return False
    return not any(hole.overlaps(source) for hole in holes)


def container_port(workload: Workload, port: object, protocol: str = "TCP") -> Port:
    """The pods' port that a Service's ``targetPort`` or a probe's ``port`` means, by number or name."""
    declared = [p for c in workload.containers for p in items(c.obj.get("ports"))]
    number = whole(port)
    if number is not None:
        name = next((str(p["name"]) for p in declared if p.get("containerPort") == number and p.get("name")), None)
        return Port(number, protocol, name)
    named = next((whole(p.get("containerPort")) for p in declared if p.get("name") == port), None)
    return Port(named, protocol, str(port))
