"""What is known of every node for pods that are alike: whether it can take one, and how it is rated.

Answers of local filters and ratings of local scores hold until the node changes, so after a binding one node is looked at
anew instead of all. Kept by ``Boards`` for ``cycle``; plugins that look at the whole cluster are not its business.
Upstream's idea: equivalence classes and opportunistic batching.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from itertools import compress, islice
from typing import TypeVar

from .filters import Filters
from .framework import LocalScore, Rejection, Screen
from .masks import IN, OUT, LabelColumn, Levels, Stretch
from .node_info import NodeInfo
from .pod_info import PodInfo
from .view import ClusterView

T = TypeVar("T")

REJECTED, FITS, UNKNOWN = OUT, IN, 2
#: Kinds of pods that are remembered; the one that was not seen longest is forgotten.
MOST_BOARDS = 256


class Board:
    """One kind of pods. Positions are those of ``ClusterView.ordered``; nodes are looked at when first asked for."""

    def __init__(self, pod: PodInfo, view: ClusterView, filters: Filters, plugins: Sequence[LocalScore]):
        self.nodes = view.ordered()
        self.names = [node.name for node in self.nodes]
        self.rejections: list[Rejection | None] = [None] * len(self.nodes)
        #: REJECTED, FITS or UNKNOWN for each node.
        self.state = bytearray((UNKNOWN,)) * len(self.nodes)
        raters = [(plugin, rate) for plugin in plugins if (rate := plugin.rater(pod, view)) is not None]
        #: Ratings by plugin; of plugins that do not compare nodes they are scores, times the weight.
        self.ratings: dict[str, list[int]] = {plugin.name: [0] * len(self.nodes) for plugin, _ in raters}
        #: Unfolded, because every binding asks all of them: how to rate, the weight, the ratings, and of plugins that compare
        #: the name.
        self._raters = [(rate, p.weight, self.ratings[p.name], p.name if p.compares else "") for p, rate in raters]
        self._usual_sum = sum(plugin.weight * plugin.usual for plugin, _ in raters if plugin.compares)
        #: Plugins that compare and have rated some node other than 0: only they can change an order of sums.
        self.compared: set[str] = set()
        #: The weighted sum, as if all ratings of plugins that compare were 0.
        self.sums = [0] * len(self.nodes)
        self.levels = Levels(len(self.nodes))
        self.epoch = view.epoch
        #: The local ones.
        self.filters = filters.local
        self._columns: dict[str, LabelColumn] = {}
        self._seen = len(view.touched)

    def catch_up(self, view: ClusterView) -> None:
        """Forget what is known of nodes that have changed since."""
        for node in view.touched[self._seen :]:
            at = view.position(node.name)
            self.state[at] = UNKNOWN
            self.levels.drop(at)
            for column in self._columns.values():
                column.catch_up(at)
        self._seen = len(view.touched)

    def mask(self, screen: Screen, start: int, end: int) -> bytes | bytearray:
        """The nodes of a stretch that a screen lets pass."""
        column = self._columns.get(screen.key)
        if column is None:
            column = self._columns[screen.key] = LabelColumn(screen.key, self.nodes)
        return column.mask(screen, start, end)

    def look(self, start: int, end: int) -> None:
        """See to it that all nodes from ``start`` up to ``end`` are known."""
        state = self.state
        at = state.find(UNKNOWN, start, end)
        while at >= 0:
            self._judge(at)
            at = state.find(UNKNOWN, at + 1, end)

    def _judge(self, at: int) -> None:
        node = self.nodes[at]
        rejection = self.rejections[at] = self._rejection(node)
        self.state[at] = FITS if rejection is None else REJECTED
        if rejection is None:
            self._rate(node, at)

    def _rejection(self, node: NodeInfo) -> Rejection | None:
        for part in self.filters.parts:
            found = part.rejection(node)
            if found is not None:
                return found
        return None

    def _rate(self, node: NodeInfo, at: int) -> None:
        total = self._usual_sum
        for rate, weight, ratings, comparing in self._raters:
            rating = rate(node)
            if not comparing:
                rating *= weight
                total += rating
            elif rating:
                self.compared.add(comparing)
            ratings[at] = rating
        self.sums[at] = total
        self.levels.put(at, total)


class Boards:
    """Boards by what pods have in common, each up to date when handed out."""

    def __init__(self, view: ClusterView, plugins: Sequence[LocalScore]) -> None:
        self._view, self._plugins = view, tuple(plugins)
        self._premised = [plugin for plugin in plugins if type(plugin).premise is not LocalScore.premise]
        self._boards: OrderedDict[Hashable, Board] = OrderedDict()

    def known(self, pod: PodInfo) -> Board | None:
        """The board of pods like this one, if there is one."""
        key = self._key(pod)
        board = self._boards.get(key) if pod.alike else None
        if board is None or board.epoch != self._view.epoch:
            return None
        self._boards.move_to_end(key)
        board.catch_up(self._view)
        return board

    def made(self, pod: PodInfo, filters: Filters) -> Board:
        """A new board for a pod and for those that are like it."""
        board = Board(pod, self._view, filters, self._plugins)
        if pod.alike:
            self._remember(self._key(pod), board)
        return board

    def _key(self, pod: PodInfo) -> Hashable:
        return (pod.alike, *(plugin.premise(pod, self._view) for plugin in self._premised))

    def _remember(self, key: Hashable, board: Board) -> None:
        self._boards[key] = board
        self._boards.move_to_end(key)
        if len(self._boards) > MOST_BOARDS:
            self._boards.popitem(last=False)


class Selection:
    """Nodes of a board that were found feasible: stretches of positions, and in each which nodes."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._stretches: list[Stretch] = []
        self.count = 0

    def add(self, start: int, end: int, flags: bytes | bytearray) -> None:
        """``flags`` has FITS for the nodes to take."""
        count = flags.count(FITS)
        if count:
            self._stretches.append((start, end, None if count == end - start else bytes(flags)))
            self.count += count

    @property
    def first_of_best(self) -> str:
        """The name of the first node that has the highest sum."""
        return self._board.names[self._board.levels.first_of_best(self._stretches)]

    @property
    def has_comparison(self) -> bool:
        """Whether the sums are not all there is to local scores."""
        return bool(self._board.compared)

    def is_compared(self, plugin: LocalScore) -> bool:
        """Whether a plugin's scores are not in the sums already."""
        return plugin.name in self._board.compared

    def ratings_of(self, plugin: LocalScore) -> list[int] | None:
        column = self._board.ratings.get(plugin.name)
        return None if column is None else self._of(column)

    @property
    def sums(self) -> list[int]:
        return self._of(self._board.sums)

    def name(self, number: int) -> str:
        """Of the node in this place among those that were found."""
        for start, end, flags in self._stretches:
            count = end - start if flags is None else flags.count(FITS)
            if number < count:
                at = start + number if flags is None else next(islice(compress(range(start, end), flags), number, None))
                return self._board.names[at]
            number -= count
        raise AssertionError("only nodes that were found are asked for")

    @property
    def names(self) -> list[str]:
        return self._of(self._board.names)

    @property
    def nodes(self) -> list[NodeInfo]:
        return self._of(self._board.nodes)

    def _of(self, column: list[T]) -> list[T]:
        found: list[T] = []
        for start, end, flags in self._stretches:
            part = column[start:end]
            found += part if flags is None else compress(part, flags)
        return found
