"""The loop that makes a cluster smaller, newer and cheaper: one decision at a time, a second look at it, then ``queue``.

Order: empty nodes, drifted nodes, several nodes at once, single nodes. Upstream: ``pkg/controllers/disruption``
(``controller.go``, ``emptiness.go``, ``drift.go``, ``validation.go``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wavetank.kube.conditions import condition, is_true
from wavetank.kube.pod_phase import is_terminal
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change
from wavetank.twin.engine import Timer

from . import names
from .budgets import Reason, room
from .candidates import Candidate, candidates, unconsolidatable
from .consolidation import Command, Consolidation, stranded_pods, targets_of, within_budgets
from .live import Live
from .packing import Packed
from .planner import Planner, pools
from .pods import is_provisionable
from .pools import EMPTY_OR_UNDERUTILIZED
from .queue import CommandQueue
from .state import StateNode, is_synced, state_nodes

POLL_SECONDS, AT_ONCE_SECONDS = 10.0, 1.0
#: Between a decision to consolidate and the second look at it.
VALIDATE_SECONDS = 15.0
#: A cluster in which nothing changed is looked at again after this all the same.
STALE_SECONDS = 300.0


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
        pods = list(self._live.cluster.list("pods", where=is_provisionable))
        pods += [pod for candidate in going for pod in candidate.pods]
        pods += [pod for node in self.nodes if node.is_leaving for pod in node.reschedulable]
        unique = {pod["metadata"]["uid"]: pod for pod in pods}
        return self._planner.packed(list(unique.values()), {candidate.name for candidate in going})


@dataclass(frozen=True)
class _Method:
    """``decide`` finds a command; one that is not ``settled`` is looked at a second time."""

    name: str
    decide: Callable[[Picture], Command | None]
    settled: bool = False


class Disruption:
    """Polls while Karpenter is up."""

    def __init__(self, live: Live, queue: CommandQueue) -> None:
        self._live = live
        self._engine = live.cluster.engine
        self._queue = queue
        self._timer: Timer | None = None
        self._undecided: Command | None = None
        self._changes = 0
        self._at_rest = (-1, 0.0)
        self._methods = (
            _Method("empty", self._emptiness),
            _Method("drifted", self._drift, settled=True),
            _Method("several", self._several),
            _Method("single", self._single),
        )
        watched = ("pods", "nodes", names.NODE_CLAIMS, names.NODE_POOLS, "poddisruptionbudgets.policy")
        self._ends = [live.cluster.subscribe(key, self._note) for key in watched]

    def close(self) -> None:
        self.rest()
        for end in self._ends:
            end()

    def rest(self) -> None:
        """Karpenter went down."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._undecided = None, None

    def wake(self) -> None:
        """Karpenter came up."""
        self.rest()
        self._plan(POLL_SECONDS)

    def _note(self, change: Change) -> None:
        if not self._live.is_up():
            return
        if change.old is None or change.type != "MODIFIED" or _traits(change.old) != _traits(change.object):
            self._changes += 1

    def _plan(self, seconds: float) -> None:
        self._timer = self._engine.call_later(seconds, self._poll)

    def _poll(self) -> None:
        if not self._live.is_up():
            return
        if self._undecided is not None:
            command, self._undecided = self._undecided, None
            self._plan(AT_ONCE_SECONDS if self._executed_if_valid(command) else POLL_SECONDS)
        elif not self._live.cluster.list(names.NODE_CLAIMS):
            self._plan(POLL_SECONDS)
        else:
            self._plan(self._decided() if is_synced(self._live) else AT_ONCE_SECONDS)

    def _decided(self) -> float:
        """Look for something to do; seconds until the next look."""
        rested, until = self._at_rest
        if rested == self._changes and self._engine.now < until:
            return POLL_SECONDS
        picture = Picture(self._live, quiet=False)
        for method in self._methods:
            command = method.decide(picture)
            if command is None:
                continue
            if method.settled:
                self._queue.execute(command)
                return AT_ONCE_SECONDS
            self._engine.record(names.COMPONENT, "consider", method.name, str(command))
            self._undecided = command
            return VALIDATE_SECONDS
        # What this look itself changed (events are no change) has been seen by it.
        self._at_rest = (self._changes, self._engine.now + STALE_SECONDS)
        return POLL_SECONDS

    # --- methods -----------------------------------------------------------------------------------------------------

    def _emptiness(self, picture: Picture) -> Command | None:
        found = picture.empty
        going = within_budgets(found, picture.room("Empty")) if found else []
        return Command(tuple(going), reason="Empty") if going else None

    def _drift(self, picture: Picture) -> Command | None:
        found = picture.drifted
        for candidate in within_budgets(found, picture.room("Drifted")) if found else ():
            packed = picture.simulate((candidate,))
            stranded = stranded_pods(packed, (candidate,))
            if not stranded:
                return Command((candidate,), tuple(packed.planned), "Drifted", targets_of(packed))
            text = "Not all pods would schedule, " + " ".join(f"{a} => {why}" for a, why in sorted(stranded.items()))
            self._live.tell((candidate.state.node, candidate.claim), "Normal", "DisruptionBlocked", text, same=("",))
        return None

    def _tell_disabled(self, picture: Picture) -> None:
        """Nodes whose pool does not want them consolidated are told so."""
        for candidate in picture.graceful:
            pool = candidate.pool
            if pool.consolidate_after_seconds is None:
                unconsolidatable(self._live, candidate, f'NodePool "{pool.name}" has consolidation disabled')
            elif pool.policy != EMPTY_OR_UNDERUTILIZED:
                unconsolidatable(self._live, candidate, f'NodePool "{pool.name}" has non-empty consolidation disabled')

    def _several(self, picture: Picture) -> Command | None:
        self._tell_disabled(picture)
        found = picture.underutilized
        going = within_budgets(found, picture.room("Underutilized")) if len(found) > 1 else []
        return self._consolidation(picture).largest_command(going) if len(going) > 1 else None

    def _single(self, picture: Picture) -> Command | None:
        found = picture.underutilized
        rules = self._consolidation(picture)
        allowed = {name for name, count in picture.room("Underutilized").items() if count} if found else set()
        for candidate in found:
            if candidate.pool.name in allowed:
                command = rules.command((candidate,))
                if command is not None:
                    return command
        return None

    def _consolidation(self, picture: Picture) -> Consolidation:
        def tell(candidate: Candidate, why: str) -> None:
            unconsolidatable(self._live, candidate, why)

        return Consolidation(picture.simulate, tell, self._live.settings.spot_to_spot)

    # --- the second look ---------------------------------------------------------------------------------------------

    def _executed_if_valid(self, command: Command) -> bool:
        why = invalidity(command, Picture(self._live, quiet=True))
        if why:
            self._engine.record(names.COMPONENT, "abandon", str(command), why)
            return False
        self._queue.execute(command)
        return True


def _traits(obj: Obj) -> tuple[object, ...]:
    """What of an object decides about disruption: all of it, but of pods and nodes the words of their kubelets."""
    metadata, status, kind = obj["metadata"], obj.get("status") or {}, obj.get("kind")
    ending = bool(metadata.get("deletionTimestamp"))
    if kind == "Pod":
        return (
            obj["spec"].get("nodeName"),
            metadata.get("labels"),
            metadata.get("annotations"),
            is_terminal(obj),
            ending,
        )
    if kind == "Node":
        ready = is_true(obj, "Ready")
        return (
            obj.get("spec"),
            metadata.get("labels"),
            metadata.get("annotations"),
            status.get("allocatable"),
            ready,
            ending,
        )
    return (obj.get("spec"), metadata.get("annotations"), status, ending)


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
