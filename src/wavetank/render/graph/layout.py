"""Where every box stands: columns from left to right along the arrows, rows so that few arrows cross."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wavetank.render.graph.topology import Arrow, Box, Topology

#: sweeps of the ordering: after four nothing moves any more in graphs of this size
SWEEPS = 6
#: a chain of workloads that is longer than this is folded into the last of these columns
MOST_DEEP = 4


@dataclass(frozen=True)
class Layout:
    """Columns of boxes, each from top to bottom."""

    columns: tuple[tuple[Box, ...], ...]


def layout(topology: Topology) -> Layout:
    """The columns without empty ones; the same topology gives the same places."""
    columns = _columns(topology)
    order = {box.key: at for column in columns for at, box in enumerate(column)}
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for column in columns if forward else reversed(columns):
            _sort(column, order, topology.arrows, forward)
    return Layout(tuple(tuple(column) for column in columns))


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


def _sort(column: list[Box], order: dict[str, int], arrows: Sequence[Arrow], forward: bool) -> None:
    """Each box to the middle of its neighbours on one side; who has none stays where it is."""
    middles = {box.key: _middle(box.key, order, arrows, forward) for box in column}
    column.sort(key=lambda box: (middles[box.key], order[box.key]))
    order.update({box.key: at for at, box in enumerate(column)})


def _middle(key: str, order: Mapping[str, int], arrows: Sequence[Arrow], forward: bool) -> float:
    near = [
        arrow.source if forward else arrow.target
        for arrow in arrows
        if key == (arrow.target if forward else arrow.source)
    ]
    places = [order[other] for other in near]
    return sum(places) / len(places) if places else float(order[key])
