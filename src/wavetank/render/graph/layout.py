"""Where every box stands: columns from left to right along the arrows, rows so that few arrows cross.

An arrow over several columns has a way between the boxes of each column in between, so that it does not run behind one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from wavetank.render.graph.topology import Arrow, Box, Topology

#: sweeps of the ordering: after four nothing moves any more in graphs of this size
SWEEPS = 6
#: a chain of workloads that is longer than this is folded into the last of these columns
MOST_DEEP = 4


@dataclass(frozen=True)
class Way:
    """Room for an arrow in a column that it passes."""

    key: str


Entry: TypeAlias = Box | Way


@dataclass(frozen=True)
class Layout:
    """Columns of boxes and ways, each from top to bottom; by arrow the keys of what it visits, from source to target."""

    columns: tuple[tuple[Entry, ...], ...]
    routes: Mapping[Arrow, tuple[str, ...]]


def layout(topology: Topology) -> Layout:
    """The columns without empty ones; the same topology gives the same places."""
    columns: list[list[Entry]] = [list(column) for column in _columns(topology)]
    routes = {arrow: _route(arrow, columns) for arrow in topology.arrows}
    steps = [Arrow(*pair) for route in routes.values() for pair in pairwise(route)]
    order = {entry.key: at for column in columns for at, entry in enumerate(column)}
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for column in columns if forward else reversed(columns):
            _sort(column, order, steps, forward)
    return Layout(tuple(tuple(column) for column in columns), routes)


def _route(arrow: Arrow, columns: list[list[Entry]]) -> tuple[str, ...]:
    """Makes a way in each column between the arrow's ends."""
    place = {entry.key: at for at, column in enumerate(columns) for entry in column}
    between = range(place[arrow.source] + 1, place[arrow.target])
    ways = [Way(f"{arrow.source} > {arrow.target} @ {at}") for at in between]
    for at, way in zip(between, ways, strict=True):
        if way not in columns[at]:
            columns[at].append(way)
    return (arrow.source, *(way.key for way in ways), arrow.target)


def _columns(topology: Topology) -> list[list[Box]]:
    depth = _depths(topology)
    deepest = max((depth[box.key] for box in topology.boxes if box.kind == "workload"), default=0)
    place = {"internet": 0, "entrance": 1, "function": 2, "store": 4 + deepest, "outside": 4 + deepest}
    found: dict[int, list[Box]] = {}
    for box in topology.boxes:
        at = 3 + depth[box.key] if box.kind == "workload" else place[box.kind]
        found.setdefault(at, []).append(box)
    return [found[at] for at in sorted(found)]


def _depths(topology: Topology) -> dict[str, int]:
    """How many workloads are called before each one, at the most; a circle of calls is cut where it closes."""
    workloads = {box.key for box in topology.boxes if box.kind == "workload"}
    callers: dict[str, list[str]] = {key: [] for key in workloads}
    for arrow in topology.arrows:
        if arrow.source in workloads and arrow.target in workloads and arrow.source != arrow.target:
            callers[arrow.target].append(arrow.source)
    found: dict[str, int] = {}

    def depth(key: str, above: frozenset[str]) -> int:
        if key not in found:
            before = [depth(caller, above | {key}) + 1 for caller in callers[key] if caller not in above]
            found[key] = min(max(before, default=0), MOST_DEEP - 1)
        return found[key]

    return {box.key: depth(box.key, frozenset({box.key})) if box.key in workloads else 0 for box in topology.boxes}


def _sort(column: list[Entry], order: dict[str, int], steps: Sequence[Arrow], forward: bool) -> None:
    """Each entry to the middle of its neighbours on one side; who has none stays where it is."""
    middles = {entry.key: _middle(entry.key, order, steps, forward) for entry in column}
    column.sort(key=lambda entry: (middles[entry.key], order[entry.key]))
    order.update({entry.key: at for at, entry in enumerate(column)})


def _middle(key: str, order: Mapping[str, int], steps: Sequence[Arrow], forward: bool) -> float:
    if forward:
        places = [order[step.source] for step in steps if step.target == key]
    else:
        places = [order[step.target] for step in steps if step.source == key]
    return sum(places) / len(places) if places else float(order[key])
