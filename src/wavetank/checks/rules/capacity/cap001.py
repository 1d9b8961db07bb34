"""CAP001: more pods counted on per node than its network interfaces have addresses for."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.machines import Machines, machines_of
from wavetank.checks.model import Mistake, Rule, Severity


def check(case: Case) -> Iterator[Mistake]:
    for machines in machines_of(case):
        stated = machines.group.pods_per_node
        if stated is not None and machines.max_pods is not None and stated > machines.max_pods:
            yield _mistake(machines, stated, machines.max_pods)


def _mistake(machines: Machines, stated: int, admitted: int) -> Mistake:
    assert machines.types, "what a node admits is known by its type"
    group, smallest = machines.group, min(machines.types, key=lambda t: t.max_pods)
    nodes = group.max_size or 1
    return Mistake(
        at=group.at("pods_per_node"),
        message=(
            f"node group {group.name} counts on {stated} pods per node, but a {smallest.name} admits {admitted}: "
            f"{smallest.max_enis} interfaces × ({smallest.ipv4_per_eni} addresses - 1) + 2 = {smallest.max_pods}; "
            f"{nodes} nodes hold {nodes * admitted} pods, not {nodes * stated}"
        ),
        remedy=(
            f"count on {admitted} (daemonset pods included), take a larger instance type, or turn on prefix "
            f"delegation in the vpc-cni add-on (then {smallest.max_pods_prefix})"
        ),
        numbers={
            "stated": stated,
            "maxPods": admitted,
            "enis": smallest.max_enis,
            "ipv4PerEni": smallest.ipv4_per_eni,
        },
    )


RULE = Rule(
    id="CAP001",
    severity=Severity.ERROR,
    title="More pods per node than the instance type has addresses for",
    source="amazon-vpc-cni-k8s misc/eni-max-pods.txt; ENIs × (IPv4 addresses - 1) + 2",
    check=check,
)
