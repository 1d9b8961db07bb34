"""What a rule gives back, and where: severities, places, mistakes, findings.

A rule yields ``Mistake``s; ``run`` turns them into ``Finding``s. Nothing here knows what a platform consists of: see ``case``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from .case import Case

#: a step from a value to one inside it: a key of a map, or an index of a list
Step: TypeAlias = str | int


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
class Place:
    """A line of a file of the user's (0: the file as a whole), and the name of the value there.

    ``path`` stays the same when lines move: ``workloads[api].replicas`` in a spec, ``Deployment shop/api spec.replicas`` in
    manifests, ``aws_eks_node_group.general.instance_types`` in Terraform. Baselines and suppressions go by it.
    """

    file: str
    line: int
    path: str


@dataclass(frozen=True)
class Where:
    """How the values inside a thing are found in the user's files; the answer is computed only for a finding."""

    locate: Callable[[tuple[Step, ...]], Place]

    def at(self, *steps: Step) -> Place:
        """The place of the value that these steps lead to, or of the closest one around it that was written down."""
        return self.locate(steps)


@dataclass(frozen=True)
class Mistake:
    """What a rule yields: the rule's id and severity are added by ``run``."""

    at: Place
    message: str
    remedy: str
    #: what proves it, by name
    numbers: Mapping[str, int | str] = field(default_factory=dict)
    #: when a case is graver or lighter than the rule in general
    severity: Severity | None = None
    #: objects (besides the one at ``at``) whose annotation ``wavetank.dev/ignore`` silences it: "Deployment shop/api"
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A mistake at a place. ``numbers`` are what proves it, by name; ``path`` names the value that is wrong."""

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
class Rule:
    """``id`` is binding and is the name of its page in docs/checks/."""

    id: str
    severity: Severity
    title: str
    source: str
    check: Callable[[Case], Iterator[Mistake]]
