"""Nodes that may be disrupted at all, and what it costs their pods. Reads, tells why not, changes nothing.

Upstream: ``disruption/types.go`` (``NewCandidate``), ``state/statenode.go`` (``ValidateNodeDisruptable``), ``utils/pdb``,
``utils/disruption``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from wavetank.kube.conditions import is_true
from wavetank.kube.times import parse
from wavetank.kube.types import Obj
from wavetank.twin.cluster.eviction import BUDGETS, budgets_of
from wavetank.twin.nodes.offers import InstanceOffer

from . import names
from .durations import optional_seconds
from .live import Live
from .planner import Ware
from .pods import has_do_not_disrupt, is_active, is_evictable, moving_cost
from .pools import DEFAULT_EXPIRY, Pool
from .state import StateNode

#: Events that a node cannot be consolidated are repeated no sooner than this.
UNCONSOLIDATABLE_SECONDS = 900.0


@dataclass(frozen=True)
class Candidate:
    """A node with its pool and type. ``offer`` is the type as it can be bought now."""

    state: StateNode
    pool: Pool
    offer: InstanceOffer
    cost: float

    @property
    def name(self) -> str:
        return self.state.name

    @property
    def claim(self) -> Obj:
        assert self.state.claim is not None, "only nodes with a claim are candidates"
        return self.state.claim

    @property
    def capacity_type(self) -> str:
        return self.state.labels.get(names.CAPACITY_TYPE, "")

    @property
    def price_usd_hour(self) -> Decimal | None:
        """What the node costs now; None when nobody sells such a one any more."""
        zone = self.state.labels.get(names.ZONE)
        prices = [
            o.price_usd_hour for o in self.offer.offerings if o.zone == zone and o.capacity_type == self.capacity_type
        ]
        return min(prices, default=None)

    @property
    def pods(self) -> list[Obj]:
        return self.state.reschedulable


def candidates(
    live: Live, nodes: Sequence[StateNode], wares: Sequence[Ware], *, eventual: bool, quiet: bool = False
) -> list[Candidate]:
    """Nodes that could be disrupted. ``eventual`` disruption (drift) may pass by pods that refuse, where the node has a
    ``terminationGracePeriod``; others it leaves alone. Unless ``quiet``, events tell what keeps a node.
    """
    by_pool = {ware.pool.name: ware for ware in wares}
    budgets = live.cluster.list(BUDGETS)
    found = []
    for state in nodes:
        if not state.is_managed or state.is_leaving:
            continue
        candidate, why = _candidate(live, state, by_pool, budgets, eventual)
        if candidate is not None:
            found.append(candidate)
        elif why and not quiet:
            live.tell((state.node, state.claim), "Normal", "DisruptionBlocked", _sentence(why))
    return found


def _candidate(
    live: Live, state: StateNode, wares: Mapping[str, Ware], budgets: list[Obj], eventual: bool
) -> tuple[Candidate | None, str]:
    why = _node_refusal(live, state)
    if why:
        return None, why
    ware = wares.get(state.pool)
    if ware is None:
        return None, f"NodePool not found (NodePool={state.pool})"
    type_name = state.labels.get(names.INSTANCE_TYPE, "")
    offer = next((o for o in ware.offers if o.name == type_name), None)
    if offer is None:
        return None, f"Instance type not found (Instance Type={type_name})"
    why = _pods_refusal(state.pods, budgets)
    has_end = state.claim is not None and state.claim["spec"].get("terminationGracePeriod")
    if why and not (eventual and has_end):
        return None, why
    cost = sum(map(moving_cost, state.pods)) * lifetime_left(state, live.cluster.now)
    return Candidate(state, ware.pool, offer, cost), ""


def _node_refusal(live: Live, state: StateNode) -> str:
    if state.node is None:
        return "Nodeclaim does not have an associated node"
    if not state.is_initialized:
        return "Node isn't initialized"
    if any(has_do_not_disrupt(obj) for obj in (state.node, state.claim) if obj is not None):
        return f'disruption is blocked through the "{names.DO_NOT_DISRUPT}" annotation'
    if live.is_nominated(state.provider_id):
        return "Node is nominated for a pending pod"
    return ""


def _pods_refusal(pods: Sequence[Obj], budgets: list[Obj]) -> str:
    for pod in pods:
        if is_active(pod) and has_do_not_disrupt(pod):
            return f'pod has "{names.DO_NOT_DISRUPT}" annotation (Pod={_address(pod)})'
    for pod in pods:
        blocking = _blocking(pod, budgets) if is_evictable(pod) else []
        if blocking:
            return f"pdb prevents pod evictions (PodDisruptionBudget=[{' '.join(blocking)}])"
    return ""


def _blocking(pod: Obj, budgets: list[Obj]) -> list[str]:
    """The budgets that would refuse the pod's eviction now; more than one is refused by the API as such."""
    own = [b for b in budgets if b["metadata"]["namespace"] == pod["metadata"]["namespace"]]
    covering = budgets_of(pod, own)
    if len(covering) > 1:
        return [_address(budget) for budget in covering]
    return [_address(b) for b in covering if not _lets_go(b, pod)]


def _lets_go(budget: Obj, pod: Obj) -> bool:
    if (budget.get("status") or {}).get("disruptionsAllowed", 0) > 0:
        return True
    return budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow" and not is_true(pod, "Ready")


def lifetime_left(state: StateNode, now: datetime) -> float:
    """The part of its life that is before a node, 0 to 1: an old node is moved from more lightly."""
    claim = state.claim or {}
    expires = optional_seconds((claim.get("spec") or {}).get("expireAfter", DEFAULT_EXPIRY))
    if expires is None:
        return 1.0
    age = (now - parse(claim["metadata"]["creationTimestamp"])).total_seconds()
    return min(max((expires - age) / expires, 0.0), 1.0) if expires else 0.0


def unconsolidatable(live: Live, candidate: Candidate, message: str) -> None:
    """Tell why a node stays as it is."""
    about = (candidate.state.node, candidate.claim)
    live.tell(about, "Normal", "Unconsolidatable", _sentence(message), same=("",), seconds=UNCONSOLIDATABLE_SECONDS)


def _address(obj: Obj) -> str:
    return f"{obj['metadata']['namespace']}/{obj['metadata']['name']}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
