"""Whether nodes can go, or make place for one cheaper node. Decides; what is decided is carried out by ``disruption``.

Upstream: ``disruption/consolidation.go``, ``multinodeconsolidation.go``, ``singlenodeconsolidation.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from wavetank.kube.types import Obj
from wavetank.twin.nodes.offers import ON_DEMAND, SPOT, InstanceOffer

from . import names
from .budgets import Reason
from .candidates import Candidate
from .instances import by_price, cheaper_than, is_compatible, matching_offerings, types_for_minimum, unmet_minimum
from .packing import Packed, Planned
from .pods import is_provisionable
from .requirements import Requirements, requirement

#: How many cheaper types a spot node is replaced among, so that it is not replaced again at once.
SPOT_TYPES = 15
#: No more nodes than this are looked at together.
MOST_TOGETHER = 100
MOST_ERRORS = 5

#: What would become of the cluster without some nodes.
Simulate = Callable[[Sequence[Candidate]], Packed]
Tell = Callable[[Candidate, str], None]


@dataclass(frozen=True)
class Command:
    """Nodes that go and what is made in their place."""

    candidates: tuple[Candidate, ...]
    replacements: tuple[Planned, ...] = ()
    reason: Reason = "Underutilized"
    #: Names of nodes that exist and will get pods of those that go.
    targets: tuple[str, ...] = ()

    def __str__(self) -> str:
        pods = sum(len(c.pods) for c in self.candidates)
        verb = "replace" if self.replacements else "delete"
        gone = ", ".join(f"{c.name}/{c.offer.name}/{c.capacity_type}" for c in self.candidates)
        text = f"{verb}, terminating {len(self.candidates)} nodes ({pods} pods) {gone}"
        return text + "".join(f" and replacing with {_replacement_text(each)}" for each in self.replacements[:1])


def _replacement_text(planned: Planned) -> str:
    capacity = planned.requirements.of(names.CAPACITY_TYPE).only
    shown = [offer.name for offer in planned.offers[:5]]
    more = f" and {len(planned.offers) - 5} other(s)" if len(planned.offers) > 5 else ""
    return f"{capacity + ' ' if capacity else ''}node from types {', '.join(shown)}{more}"


@dataclass(frozen=True)
class Consolidation:
    """``tell`` is told why a single node stays."""

    simulate: Simulate
    tell: Tell
    spot_to_spot: bool = False

    def command(self, candidates: Sequence[Candidate]) -> Command | None:
        """What to do about these nodes together; None when they had better stay."""
        alone = candidates[0] if len(candidates) == 1 else None
        packed = self.simulate(candidates)
        stranded = stranded_pods(packed, candidates)
        if stranded:
            return self._no(alone, f"not all pods would schedule, {_errors_text(stranded)}")
        targets = targets_of(packed)
        if not packed.planned:
            return Command(tuple(candidates), targets=targets)
        if len(packed.planned) > 1:
            return self._no(alone, f"Can't remove without creating {len(packed.planned)} candidates")
        prices = [c.price_usd_hour for c in candidates]
        known = [price for price in prices if price is not None]
        if len(known) < len(prices):
            return None
        planned = packed.planned[0]
        planned = replace(planned, offers=by_price(planned.offers, planned.requirements))
        of_spot = all(c.capacity_type == SPOT for c in candidates)
        spot_again = of_spot and planned.requirements.of(names.CAPACITY_TYPE).has(SPOT)
        replaced = self._spot_to_spot if spot_again else self._cheaper
        found = replaced(candidates, planned, sum(known, Decimal(0)))
        return None if found is None else replace(found, targets=targets)

    def _cheaper(self, candidates: Sequence[Candidate], planned: Planned, price: Decimal) -> Command | None:
        alone = candidates[0] if len(candidates) == 1 else None
        left = cheaper_than(planned.offers, planned.requirements, price)
        why = _why_none(left, planned.requirements)
        if why:
            return self._no(alone, why)
        wanted, capacity = planned.requirements, planned.requirements.of(names.CAPACITY_TYPE)
        if capacity.has(SPOT) and capacity.has(ON_DEMAND):
            # Prices were those of spot: if there is none, the launch must fail rather than cost more.
            wanted = wanted.plus((requirement(names.CAPACITY_TYPE, "In", (SPOT,)),))
            left = [offer for offer in left if matching_offerings(offer, wanted)] or left
            wanted = wanted if any(matching_offerings(o, wanted) for o in left) else planned.requirements
        return Command(tuple(candidates), (replace(planned, offers=left, requirements=wanted),))

    def _spot_to_spot(self, candidates: Sequence[Candidate], planned: Planned, price: Decimal) -> Command | None:
        alone = candidates[0] if len(candidates) == 1 else None
        if not self.spot_to_spot:
            return self._no(alone, "SpotToSpotConsolidation is disabled, can't replace a spot node with a spot node")
        wanted = planned.requirements.plus((requirement(names.CAPACITY_TYPE, "In", (SPOT,)),))
        offers = [o for o in planned.offers if is_compatible(o, wanted) and matching_offerings(o, wanted)]
        left = cheaper_than(offers, wanted, price)
        why = _why_none(left, wanted)
        if why:
            return self._no(alone, why)
        if alone is not None:
            if len(left) < SPOT_TYPES:
                return self._no(
                    alone,
                    f"SpotToSpotConsolidation requires {SPOT_TYPES} cheaper instance type options than the current "
                    f"candidate to consolidate, got {len(left)}",
                )
            left = left[: max(SPOT_TYPES, types_for_minimum(left, wanted) if _has_minimum(wanted) else 0)]
        return Command(tuple(candidates), (replace(planned, offers=left, requirements=wanted),))

    def _no(self, alone: Candidate | None, why: str) -> Command | None:
        if alone is not None:
            self.tell(alone, why)
        return None

    # --- several at once ---------------------------------------------------------------------------------------------

    def largest_command(self, candidates: Sequence[Candidate]) -> Command | None:
        """The largest number of the first candidates that can go together, two at least, found by halving."""
        low, high, best = 1, min(len(candidates), MOST_TOGETHER + 1) - 1, None
        while low <= high:
            middle = (low + high) // 2
            found = self.command(candidates[: middle + 1])
            if found is not None and found.replacements:
                found = _without_same_types(found)
            if found is not None:
                best, low = found, middle + 1
            else:
                high = middle - 1
        return best


def targets_of(packed: Packed) -> tuple[str, ...]:
    return tuple(node.name for node in packed.existing if node.pods)


def within_budgets(candidates: Sequence[Candidate], room: Mapping[str, int]) -> list[Candidate]:
    """The candidates in order, as long as their pools' budgets last."""
    left, found = dict(room), []
    for candidate in candidates:
        if left.get(candidate.pool.name, 0) > 0:
            left[candidate.pool.name] -= 1
            found.append(candidate)
    return found


