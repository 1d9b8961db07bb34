"""The loop that makes a cluster smaller, newer and cheaper: one decision at a time, a second look at it, then ``queue``.

Order: empty nodes, drifted nodes, several nodes at once, single nodes. Upstream: ``pkg/controllers/disruption``
(``controller.go``, ``emptiness.go``, ``drift.go``, ``validation.go``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from wavetank.kube.conditions import is_true
from wavetank.kube.pod_phase import is_terminal
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change
from wavetank.twin.engine import Timer

from . import names
from .candidates import Candidate, unconsolidatable
from .consolidation import Command, Consolidation, stranded_pods, targets_of, within_budgets
from .live import Live
from .picture import Picture, invalidity
from .planner import pools
from .pools import EMPTY_OR_UNDERUTILIZED
from .queue import CommandQueue
from .state import is_synced

POLL_SECONDS, AT_ONCE_SECONDS = 10.0, 1.0
#: Between a decision to consolidate and the second look at it.
VALIDATE_SECONDS = 15.0
#: A cluster in which nothing changed is looked at again after this if time alone may change something. Upstream always does
#: so; here nothing changes unseen.
STALE_SECONDS = 300.0


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
        #: Why nodes stay as they are, as of the last look.
        self._words: list[tuple[Candidate, str]] = []
        self._repeats_seconds = 0.0
        self._methods = (
            _Method("empty", self._emptiness),
            _Method("drifted", self._drift, settled=True),
            _Method("several", self._several),
            _Method("single", self._single),
        )
        watched = (
            "pods",
            "nodes",
            names.NODE_CLAIMS,
            names.NODE_POOLS,
            "daemonsets.apps",
            "poddisruptionbudgets.policy",
        )
        self._ends = [live.cluster.subscribe(key, self._note) for key in watched]
        self._ends.append(live.offers.on_change(self._stir))

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

    def _stir(self) -> None:
        self._changes += 1

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
            self._repeat()
            return POLL_SECONDS
        self._words.clear()
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
        self._at_rest = (self._changes, self._engine.now + self._rest_seconds())
        return POLL_SECONDS

    def _say(self, candidate: Candidate, why: str) -> None:
        """Tell why a node stays; said again later, as long as nothing changes."""
        self._words.append((candidate, why))
        unconsolidatable(self._live, candidate, why)

    def _repeat(self) -> None:
        if self._engine.now >= self._repeats_seconds:
            self._repeats_seconds = self._engine.now + STALE_SECONDS
            for candidate, why in self._words:
                unconsolidatable(self._live, candidate, why)

    def _rest_seconds(self) -> float:
        """How long nothing can change by itself: schedules of budgets come, exhausted offerings are forgotten."""
        scheduled = any(budget.get("schedule") for pool in pools(self._live) for budget in pool.budgets)
        return STALE_SECONDS if scheduled or self._live.has_exhausted else inf

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
                self._say(candidate, f'NodePool "{pool.name}" has consolidation disabled')
            elif pool.policy != EMPTY_OR_UNDERUTILIZED:
                self._say(candidate, f'NodePool "{pool.name}" has non-empty consolidation disabled')

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
        return Consolidation(picture.simulate, self._say, self._live.settings.spot_to_spot)

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
