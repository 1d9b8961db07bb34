"""Which instance types suit requirements and requests, and at what price. Pure.

Upstream: ``pkg/cloudprovider/types.go``, ``scheduling/nodeclaim.go`` (``filterInstanceTypesByRequirements``), and the filters
before a launch in the AWS provider (``pkg/providers/instance``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from wavetank.kube.resources import Amounts, formatted
from wavetank.twin.nodes.offers import ON_DEMAND, SPOT, InstanceOffer, Offering

from . import names
from .requirements import Requirement, Requirements, values_meet

#: A launch is told at most this many instance types.
MOST_TYPES = 60
NO_PRICE = Decimal("Infinity")
TYPO_CPU_MILLI = 1_000_000_000


def has_label_values(offer: InstanceOffer, key: str) -> frozenset[str] | None:
    """The values that nodes of the type can have; None for a label that is not the type's business."""
    if key == names.INSTANCE_TYPE:
        return frozenset((offer.name,))
    if key == names.ZONE:
        return frozenset(o.zone for o in offer.offerings)
    if key == names.CAPACITY_TYPE:
        return frozenset(o.capacity_type for o in offer.offerings)
    if key in offer.labels:
        return frozenset((offer.labels[key],))
    return frozenset() if names.of_instances(key) else None


def is_compatible(offer: InstanceOffer, wanted: Requirements) -> bool:
    """Whether no label of the type contradicts."""
    for key, each in wanted.items():
        values = has_label_values(offer, key)
        if values is not None and not values_meet(values, each):
            return False
    return True


def matching_offerings(offer: InstanceOffer, wanted: Requirements) -> list[Offering]:
    """What can be bought of the type now."""
    zone, capacity = wanted.of(names.ZONE), wanted.of(names.CAPACITY_TYPE)
    return [o for o in offer.offerings if o.available and zone.has(o.zone) and capacity.has(o.capacity_type)]


def fits(offer: InstanceOffer, requests: Mapping[str, int]) -> bool:
    allocatable = offer.allocatable
    return all(units <= allocatable.amount(resource) for resource, units in requests.items())


def cheapest_price(offer: InstanceOffer, wanted: Requirements) -> Decimal:
    """Of what can be bought; infinite when nothing can."""
    return min((o.price_usd_hour for o in matching_offerings(offer, wanted)), default=NO_PRICE)


def by_price(offers: Iterable[InstanceOffer], wanted: Requirements) -> list[InstanceOffer]:
    """The cheapest first, then by name."""
    return sorted(offers, key=lambda offer: (cheapest_price(offer, wanted), offer.name))


def cheaper_than(offers: Iterable[InstanceOffer], wanted: Requirements, price: Decimal) -> list[InstanceOffer]:
    """Types whose launch cannot cost as much as ``price``: of spot, where it is allowed, the dearest zone counts."""
    return [offer for offer in offers if _launch_price(offer, wanted) < price]


def _launch_price(offer: InstanceOffer, wanted: Requirements) -> Decimal:
    """The worst price that a launch may pay (``WorstLaunchPrice``): spot is bought when there is any."""
    found = matching_offerings(offer, wanted)
    of_spot = [o.price_usd_hour for o in found if o.capacity_type == SPOT]
    return max(of_spot or [o.price_usd_hour for o in found], default=NO_PRICE)


# --- minimum flexibility -----------------------------------------------------------------------------------------------


def unmet_minimum(offers: Sequence[InstanceOffer], wanted: Requirements) -> Requirement | None:
    """The first requirement with ``minValues`` for whose label the types offer too few values."""
    for key in sorted(wanted):
        each = wanted[key]
        if each.min_values is not None and len(_values_among(offers, each)) < each.min_values:
            return each
    return None


def _values_among(offers: Iterable[InstanceOffer], wanted: Requirement) -> set[str]:
    return {v for offer in offers for v in has_label_values(offer, wanted.key) or () if wanted.has(v)}


def types_for_minimum(offers: Sequence[InstanceOffer], wanted: Requirements) -> int:
    """How many of the first types it takes to satisfy every ``minValues``."""
    for count in range(1, len(offers) + 1):
        if unmet_minimum(offers[:count], wanted) is None:
            return count
    return len(offers)


