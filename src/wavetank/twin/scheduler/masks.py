"""Sets of nodes as masks: one byte for each node, 1 where it belongs, so that a thousand nodes are asked in one sweep.

Used by ``board`` only. Positions are those of ``ClusterView.ordered``. Plain bytes do it: ``find``, ``translate`` and the bitwise
operations of integers made of them run at the speed of memory.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from .framework import Screen
from .node_info import NodeInfo

IN, OUT = 1, 0
#: A feasible stretch of nodes: from, to, and which of them (None: all).
Stretch = tuple[int, int, bytes | None]
#: Live counts that a column keeps masks of.
MOST_KEPT = 16


def common(a: bytes | bytearray, b: bytes | bytearray) -> bytes:
    """Where both masks (of the same length) have a node."""
    return (int.from_bytes(a, "little") & int.from_bytes(b, "little")).to_bytes(len(a), "little")


class Levels:
    """Nodes by their score, one mask for each score: the best node of a stretch is found without looking at all of them."""

    def __init__(self, count: int) -> None:
        self._scores: list[int | None] = [None] * count
        self._masks: dict[int, bytearray] = {}
        self._sizes: dict[int, int] = {}
        self._order: list[int] | None = None

    def put(self, at: int, score: int) -> None:
        """Give a node a score in place of the one that it had."""
        self.drop(at)
        mask = self._masks.get(score)
        if mask is None:
            mask = self._masks[score] = bytearray(len(self._scores))
            self._sizes[score], self._order = 0, None
        mask[at], self._scores[at] = IN, score
        self._sizes[score] += 1

    def drop(self, at: int) -> None:
        """Forget a node's score."""
        score = self._scores[at]
        if score is None:
            return
        self._scores[at] = None
        self._masks[score][at] = OUT
        self._sizes[score] -= 1
        if not self._sizes[score]:
            del self._masks[score], self._sizes[score]
            self._order = None

    def first_of_best(self, stretches: Sequence[Stretch]) -> int:
        """The position of the first node, in the order of the stretches, that has the highest score in them."""
        if self._order is None:
            self._order = sorted(self._masks, reverse=True)
        for score in self._order:
            mask = self._masks[score]
            for start, end, members in stretches:
                within = 0 if members is not None else start
                found = common(mask[start:end], members).find(IN) if members is not None else mask.find(IN, start, end)
                if found >= 0:
                    return found + start - within
        raise AssertionError("a feasible node has a score")


class LabelColumn:
    """The value of one label on every node, ready to be compared with sets of values."""

    def __init__(self, key: str, nodes: Sequence[NodeInfo]) -> None:
        self._key, self._nodes = key, nodes
        self._values = [node.labels.get(key) for node in nodes]
        self._index()

    def _index(self) -> None:
        codes = {value: code for code, value in enumerate(dict.fromkeys(self._values))}
        self._is_unique = len(codes) == len(self._values)
        #: A number for each value, where there are few values, as with zones.
        self._codes = codes if len(codes) <= 256 else None
        self._column = bytes(map(codes.__getitem__, self._values)) if self._codes is not None else b""
        #: Masks for live counts by label values, by the identity of the counts (which are kept with them).
        self._kept: dict[tuple[int, bool], tuple[Container[str | None], bytearray]] = {}

    def catch_up(self, at: int) -> None:
        """Something about a node has changed: its label, or the pods on it."""
        value = self._nodes[at].labels.get(self._key)
        if value != self._values[at]:
            self._values[at] = value
            self._index()
        for (_, among), (values, mask) in self._kept.items():
            mask[at] = (value in values) is among

    def mask(self, screen: Screen, start: int, end: int) -> bytes | bytearray:
        """The nodes of a stretch that a screen lets pass."""
        if self._codes is not None:
            passes = bytearray(256)
            for value, code in self._codes.items():
                passes[code] = (value in screen.values) is screen.among
            return self._column[start:end].translate(passes)
        if screen.is_live and self._is_unique:
            return self._kept_mask(screen)[start:end]
        hits = bytes(map(screen.values.__contains__, self._values[start:end]))
        return hits if screen.among else hits.translate(_NEGATED)

    def _kept_mask(self, screen: Screen) -> bytearray:
        """Every value is that of one node only, as with host names: what changes on a node changes its own byte, no other."""
        key = (id(screen.values), screen.among)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            mask = bytearray((value in screen.values) is screen.among for value in self._values)
            found = self._kept[key] = (screen.values, mask)
        return found[1]


_NEGATED = bytes((IN, OUT)) + bytes(254)
