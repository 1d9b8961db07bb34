"""What triggers ask outside of the cluster, and who answers: the port between KEDA's scalers and the world.

Implemented by ``app`` (the embedded AWS, HTTP servers of real pods) and by tests. Nobody here ever waits: an answer that
takes time comes later, inside an action of the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias


@dataclass(frozen=True)
class Question:
    """``kind`` is the trigger's type; ``parameters`` its metadata, with what its authentication and environment add."""

    kind: str
    namespace: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.kind, self.namespace, tuple(sorted(self.parameters.items()))))


@dataclass(frozen=True)
class SourceError:
    """The source could not be asked, or refused; in its own words."""

    message: str


#: A number, None where the source knows no such series, or why there is no answer.
Answer: TypeAlias = float | SourceError | None
Done: TypeAlias = Callable[[Answer], None]


class ScalerSources(Protocol):
    """Answers questions. ``done`` is called exactly once: at once, or later in an engine action on the cluster's thread."""

    def ask(self, question: Question, done: Done) -> None: ...


class NoSources:
    """Nothing outside can be reached."""

    def ask(self, question: Question, done: Done) -> None:
        done(SourceError(f"{question.kind}: no such source can be reached from this cluster"))


class FixedSources:
    """Numbers that a test or a scenario sets, by type and the parameter that names the thing asked."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], Answer] = {}

    def set(self, kind: str, name: str, answer: Answer) -> None:
        """``name`` is any value of the parameters, such as the queue's URL or the query."""
        self._answers[kind, name] = answer

    def ask(self, question: Question, done: Done) -> None:
        for value in question.parameters.values():
            if (question.kind, value) in self._answers:
                done(self._answers[question.kind, value])
                return
        done(SourceError(f"{question.kind}: connection refused"))
