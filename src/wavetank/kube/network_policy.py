"""Who may talk to whom: NetworkPolicies evaluated for one connection, at both of its ends.

Asked by ``checks`` about rendered and foreign policies, and by whoever stands in for an enforcing CNI. Semantics are those of
networking.k8s.io/v1 (k8s.io/api/networking/v1/types.go): policies only add; a pod that no policy selects for a direction is open
in that direction; answers to an allowed connection need no rule. Addresses of pods count for ``ipBlock``, as with the VPC CNI's
agent and Calico. What a node sends to its own pods (probes of the kubelet) is allowed by every CNI and is no question for here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any, Literal, TypeAlias

from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj

Direction: TypeAlias = Literal["Ingress", "Egress"]

#: label that the API server puts on every namespace
NAME_LABEL = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class PodEnd:
    """A pod as one end of a connection."""

    namespace: str
    labels: Mapping[str, str]
    #: its address; without one no ``ipBlock`` matches it
    address: str | None = None
    #: numbers of its containers' named ports, by name and protocol
    named_ports: Mapping[tuple[str, str], int] = field(default_factory=dict)
    #: shares its node's network: policies do not apply to it, and selectors do not find it
    host_network: bool = False


@dataclass(frozen=True)
class Outside:
    """Anything that is no pod: a load balancer, a client, a database, the internet."""

    address: str


End: TypeAlias = PodEnd | Outside
#: labels of each namespace; its name label is added where it is missing
Namespaces: TypeAlias = Mapping[str, Mapping[str, str]]


def allows(
    policies: Iterable[Obj],
    namespaces: Namespaces,
    source: End,
    destination: End,
    port: int,
    protocol: str = "TCP",
) -> bool:
    """Whether a connection to ``port`` of the destination is allowed: by the source's egress and the destination's ingress."""
    known = tuple(policies)
    return all(
        allows_one_way(known, namespaces, direction, source, destination, port, protocol)
        for direction in ("Egress", "Ingress")
    )


def allows_one_way(
    policies: Iterable[Obj],
    namespaces: Namespaces,
    direction: Direction,
    source: End,
    destination: End,
    port: int,
    protocol: str = "TCP",
) -> bool:
    """Whether one end allows it: ``Egress`` asks the source's policies, ``Ingress`` the destination's."""
    own, other = (source, destination) if direction == "Egress" else (destination, source)
    if not isinstance(own, PodEnd) or own.host_network:
        return True
    isolating = isolating_policies(policies, own, direction)
    return not isolating or any(
        _rule_allows(rule, direction, policy, namespaces, other, destination, port, protocol)
        for policy in isolating
        for rule in (policy.get("spec") or {}).get(direction.lower()) or ()
    )


def isolating_policies(policies: Iterable[Obj], pod: PodEnd, direction: Direction) -> tuple[Obj, ...]:
    """The policies that select a pod for a direction; when there are none, everything is allowed in it."""
    return tuple(policy for policy in policies if direction in policy_types(policy) and selects(policy, pod))


def policy_types(policy: Obj) -> frozenset[str]:
    """As the API server defaults them: Ingress always, and Egress when the policy has any egress rule."""
    spec = policy.get("spec") or {}
    stated = spec.get("policyTypes")
    if stated:
        return frozenset(stated)
    return frozenset({"Ingress", "Egress"} if spec.get("egress") else {"Ingress"})


def selects(policy: Obj, pod: PodEnd) -> bool:
    """Whether the policy is for this pod."""
    if (policy.get("metadata") or {}).get("namespace", "default") != pod.namespace:
        return False
    return LabelSelector.from_object((policy.get("spec") or {}).get("podSelector") or {}).matches(pod.labels)


def _rule_allows(
    rule: Obj,
    direction: Direction,
    policy: Obj,
    namespaces: Namespaces,
    other: End,
    destination: End,
    port: int,
    protocol: str,
) -> bool:
    peers, ports = rule.get("from" if direction == "Ingress" else "to"), rule.get("ports")
    home = (policy.get("metadata") or {}).get("namespace", "default")
    reached = not peers or any(_is_peer(peer, home, namespaces, other) for peer in peers)
    return reached and (not ports or any(_is_port(each, destination, port, protocol) for each in ports))


def _is_peer(peer: Obj, home: str, namespaces: Namespaces, other: End) -> bool:
    block = peer.get("ipBlock")
    if block:
        return other.address is not None and _is_inside(block, other.address)
    if not isinstance(other, PodEnd) or other.host_network:
        return False
    pods, places = peer.get("podSelector"), peer.get("namespaceSelector")
    if places is None and other.namespace != home:
        return False
    if places is not None and not LabelSelector.from_object(places).matches(_labels_of(other.namespace, namespaces)):
        return False
    return pods is None or LabelSelector.from_object(pods).matches(other.labels)


def _labels_of(namespace: str, namespaces: Namespaces) -> dict[str, str]:
    return {NAME_LABEL: namespace, **namespaces.get(namespace, {})}


def _is_inside(block: Obj, address: str) -> bool:
    at = ip_address(address)
    return at in ip_network(block["cidr"], strict=False) and not any(
        at in ip_network(hole, strict=False) for hole in block.get("except") or ()
    )


def _is_port(rule_port: Obj, destination: End, port: int, protocol: str) -> bool:
    if rule_port.get("protocol", "TCP") != protocol:
        return False
    stated: Any = rule_port.get("port")
    if stated is None:
        return True
    if isinstance(stated, str) and not stated.isdigit():
        return isinstance(destination, PodEnd) and destination.named_ports.get((stated, protocol)) == port
    return int(stated) <= port <= int(rule_port.get("endPort") or stated)


def pod_end(pod: Obj, labels: Mapping[str, str] | None = None) -> PodEnd:
    """The end that a Pod, or a pod template with a namespace in its metadata, makes."""
    metadata, spec = pod.get("metadata") or {}, pod.get("spec") or {}
    containers = (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))
    ports = [each for container in containers for each in container.get("ports") or ()]
    return PodEnd(
        namespace=metadata.get("namespace", "default"),
        labels=labels if labels is not None else metadata.get("labels") or {},
        address=(pod.get("status") or {}).get("podIP"),
        named_ports={
            (each["name"], each.get("protocol", "TCP")): each["containerPort"] for each in ports if each.get("name")
        },
        host_network=bool(spec.get("hostNetwork")),
    )
