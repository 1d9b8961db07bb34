"""Commands that are being carried out: nodes are tainted, replacements made and waited for, then the nodes are deleted.

Only ``disruption`` puts commands here. Upstream: ``pkg/controllers/disruption/queue.go``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from wavetank.kube.conditions import is_true, without_condition
from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj

from . import names
from .candidates import Candidate
from .consolidation import Command
from .live import Live
from .packing import Planned
from .statuses import with_state
from .termination import disrupted, undisrupted

#: How often a command looks at its replacements, and when it gives them up.
WAIT_SECONDS, PATIENCE_SECONDS = 1.0, 3600.0

Make = Callable[[Planned, str], Obj | None]


@dataclass
class Running:
    """A command with the names of the claims that replace its nodes."""

    command: Command
    began_seconds: float
    replacements: list[str] = field(default_factory=list)


class CommandQueue:
    """``make`` creates the NodeClaim of a plan."""

    def __init__(self, live: Live, make: Make) -> None:
        self._live = live
        self._engine = live.cluster.engine
        self._make = make
        self._running: list[Running] = []

    def rest(self) -> None:
        """Karpenter went down: what was begun is forgotten."""
        self._running.clear()

    def wake(self) -> None:
        """Karpenter came up: taints of commands that it has forgotten go."""
        for node in self._live.cluster.list("nodes", where=_is_left_tainted):
            self._live.cluster.modify("nodes", "", node["metadata"]["name"], undisrupted)

    def execute(self, command: Command) -> None:
        """Begin: no new pods for the nodes that go, replacements on their way."""
        self._engine.record(names.COMPONENT, "disrupt", command.reason, str(command))
        running = Running(command, self._engine.now)
        self._running.append(running)
        for candidate in command.candidates:
            self._taint(candidate, command.reason)
        for planned in command.replacements:
            made = self._make(planned, command.reason)
            if made is None:
                self._give_up(running, "a replacement could not be created")
                return
            running.replacements.append(made["metadata"]["name"])
            text = f"Launching NodeClaim: {command.reason}"
            self._live.tell((made,), "Normal", "DisruptionLaunching", text)
        self._nominate(command)
        self._engine.call_later(WAIT_SECONDS, lambda: self._check(running))

    def _taint(self, candidate: Candidate, reason: str) -> None:
        cluster, claim = self._live.cluster, candidate.claim
        self._live.marked.add(candidate.state.provider_id)
        cluster.modify("nodes", "", candidate.name, disrupted)
        status = claim.get("status") or {}
        conditions = with_state(status.get("conditions"), "DisruptionReason", "True", cluster.now, reason, reason)
        cluster.set_status(claim, {**status, "conditions": conditions})

    def _nominate(self, command: Command) -> None:
        """Nodes that will get the pods are not to be disrupted meanwhile."""
        for name in command.targets:
            node = self._live.cluster.find("nodes", "", name)
            if node is not None:
                self._live.nominate(str((node.get("spec") or {}).get("providerID") or name))

    def _check(self, running: Running) -> None:
        if running not in self._running or not self._live.is_up():
            return
        claims = [self._live.cluster.find(names.NODE_CLAIMS, "", name) for name in running.replacements]
        present = [claim for claim in claims if claim is not None and not claim["metadata"].get("deletionTimestamp")]
        if len(present) < len(claims):
            self._give_up(running, "a replacement is gone")
        elif all(is_true(claim, "Initialized") for claim in present):
            self._remove(running)
        elif self._engine.now - running.began_seconds > PATIENCE_SECONDS:
            self._give_up(running, "replacements did not become ready")
        else:
            text = "Waiting on readiness to continue disruption"
            waiting = [claim for claim in present if not is_true(claim, "Initialized")]
            self._live.tell(waiting, "Normal", "DisruptionWaitingReadiness", text)
            self._engine.call_later(WAIT_SECONDS, lambda: self._check(running))

    def _remove(self, running: Running) -> None:
        self._running.remove(running)
        reason = running.command.reason
        for candidate in running.command.candidates:
            claim = self._live.cluster.find(names.NODE_CLAIMS, "", candidate.claim["metadata"]["name"])
            if claim is None:
                continue
            self._live.tell((candidate.state.node,), "Normal", "DisruptionTerminating", f"Disrupting Node: {reason}")
            self._live.tell((claim,), "Normal", "DisruptionTerminating", f"Disrupting NodeClaim: {reason}")
            self._live.cluster.delete(names.NODE_CLAIMS, "", claim["metadata"]["name"])

    def _give_up(self, running: Running, why: str) -> None:
        """The nodes stay: they take pods again."""
        self._running.remove(running)
        self._engine.record(names.COMPONENT, "give up", str(running.command), why)
        for candidate in running.command.candidates:
            self._live.marked.discard(candidate.state.provider_id)
            try:
                self._live.cluster.modify("nodes", "", candidate.name, undisrupted)
                self._without_reason(candidate)
            except ApiError as error:
                if error.code != 404:
                    raise

    def _without_reason(self, candidate: Candidate) -> None:
        claim = self._live.cluster.get(names.NODE_CLAIMS, "", candidate.claim["metadata"]["name"])
        status = claim.get("status") or {}
        conditions = without_condition(status.get("conditions"), "DisruptionReason")
        self._live.cluster.set_status(claim, {**status, "conditions": conditions})


def _is_left_tainted(node: Obj) -> bool:
    taints = (node.get("spec") or {}).get("taints") or ()
    marked = any(taint["key"] == names.DISRUPTED["key"] for taint in taints)
    return marked and not node["metadata"].get("deletionTimestamp")
