"""CAP001: more pods counted on per node than its network interfaces have addresses for."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.catalog import instance_type
from wavetank.checks.model import Case, Mistake, Rule, Severity
from wavetank.plan.model import NodeGroup


def check(case: Case) -> Iterator[Mistake]:
    for group in case.plan.node_groups:
        if group.pods_per_node is not None and group.pods_per_node > group.max_pods:
            yield _mistake(group, group.pods_per_node)


def _mistake(group: NodeGroup, stated: int) -> Mistake:
    smallest = min((instance_type(name) for name in group.instance_types), key=lambda t: t.max_pods)
    return Mistake(
        path=f"nodeGroups[{group.name}].podsPerNode",
        message=(
            f"node group {group.name} counts on {stated} pods per node, but a {smallest.name} admits {group.max_pods}: "
            f"{smallest.max_enis} interfaces × ({smallest.ipv4_per_eni} addresses - 1) + 2 = {smallest.max_pods}; "
            f"{group.max_size} nodes hold {group.max_size * group.max_pods} pods, not {group.max_size * stated}"
        ),
        remedy=(
            f"count on {group.max_pods} (daemonset pods included), take a larger instance type, or turn on prefix "
            f"delegation in the vpc-cni add-on (then {smallest.max_pods_prefix})"
        ),
        numbers={
            "stated": stated,
            "maxPods": group.max_pods,
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
