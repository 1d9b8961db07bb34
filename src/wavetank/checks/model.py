"""What a rule is given and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum

from wavetank.cost import Bill
from wavetank.plan.model import Plan


class Severity(IntEnum):
    """How bad it is: INFO is worth knowing, WARN costs money or safety some day, ERROR does not work."""

    INFO = 1
    WARN = 2
    ERROR = 3

    @classmethod
    def of(cls, name: str) -> Severity:
        return cls[name.upper()]

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Case:
    """What the rules look at: one platform in one environment, its bill, and the day on which it is judged."""

    plan: Plan
    bill: Bill
    on: date


@dataclass(frozen=True)
class Finding:
    """A mistake at a place. ``numbers`` are what proves it, by name; ``path`` is the plan value that is wrong."""

    id: str
    severity: Severity
    path: str
    file: str
    line: int
    message: str
    remedy: str
    numbers: Mapping[str, int | str] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        return {
            "id": self.id,
            "severity": str(self.severity),
            "file": self.file,
            "line": self.line,
            "message": self.message,
            "numbers": dict(self.numbers),
            "remedy": self.remedy,
        }


@dataclass(frozen=True)
class Mistake:
    """What a rule yields: the rule's id, severity and the place in the file are added by ``run``."""

    path: str
    message: str
    remedy: str
    numbers: Mapping[str, int | str] = field(default_factory=dict)
    #: when a case is graver or lighter than the rule in general
    severity: Severity | None = None


@dataclass(frozen=True)
class Rule:
    """``id`` is binding and is the name of its page in docs/checks/."""

    id: str
    severity: Severity
    title: str
    source: str
    check: Callable[[Case], Iterator[Mistake]]
