"""Why a value of the plan is what it is, and the paths by which plan values are named.

A path reads like the spec: ``cluster.version``, ``nodeGroups[general].maxSize``,
``workloads[api].containers[api].resources.requests.memory``. A step ``.field`` is a field (camelCase as in the spec and in
Kubernetes); ``[key]`` is an element of a list by its name (or index, where elements have no name) or an entry of a map with
free keys (labels, ConfigMap data). ``render`` names paths in its trace, ``checks`` in its findings, ``explain`` reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias


@dataclass(frozen=True)
class Stated:
    """The author wrote it, at this place of this file (lines and columns count from 1)."""

    file: str
    line: int
    column: int


@dataclass(frozen=True)
class Default:
    """The author said nothing; a rule of ours chose. ``source`` is where the rule's wisdom comes from."""

    rule: str
    why: str
    source: str = ""


@dataclass(frozen=True)
class Derived:
    """It follows from other values of the plan, named by their paths; ``how`` is one sentence."""

    from_paths: tuple[str, ...]
    how: str


Reason: TypeAlias = Stated | Default | Derived

_LAST_STEP = re.compile(r"(?:\[[^\[\]]*\]|\.?[^.\[\]]+)$")
_STEP = re.compile(r"\[([^\[\]]*)\]|([^.\[\]]+)")
_PLAIN_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*$")


@cache
def camel_case(field: str) -> str:
    """The spec's name of a dataclass field: ``max_size`` is ``maxSize``."""
    head, *rest = field.split("_")
    return head + "".join(word.capitalize() for word in rest)


def field_path(path: str, field: str) -> str:
    """The path of a field of the value at ``path``; a field whose name is no identifier is written as a key."""
    if not _PLAIN_FIELD.match(field):
        return key_path(path, field)
    return f"{path}.{field}" if path else field


def key_path(path: str, key: str | int) -> str:
    """The path of a list element (by name or index) or of an entry of a map with free keys."""
    return f"{path}[{key}]"


def steps_of(path: str) -> tuple[str, ...]:
    """The fields and keys of a path, from the root inwards."""
    return tuple(key or field for key, field in _STEP.findall(path))


def ancestors(path: str) -> Iterator[str]:
    """The path itself and then each enclosing one, the nearest first; the empty root is not among them."""
    while path:
        yield path
        path = _LAST_STEP.sub("", path, count=1)


def nearest_reason(reasons: Mapping[str, Reason], path: str) -> tuple[str, Reason] | None:
    """The reason recorded for the path or for the closest value that contains it, with the path it was found at."""
    for candidate in ancestors(path):
        if candidate in reasons:
            return candidate, reasons[candidate]
    return None


def stated_place(reasons: Mapping[str, Reason], path: str) -> Stated | None:
    """The line of the spec behind a value: its own, or that of the first stated value it was derived from."""
    return _stated_place(reasons, path, frozenset())


def _stated_place(reasons: Mapping[str, Reason], path: str, seen: frozenset[str]) -> Stated | None:
    found = nearest_reason(reasons, path)
    if found is None or found[0] in seen:
        return None
    match found[1]:
        case Stated() as stated:
            return stated
        case Default():
            return None
        case Derived(from_paths=origins):
            places = (_stated_place(reasons, origin, seen | {found[0]}) for origin in origins)
            return next((place for place in places if place is not None), None)


def sentence(reason: Reason) -> str:
    """The reason in words, for ``explain`` and for the comments beside rendered values."""
    match reason:
        case Stated(file=file, line=line):
            return f"stated on line {line} of {file}"
        case Default(rule=rule, why=why, source=source):
            return f"default of rule {rule}: {why}" + (f" ({source})" if source else "")
        case Derived(from_paths=origins, how=how):
            return f"derived from {', '.join(origins)}: {how}" if origins else f"derived: {how}"