def stranded_pods(packed: Packed, candidates: Sequence[Candidate]) -> dict[str, str]:
    """Why pods that run now would have no place, by address; pods that wait anyway do not count.

    A place on a node that is not initialized yet is none: it may never come.
    """
    pods: dict[str, Obj] = {pod["metadata"]["uid"]: pod for c in candidates for pod in c.pods}
    found = {_address(pods[uid]): why for uid, why in packed.errors.items() if uid in pods}
    for node in packed.existing:
        if not node.initialized:
            uninitialized = f"would schedule against uninitialized node/{node.name}"
            found |= {_address(pods[p.uid]): uninitialized for p in node.pods if p.uid in pods}
    return {address: why for address, why in found.items() if not _waits(pods, address)}


def _waits(pods: Mapping[str, Obj], address: str) -> bool:
    return any(_address(pod) == address and is_provisionable(pod) for pod in pods.values())


def _errors_text(errors: Mapping[str, str]) -> str:
    shown = [f"{address} => {why}" for address, why in sorted(errors.items())]
    more = f" and {len(shown) - MOST_ERRORS} other(s)" if len(shown) > MOST_ERRORS else ""
    return " ".join(shown[:MOST_ERRORS]) + more


def _why_none(left: Sequence[InstanceOffer], wanted: Requirements) -> str:
    if not left:
        return "Can't replace with a cheaper node"
    unmet = unmet_minimum(left, wanted)
    return (
        f"Filtering by price: minValues requirement is not met for label(s) (label(s)=[{unmet.key}])" if unmet else ""
    )


def _has_minimum(wanted: Requirements) -> bool:
    return any(each.min_values is not None for each in wanted.values())


def _without_same_types(command: Command) -> Command | None:
    """Among several nodes and their replacement the same type may be: then that node had better stay.

    Types that cost no less than the cheapest such node are left out (``filterOutSameType``).
    """
    planned = command.replacements[0]
    going = {c.offer.name: c.price_usd_hour for c in sorted(command.candidates, key=_dearest_first)}
    prices = [price for o in planned.offers if (price := going.get(o.name)) is not None]
    if not prices:
        return command
    left = cheaper_than(planned.offers, planned.requirements, min(prices))
    if not left or unmet_minimum(left, planned.requirements) is not None:
        return None
    return replace(command, replacements=(replace(planned, offers=left),))


def _dearest_first(candidate: Candidate) -> Decimal:
    return -(candidate.price_usd_hour or Decimal(0))


def _address(pod: Obj) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
