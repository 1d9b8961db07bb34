"""Contradictions in what is assumed for the bill: groups that do not exist, shares of more than the whole.

As in ``references``, every rule looks through the located tree and passes over values of the wrong type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from wavetank.base.errors import Problem
from wavetank.spec.lookup import at, elements, names, unknown
from wavetank.spec.tree import Mapped, Node, Scalar, children

_SHARES = ("infrequentPercent", "changePercentPerDay", "spotSavingPercent")


def groups_of_assumptions_exist(root: Node) -> Iterator[Problem]:
    """Hours, savings and commitments are of node groups and node pools of the platform."""
    known = [*names(root, "nodeGroups"), *names(root, "karpenter", "nodePools"), *_zonal_groups(root)]
    for commitment in elements(root, "cost", "commitments"):
        for group in children(commitment.get("nodeGroups")):
            yield from unknown(group, "node group", known)
    for key in ("spotSavings", "nodeHours"):
        stated = at(root, "cost", key)
        for name, entry in stated.entries.items() if isinstance(stated, Mapped) else ():
            if name not in known:
                message = f'there is no node group "{name}"'
                yield entry.value.place.problem(message, f"The platform has {', '.join(known)}.")


def _zonal_groups(root: Node) -> Iterator[str]:
    """Groups that are made for each zone are known by their own names, too."""
    zones = [str(zone.value) for zone in children(at(root, "network", "zones")) if isinstance(zone, Scalar)]
    for group in elements(root, "nodeGroups"):
        per_zone, name = group.get("perZone"), group.get("name")
        if isinstance(per_zone, Scalar) and per_zone.value is True and isinstance(name, Scalar):
            yield from (f"{name.value}-{zone}" for zone in zones)


def shares_are_not_more_than_the_whole(root: Node) -> Iterator[Problem]:
    """Percentages of the bill's assumptions."""
    savings = at(root, "cost", "spotSavings")
    of_groups = [entry.value for entry in savings.entries.values()] if isinstance(savings, Mapped) else []
    for stated in (*(at(root, "cost", key) for key in _SHARES), *of_groups):
        if isinstance(stated, Scalar) and isinstance(stated.value, int | Decimal) and stated.value > 100:
            yield stated.place.problem(f"{stated.value} % is more than the whole", "Write a number from 0 to 100.")


RULES: tuple[Callable[[Node], Iterator[Problem]], ...] = (
    groups_of_assumptions_exist,
    shares_are_not_more_than_the_whole,
)
