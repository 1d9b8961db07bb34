"""NET001: more addresses than the private subnets have, when the node groups are at their largest."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from math import ceil

from wavetank.catalog import InstanceType
from wavetank.checks.aws import NodeGroup, Subnet
from wavetank.checks.case import Case
from wavetank.checks.machines import Machines, machines_of, prefix_delegation
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Rule, Severity

#: addresses of a subnet that AWS keeps
RESERVED_BY_AWS = 5
PREFIX = 16
#: settings of the VPC CNI with which a node holds fewer addresses than by default
_THRIFTY = (
    "WARM_IP_TARGET",
    "MINIMUM_IP_TARGET",
    "WARM_ENI_TARGET",
    "WARM_PREFIX_TARGET",
    "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG",
)


def check(case: Case) -> Iterator[Mistake]:
    network, prefixes = case.aws.network, prefix_delegation(case)
    if network is None or network.subnets is None or prefixes is None or case.aws.cluster is None or _is_thrifty(case):
        return
    subnets = {s.name: s for s in network.subnets if s.public is False and s.cidr}
    needed: dict[str, int] = dict.fromkeys(subnets, 0)
    parts: list[str] = []
    for machines in machines_of(case):
        mine = _subnets_of(machines.group, subnets)
        if machines.types is None or machines.group.max_size is None or not mine:
            return
        share, each = ceil((machines.group.max_size + 1) / len(mine)), addresses_held(machines, prefixes)
        for name in mine:
            needed[name] += share * each
        parts.append(f"{machines.group.max_size} {machines.types[0].name} × {each}")
    usable = {name: usable_addresses(subnet) for name, subnet in subnets.items()}
    if any(needed[name] > usable[name] for name in subnets):
        yield _mistake(subnets, needed, usable, parts, prefixes)


def _is_thrifty(case: Case) -> bool:
    cni = case.aws.add_on("vpc-cni")
    env = mapping((cni.configuration or {}).get("env")) if cni else {}
    return any(key in env for key in _THRIFTY) or case.components.installs("cilium") is True


def _subnets_of(group: NodeGroup, subnets: dict[str, Subnet]) -> list[str]:
    if group.subnets is not None:
        return [name for name in group.subnets if name in subnets]
    return list(subnets)


def usable_addresses(subnet: Subnet) -> int:
    """Of a subnet, less those that AWS keeps."""
    assert subnet.cidr, "only subnets with a range are asked"
    return IPv4Network(subnet.cidr, strict=False).num_addresses - RESERVED_BY_AWS


def addresses_held(machines: Machines, prefixes: bool) -> int:
    """The least that one node takes from its subnet by the CNI's defaults, with hardly a pod on it.

    One interface in use and one warm, each with all its addresses; with prefixes: its own, one prefix in use and one warm.
    """
    assert machines.types, "only groups with known machines are asked"
    return min(_held(machine, prefixes) for machine in machines.types)


def _held(machine: InstanceType, prefixes: bool) -> int:
    if prefixes and machine.hypervisor == "nitro":
        return 1 + 2 * PREFIX
    return min(2, machine.max_enis) * machine.ipv4_per_eni


def _mistake(
    subnets: dict[str, Subnet], needed: dict[str, int], usable: dict[str, int], parts: list[str], prefixes: bool
) -> Mistake:
    worst = max(subnets, key=lambda name: needed[name] - usable[name])
    total, there = sum(needed.values()), sum(usable.values())
    how = "a prefix in use and one warm" if prefixes else "an interface in use and one warm (WARM_ENI_TARGET 1)"
    return Mistake(
        at=subnets[worst].at("cidr"),
        message=(
            f"nodes at their most ({', '.join(parts)} addresses, with {how} each, and a node more while updating) hold at "
            "least "
            f"{total} addresses, but the {len(subnets)} private subnets have {there}; {subnets[worst].cidr} would need "
            f"{needed[worst]} and has {usable[worst]}: nodes and pods stay without address"
        ),
        remedy=(
            "use larger private subnets (a /19 or /20 for each zone), set WARM_IP_TARGET on the vpc-cni add-on, or "
            "lower maxSize"
        ),
        numbers={"needed": total, "usable": there, "subnet": str(subnets[worst].cidr), "subnetNeeds": needed[worst]},
    )


RULE = Rule(
    id="NET001",
    severity=Severity.ERROR,
    title="The private subnets have too few addresses for the nodes at their most",
    source="amazon-vpc-cni-k8s docs/eni-and-ip-target.md; Amazon VPC: 5 addresses of a subnet are reserved",
    check=check,
)
