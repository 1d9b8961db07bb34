"""What scalers measure now: time and pods are read at once, sources outside are asked and their last answers kept.

Nobody waits here. A poll goes on when its answers have come; whoever needs a number at once (the HPA) gets the newest one,
and a source that takes time is asked again shortly before the HPA comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from wavetank.kube.pod_phase import is_terminal
from wavetank.twin.cluster import Cluster

from .scalers import Cron, ExternalScaler, Remote, Workload
from .sources import Answer, Question, ScalerSources, SourceError

#: After an HPA has asked, a slow source is asked again this much later: the HPA comes back after 15 seconds.
ASK_AHEAD_SECONDS = 13.5
INACTIVE_CRON_VALUE = 1.0


@dataclass(frozen=True)
class Measured:
    """A value in units of the metric, and whether the trigger is active."""

    value: float
    active: bool


class Readings:
    """The newest answers of the sources, by question."""

    def __init__(self, cluster: Cluster, sources: ScalerSources) -> None:
        self._cluster, self._sources = cluster, sources
        self._answers: dict[Question, Answer] = {}
        self._waiting: dict[Question, list[Callable[[], None]]] = {}
        self._slow: set[Question] = set()

    def refresh(self, scalers: Iterable[ExternalScaler], then: Callable[[], None] = lambda: None) -> None:
        """Ask every source of the scalers; ``then`` when all have answered, which may be at once."""
        questions = list(dict.fromkeys(s.source.question for s in scalers if isinstance(s.source, Remote)))
        left = len(questions)
        if not left:
            then()

        def answered() -> None:
            nonlocal left
            left -= 1
            if not left:
                then()

        for question in questions:
            self._ask(question, answered)

    def _ask(self, question: Question, then: Callable[[], None]) -> None:
        if question in self._waiting:
            self._waiting[question].append(then)
            return
        self._waiting[question] = [then]
        at_once = True

        def done(answer: Answer) -> None:
            self._answers[question] = answer
            (self._slow.discard if at_once else self._slow.add)(question)
            for each in self._waiting.pop(question):
                each()

        self._sources.ask(question, done)
        at_once = False

    def for_autoscaler(self, scaler: ExternalScaler) -> Measured | SourceError:
        """The value that the HPA gets; a source that answers at once is asked for it, unless the trigger is cached."""
        if not scaler.cached and isinstance(scaler.source, Remote):
            question = scaler.source.question
            if question in self._slow:
                self._cluster.engine.call_later(ASK_AHEAD_SECONDS, lambda: self.refresh([scaler]))
            else:
                self.refresh([scaler])
        return self.measured(scaler)

    def measured(self, scaler: ExternalScaler) -> Measured | SourceError:
        """From what is known now."""
        match scaler.source:
            case Cron() as cron:
                active = is_within(cron, self._cluster.now)
                return Measured(cron.replicas if active else INACTIVE_CRON_VALUE, active)
            case Workload(namespace, selector):
                count = len(
                    self._cluster.list(
                        "pods",
                        namespace,
                        lambda pod: not is_terminal(pod) and selector.matches(pod["metadata"].get("labels")),
                    )
                )
                return Measured(float(count), count > scaler.activation)
            case Remote(question, empty):
                return _of_answer(self._answers.get(question, SourceError("not asked yet")), empty, scaler.activation)
            case _ as other:
                assert_never(other)

    def forget(self) -> None:
        """The operator has stopped: its memory is gone."""
        self._answers.clear()


def _of_answer(answer: Answer, empty: float | None, activation: float) -> Measured | SourceError:
    match answer:
        case SourceError():
            return answer
        case None if empty is None:
            return SourceError("the source may be lost: its answer is empty")
        case None:
            assert empty is not None, "the case above"
            return Measured(empty, empty > activation)
        case float() | int():
            return Measured(float(answer), answer > activation)
        case _ as other:
            assert_never(other)


def is_within(cron: Cron, now: datetime) -> bool:
    """Whether the end comes before the next start: then the time between them has begun."""
    start, end = cron.start.next_after(now), cron.end.next_after(now)
    if start is None or end is None:
        return start is None and end is not None
    return end < start
