"""Probes: when each one runs, what counts, and when the result changes (kubelet ``prober/worker.go``, ``prober_manager.go``).

One ``ProbeWorker`` per container and kind, from the pod's start to its end, over all restarts of the container. It decides
nothing about containers: a changed result goes to the pod's worker.

Timing. A worker ticks from its own start, every period; the first tick is at once unless the kubelet is younger than one
period (then after a random part of it). A tick does nothing before ``initialDelaySeconds`` of the container have passed
in whole seconds, nor, for readiness and liveness, before the startup probe has passed. When a container becomes started
and is not ready, its readiness probe runs at once and its ticks count from that moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from wavetank.kube.types import Obj
from wavetank.twin.engine import Engine, Timer
from wavetank.twin.nodes.runtime.port import Outcome

from .record import ContainerRecord, Running

Kind: TypeAlias = Literal["startup", "readiness", "liveness"]
KINDS: tuple[Kind, ...] = ("startup", "readiness", "liveness")
TITLES: dict[Kind, str] = {"startup": "Startup", "readiness": "Readiness", "liveness": "Liveness"}


class Listener(Protocol):
    """The pod's worker, as its probes see it."""

    def probe_failed_once(self, kind: Kind, record: ContainerRecord, output: str) -> None: ...

    def probe_result(self, kind: Kind, record: ContainerRecord, success: bool) -> None:
        """The result that counts has changed."""
        ...


@dataclass(frozen=True)
class Thresholds:
    period_seconds: float
    initial_delay_seconds: int
    success: int
    failure: int


def thresholds_of(probe: Obj) -> Thresholds:
    """The numbers of a probe; absent and zero mean the defaults of core/v1."""
    return Thresholds(
        float(probe.get("periodSeconds") or 10),
        int(probe.get("initialDelaySeconds") or 0),
        int(probe.get("successThreshold") or 1),
        int(probe.get("failureThreshold") or 3),
    )


class ProbeWorker:
    """Runs one probe of one container."""

    def __init__(self, engine: Engine, kind: Kind, probe: Obj, record: ContainerRecord, listener: Listener) -> None:
        self.kind: Kind = kind
        self._engine = engine
        self._probe = probe
        self._numbers = thresholds_of(probe)
        self._record = record
        self._listener = listener
        self._timer: Timer | None = None
        self._asking = False
        self._missed_tick = False
        self._stopped = False
        self._container_id = ""
        self._run_result: bool | None = None
        self._run_length = 0
        self._result: bool | None = None
        self._on_hold = False
        #: Since when it does not tick; None while it does.
        self._resting_since_seconds: float | None = None

    def start(self, kubelet_age_seconds: float) -> None:
        delay = 0.0
        if kubelet_age_seconds < self._numbers.period_seconds:
            delay = self._engine.random("probe-start").random() * self._numbers.period_seconds
        self._timer = self._engine.call_later(delay, self._tick)

    def stop(self) -> None:
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    def serves(self, record: ContainerRecord) -> bool:
        return self._record is record

    def trigger(self) -> None:
        """Run now and count the period from now."""
        if self._stopped:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._resting_since_seconds = None
        self._timer = self._engine.call_soon(self._tick)

    def wake(self) -> None:
        """Tick again, in time with the ticks that were left out: there is another container to ask."""
        if self._stopped or self._resting_since_seconds is None:
            return
        period = self._numbers.period_seconds
        past = (self._engine.now - self._resting_since_seconds) // period
        self._timer = self._engine.call_at(self._resting_since_seconds + (past + 1) * period, self._tick)
        self._resting_since_seconds = None

    def _may_rest(self) -> bool:
        """Whether no answer can change anything before another container runs. Most ticks of most pods are of this kind."""
        record = self._record
        if self._asking or record.process is None or record.container_id != self._container_id:
            return False
        if self.kind == "startup":
            return record.started
        passed = self._result is True and self._run_result is True
        return passed and record.started and record.process.is_settled()

    def _tick(self) -> None:
        if self._may_rest():
            self._resting_since_seconds, self._timer = self._engine.now, None
            return
        self._timer = self._engine.call_later(self._numbers.period_seconds, self._tick)
        if self._asking:
            self._missed_tick = True
        else:
            self._ask()

    def _ask(self) -> None:
        record = self._record
        self._notice_new_container()
        if self._on_hold or not isinstance(record.state, Running) or record.process is None:
            return
        if int(self._engine.now - record.state.started_seconds) < self._numbers.initial_delay_seconds:
            return
        if record.started == (self.kind == "startup"):
            return
        self._asking = True
        asked_of = record.container_id
        record.process.check(self._probe, lambda outcome: self._answered(asked_of, outcome))

    def _notice_new_container(self) -> None:
        if self._record.container_id != self._container_id:
            self._container_id = self._record.container_id
            self._run_result, self._run_length, self._result = None, 0, None
            self._on_hold = False

    def _answered(self, asked_of: str, outcome: Outcome) -> None:
        self._asking = False
        if not self._stopped and asked_of == self._record.container_id and self._record.running:
            self._count(outcome)
        if self._missed_tick and not self._stopped:
            self._missed_tick = False
            self._ask()

    def _count(self, outcome: Outcome) -> None:
        self._run_length = self._run_length + 1 if outcome.success == self._run_result else 1
        self._run_result = outcome.success
        if not outcome.success:
            self._listener.probe_failed_once(self.kind, self._record, outcome.output)
        needed = self._numbers.success if outcome.success else self._numbers.failure
        if self._run_length < needed:
            return
        changed, self._result = self._result != outcome.success, outcome.success
        if self.kind != "readiness" and not outcome.success:
            self._on_hold, self._run_length = True, 0
        if changed or self._on_hold:
            self._listener.probe_result(self.kind, self._record, outcome.success)
