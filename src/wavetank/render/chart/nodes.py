"""What a template is made of: the object of all environments with everything that differs replaced by a reference to a value.

``unify`` builds these nodes, ``emit`` writes them. Nothing here knows Kubernetes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias


class Missing(Enum):
    """Why an environment has no value at some place."""

    #: the environment has what surrounds the place, but not the place itself
    ABSENT = "absent"
    #: the environment does not have what surrounds the place, so that nobody will look
    DONT_CARE = "don't care"


@dataclass(frozen=True)
class Literal:
    """The same in every environment; a JSON value with its traces."""

    value: Any


@dataclass(frozen=True)
class Hole:
    """A template action that yields a value on one line, such as ``{{ .Values.replicas }}``."""

    action: str
    path: str


@dataclass(frozen=True)
class Block:
    """A list or map that comes from the values as a whole: ``toYaml`` with the indentation of its place."""

    expression: str
    path: str


@dataclass(frozen=True)
class Labels:
    """A literal map of labels, of which the chart's helper of this name writes those that it knows."""

    helper: str
    value: Any


@dataclass(frozen=True)
class Entry:
    """A field of a map, or an element of a list (then without a key); ``condition`` is the pipeline of an ``if``, or empty."""

    key: str
    node: Node
    condition: str
    path: str
    note: str


@dataclass(frozen=True)
class Fields:
    """A map some of whose parts differ."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Items:
    """A list some of whose elements differ."""

    entries: tuple[Entry, ...]


Node: TypeAlias = Literal | Hole | Block | Labels | Fields | Items
