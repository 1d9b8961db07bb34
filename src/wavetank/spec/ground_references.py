"""Contradictions about the ground: zones, domains, node pools, roles of pods. Rules as in ``references``, which lists them."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank import catalog
from wavetank.base.errors import Problem
from wavetank.spec.lookup import at, elements, names, repeated, unknown, word
from wavetank.spec.tree import Mapped, Node, children

POD_IDENTITY_AGENT = "eks-pod-identity-agent"


def nested_names_are_unique(root: Node) -> Iterator[Problem]:
    """A name names one node pool, one certificate."""
    yield from repeated(root, "karpenter", "nodePools")
    yield from repeated(root, "dns", "certificates")


def node_pools_stay_in_the_network(root: Node) -> Iterator[Problem]:
    """Node pools start machines in zones of the network."""
    zones = [each for node in children(at(root, "network", "zones")) if (each := word(node))]
    known = zones or list(catalog.zones(word(at(root, "region")) or "")[:2])
    for pool in elements(root, "karpenter", "nodePools"):
        for zone in children(pool.get("zones")):
            yield from unknown(zone, "zone of the network named", known)


def karpenter_can_work(root: Node) -> Iterator[Problem]:
    """Without a node pool nothing happens, and nodes of a pool need an access entry."""
    section = at(root, "karpenter")
    if not isinstance(section, Mapped):
        return
    pools = at(section, "nodePools")
    if pools is not None and not children(pools):
        yield pools.place.problem("Karpenter starts no machine without a node pool", "Add one, or remove karpenter.")
    mode = at(root, "cluster", "authenticationMode")
    if mode is not None and word(mode) == "CONFIG_MAP":
        message = "nodes of Karpenter join by an access entry, which authenticationMode CONFIG_MAP does not have"
        yield mode.place.problem(message, "Write API or API_AND_CONFIG_MAP.")


def certificates_lie_in_the_zone(root: Node) -> Iterator[Problem]:
    """Domains of certificates are proved by records of the zone, so they are names in it."""
    zone = word(at(root, "dns", "zone"))
    for certificate in elements(root, "dns", "certificates"):
        domains = certificate.get("domains")
        for node in children(domains) or ((domains,) if word(domains) is not None and domains is not None else ()):
            domain = (word(node) or "").removeprefix("*.")
            if zone and domain and domain != zone and not domain.endswith(f".{zone}"):
                message = f'"{word(node)}" is no name in the zone "{zone}", whose records must prove it'
                yield node.place.problem(message, f"For example {domain.partition('.')[0]}.{zone}.")


def pod_identity_has_its_agent(root: Node) -> Iterator[Problem]:
    """Pod identity works through an agent on the nodes."""
    wish, add_ons = at(root, "podIdentity"), at(root, "addOns")
    if wish is None or word(wish) != "podIdentity" or add_ons is None:
        return
    if POD_IDENTITY_AGENT not in names(root, "addOns"):
        message = f"no pod gets its role: the add-on {POD_IDENTITY_AGENT} is not among addOns"
        yield wish.place.problem(message, f"Add {POD_IDENTITY_AGENT} to addOns, or leave addOns out.")


RULES = (
    nested_names_are_unique,
    node_pools_stay_in_the_network,
    karpenter_can_work,
    certificates_lie_in_the_zone,
    pod_identity_has_its_agent,
)
