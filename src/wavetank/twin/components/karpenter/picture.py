"""The cluster as disruption looks at it: which nodes are empty, drifted or underutilized, what budgets leave, where pods would be
without some nodes. ``invalidity`` is the second look at a decision. Used by ``disruption`` alone.

Upstream: ``disruption/helpers.go``, ``validation.go``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from wavetank.kube.conditions import condition, is_true
from wavetank.kube.types import Obj

from .budgets import Reason, room
from .candidates import Candidate, candidates
from .consolidation import Command, stranded_pods, within_budgets
from .live import Live
from .packing import Packed
from .planner import Planner, pools
from .pods import is_provisionable
from .pools import EMPTY_OR_UNDERUTILIZED
from .state import StateNode, state_nodes


class Picture:
    """The cluster at one moment, as far as disruption looks at it."""

    def __init__(self, live: Live, *, quiet: bool) -> None:
        self._live, self._quiet = live, quiet
        self.nodes: Sequence[StateNode] = state_nodes(live)
        self._planner = Planner(live, self.nodes)
        self._graceful: list[Candidate] | None = None

    @property
    def graceful(self) -> list[Candidate]:
        """Nodes that may go as far as their pods are concerned."""
        if self._graceful is None:
            self._graceful = self._candidates(eventual=False)
        return self._graceful

    @property
    def consolidatable(self) -> list[Candidate]:
        """Those at rest for long enough, the ones that are cheapest to move first."""
        found = [c for c in self.graceful if is_true(c.claim, "Consolidatable")]
        return sorted(found, key=lambda c: (c.cost, c.name))

    @property
    def empty(self) -> list[Candidate]:
        return [c for c in self.consolidatable if not c.pods]

    @property
    def replaceable(self) -> list[Candidate]:
        """Those whose pool lets them be removed with pods on them."""
        return [c for c in self.consolidatable if c.pool.policy == EMPTY_OR_UNDERUTILIZED]

    @property
    def underutilized(self) -> list[Candidate]:
        """Without empty ones: if those are still there, it is because the budget for empty nodes wants it so."""
        return [c for c in self.replaceable if c.pods]

    @property
    def drifted(self) -> list[Candidate]:
        """The longest drifted first."""
        found = [c for c in self._candidates(eventual=True) if is_true(c.claim, "Drifted")]
        return sorted(
            found, key=lambda c: ((condition(c.claim, "Drifted") or {}).get("lastTransitionTime", ""), c.name)
        )

    @cached_property
    def _homeless(self) -> list[Obj]:
        """Pods that have no place or are losing it."""
        waiting = self._live.cluster.list("pods", where=is_provisionable)
        return waiting + [pod for node in self.nodes if node.is_leaving for pod in node.reschedulable]

    def _candidates(self, *, eventual: bool) -> list[Candidate]:
        return candidates(self._live, self.nodes, self._planner.wares, eventual=eventual, quiet=self._quiet)

    def room(self, reason: Reason) -> dict[str, int]:
        """What budgets leave by pool; a pool whose budgets allow nothing at all is told so."""
        every = pools(self._live)
        found = room(every, self.nodes, reason, self._live.cluster.now)
        if not self._quiet:
            for pool in every:
                if found[pool.name] == 0 and any(n.pool == pool.name for n in self.nodes):
                    text = f"No allowed disruptions for disruption reason {reason} due to blocking budget"
                    self._live.tell((pool.obj,), "Normal", "DisruptionBlocked", text, same=(reason,), seconds=60.0)
        return found

    def simulate(self, going: Sequence[Candidate]) -> Packed:
        """Where pods would be without these nodes."""
        pods = [*self._homeless, *(pod for candidate in going for pod in candidate.pods)]
        unique = {pod["metadata"]["uid"]: pod for pod in pods}
        return self._planner.packed(list(unique.values()), {candidate.name for candidate in going})


def invalidity(command: Command, picture: Picture) -> str:
    """Why a command no longer holds; "" when it does (``validation.go``)."""
    now = {c.name: c for c in (picture.empty if command.reason == "Empty" else picture.replaceable)}
    going = [now[c.name] for c in command.candidates if c.name in now]
    if len(going) != len(command.candidates):
        return f"{len(command.candidates) - len(going)} candidates are no longer valid"
    if len(within_budgets(going, picture.room(command.reason))) != len(going):
        return "a candidate can no longer be disrupted without violating budgets"
    if command.reason == "Empty":
        return ""
    packed = picture.simulate(going)
    stranded = stranded_pods(packed, going)
    if stranded:
        return " ".join(f"{address} => {why}" for address, why in sorted(stranded.items()))
    if len(packed.planned) != len(command.replacements):
        return "scheduling simulation produced new results"
    for planned, expected in zip(packed.planned, command.replacements, strict=True):
        if not {o.name for o in expected.offers} <= {o.name for o in planned.offers}:
            return "scheduling simulation produced new results"
    return ""
