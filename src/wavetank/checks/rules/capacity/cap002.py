"""CAP002: kubelet admits more pods than the node's network interfaces have addresses for."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.machines import Machines, machines_of, prefix_delegation
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.plan.packing import admitted_pods


def check(case: Case) -> Iterator[Mistake]:
    prefixes = prefix_delegation(case)
    if prefixes is None or case.components.installs("cilium"):
        return
    for machines in machines_of(case):
        stated = (machines.group.kubelet or {}).get("maxPods")
        if machines.types is None or not isinstance(stated, int):
            continue
        admitted = admitted_pods(machines.types, prefixes)
        if stated > admitted:
            yield _mistake(machines, stated, admitted, prefixes)


def _mistake(machines: Machines, stated: int, admitted: int, prefixes: bool) -> Mistake:
    assert machines.types, "what a node admits is known by its type"
    group = machines.group
    smallest = min(machines.types, key=lambda t: t.pods_per_node(prefixes))
    how = "with prefix delegation" if prefixes else "without prefix delegation"
    return Mistake(
        at=group.at("kubelet", "maxPods"),
        message=(
            f"kubelet of node group {group.name} admits {stated} pods, but a {smallest.name} has addresses for {admitted} {how}: "
            f"the others stay in ContainerCreating for ever, though the scheduler sees room"
        ),
        remedy=(
            f"leave maxPods to EKS, set it to {admitted}, or turn on ENABLE_PREFIX_DELEGATION in the vpc-cni add-on "
            f"(then {smallest.max_pods_prefix})"
        ),
        numbers={"maxPods": stated, "addresses": admitted, "withPrefixes": smallest.max_pods_prefix},
    )


RULE = Rule(
    id="CAP002",
    severity=Severity.ERROR,
    title="Kubelet admits more pods than the node has addresses for",
    source="amazon-vpc-cni-k8s: ENIs × (IPv4 addresses - 1) + 2; prefixes of 16 with ENABLE_PREFIX_DELEGATION",
    check=check,
)
