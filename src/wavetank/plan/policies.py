"""Network policies: the author's rules with named peers written out."""

from __future__ import annotations

from collections.abc import Iterable

from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Network, NetworkPolicy, Workload
from wavetank.spec.connections import NetworkPolicy as WrittenNetworkPolicy
from wavetank.spec.peers import Peer, PolicyPort
from wavetank.spec.shapes import shape

#: CoreDNS keeps the labels of kube-dns
CLUSTER_DNS: Obj = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}


def network_policy(
    stated: WrittenNetworkPolicy, workloads: tuple[Workload, ...], network: Network, ledger: Ledger
) -> NetworkPolicy:
    """The policy for a workload's pods in Kubernetes' shape."""
    path = f"networkPolicies[{stated.name}]"
    ledger.stated(path, stated)
    workload = next(each for each in workloads if each.name == stated.workload)
    spec: Obj = {"podSelector": {"matchLabels": dict(workload.selector_labels)}, "policyTypes": []}
    ledger.stated(f"{path}.spec.podSelector", None, f"{path}.workload")
    if stated.ingress is not None:
        spec["policyTypes"].append("Ingress")
        spec["ingress"] = [_rule("from", rule.from_, rule.ports, network) for rule in stated.ingress]
        _note_rules(f"{path}.spec.ingress", f"{path}.ingress", len(stated.ingress), ledger)
    if stated.egress is not None:
        spec["policyTypes"].append("Egress")
        spec["egress"] = [_rule("to", rule.to, rule.ports, network) for rule in stated.egress]
        _note_rules(f"{path}.spec.egress", f"{path}.egress", len(stated.egress), ledger)
    return NetworkPolicy(stated.name, workload.namespace, workload.name, spec)


def _note_rules(path: str, at: str, count: int, ledger: Ledger) -> None:
    """Rules and their two halves get the lines they are written on; what a named peer stands for is on its line."""
    ledger.stated(path, None, at)
    for index in range(count):
        ledger.stated(f"{path}[{index}]", None, f"{at}[{index}]")
        for half in ("from", "to", "ports"):
            if ledger.is_written(f"{at}[{index}].{half}"):
                ledger.stated(f"{path}[{index}].{half}", None, f"{at}[{index}].{half}")


def _rule(direction: str, peers: Iterable[Peer] | None, ports: Iterable[PolicyPort] | None, network: Network) -> Obj:
    rule: Obj = {}
    if peers is not None:
        rule[direction] = [written_out for peer in peers for written_out in _peers(peer, network)]
    if ports is not None:
        rule["ports"] = [{"protocol": "TCP"} | shape(port) for port in ports]
    return rule


def _peers(peer: Peer, network: Network) -> list[Obj]:
    match peer.named:
        case None:
            return [shape(peer)]
        case "publicSubnets":
            return [block(subnet.cidr) for subnet in network.public_subnets]
        case "privateSubnets":
            return [block(subnet.cidr) for subnet in network.private_subnets]
        case "vpc":
            return [block(network.vpc_cidr)]
        case "sameNamespace":
            return [{"podSelector": {}}]
        case "clusterDns":
            return [CLUSTER_DNS]
        case "anywhere":
            return [block("0.0.0.0/0")]


def block(cidr: str) -> Obj:
    """A range of addresses as a peer."""
    return {"ipBlock": {"cidr": cidr}}