def truncated(offers: Iterable[InstanceOffer], wanted: Requirements, limit: int = MOST_TYPES) -> list[InstanceOffer]:
    """The cheapest types, as many as a launch takes."""
    return by_price(offers, wanted)[:limit]


# --- buying ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Purchase:
    offer: InstanceOffer
    offering: Offering


def purchase(offers: Sequence[InstanceOffer], wanted: Requirements) -> Purchase | None:
    """What EC2 starts of these types; None when it has none of them.

    Spot is bought when it is allowed and offered: of the deepest pools the cheapest (``price-capacity-optimized``); else the
    cheapest on demand (``lowest-price``). Exotic types only if there are no others, and no spot that costs more than the
    cheapest type on demand would.
    """
    suitable = _wanted_types([o for o in offers if matching_offerings(o, wanted)], wanted)
    capacity = wanted.of(names.CAPACITY_TYPE)
    for kind in (SPOT, ON_DEMAND):
        found = [
            Purchase(offer, offering)
            for offer in suitable
            for offering in matching_offerings(offer, wanted)
            if offering.capacity_type == kind and capacity.has(kind)
        ]
        if found:
            return min(found, key=_preference)
    return None


def _preference(one: Purchase) -> tuple[int, Decimal, str, str]:
    offering = one.offering
    depth = offering.spot_depth if offering.capacity_type == SPOT else 0
    return (-depth, offering.price_usd_hour, one.offer.name, offering.zone)


def _wanted_types(offers: list[InstanceOffer], wanted: Requirements) -> list[InstanceOffer]:
    ordinary = [offer for offer in offers if not offer.is_exotic] or offers
    bought = [(offer, o) for offer in ordinary for o in matching_offerings(offer, wanted)]
    on_demand = [o.price_usd_hour for _, o in bought if o.capacity_type == ON_DEMAND]
    if not on_demand or all(o.capacity_type != SPOT for _, o in bought):
        return ordinary
    return [offer for offer in ordinary if cheapest_price(offer, wanted) <= min(on_demand)]


# --- why nothing fits --------------------------------------------------------------------------------------------------


def refusal(
    offers: Sequence[InstanceOffer], wanted: Requirements, requests: Amounts, of_pod: Amounts, daemons: Amounts
) -> str:
    """Why no type is left, in Karpenter's words (``InstanceTypeFilterError``)."""
    rows = [(is_compatible(o, wanted), fits(o, requests), bool(matching_offerings(o, wanted))) for o in offers]
    reason = _reason([any(row[i] for row in rows) for i in range(3)], rows, of_pod)
    asked = {name: of_pod.get(name, 0) + daemons.get(name, 0) for name in sorted({*of_pod, *daemons})}
    return f"{reason}, requirements={wanted}, resources={amounts_text(asked)}"


def _reason(some: list[bool], rows: Sequence[tuple[bool, bool, bool]], of_pod: Amounts) -> str:
    match some:
        case [False, False, False]:
            return "no instance type met the scheduling requirements or had enough resources or had a required offering"
        case [False, False, _]:
            return "no instance type met the scheduling requirements or had enough resources"
        case [False, _, False]:
            return "no instance type met the scheduling requirements or had a required offering"
        case [_, False, False]:
            return "no instance type had enough resources or had a required offering"
        case [False, _, _]:
            return "no instance type met all requirements"
        case [_, False, _]:
            typo = of_pod.get("cpu", 0) >= TYPO_CPU_MILLI
            return "no instance type has enough resources" + (" (CPU request >= 1 Million, m vs M typo?)" * typo)
        case [_, _, False]:
            return "no instance type has the required offering"
    if (True, True, False) in rows:
        return (
            "no instance type which met the scheduling requirements and had enough resources, had a required offering"
        )
    if (False, True, True) in rows:
        return "no instance type which had enough resources and the required offering met the scheduling requirements"
    if (True, False, True) in rows:
        return "no instance type which met the scheduling requirements and the required offering had the required resources"
    return "no instance type met the requirements/resources/offering tuple"


def amounts_text(amounts: Mapping[str, int]) -> str:
    """As Karpenter prints a resource list: JSON, in the order of names."""
    inside = ",".join(f'"{name}":"{formatted(name, amounts[name])}"' for name in sorted(amounts))
    return f"{{{inside}}}"
