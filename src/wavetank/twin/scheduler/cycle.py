"""One attempt to find a node for one pod: filter, score, choose. Reads the view, writes nothing.

Upstream: ``pkg/scheduler/schedule_one.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import add
from random import Random
from types import MappingProxyType
from typing import NamedTuple

from .board import FITS, REJECTED, Board, Boards, Selection
from .filters import Filters, filters_for, rejection_with_nominated
from .framework import LocalScore, NodeFilter, PodRejectedError, Rejection, ScorePlugin, Scorer, Screen
from .masks import common
from .node_info import NodeInfo
from .plugins import SCORES
from .pod_info import PodInfo
from .view import ClusterView

NO_NODES = "no nodes available to schedule pods"
LOCAL_SCORES = tuple(plugin for plugin in SCORES if isinstance(plugin, LocalScore))
#: Those that look at the cluster as a whole.
WIDE_SCORES = tuple(plugin for plugin in SCORES if not isinstance(plugin, LocalScore))
#: Up to this many nodes all are looked at.
ALL_NODES_BELOW = 100

#: Of the indexes with the highest total, the one to take.
TieBreak = Callable[[Sequence[int]], int]


def first_of(ties: Sequence[int]) -> int:
    """What 1.36 does: the first of them in the order of nodes."""
    return ties[0]


def random_of(randomness: Random) -> TieBreak:
    """What other releases do."""
    return randomness.choice


class Outcome(NamedTuple):
    """What came of an attempt. ``node`` is "" when no node was feasible; only then ``rejections`` say why.

    ``feasible`` and ``scores`` are complete only of an attempt that was to be explained.
    """

    node: str
    feasible: Sequence[str] = ()
    scores: Mapping[str, Sequence[int]] = MappingProxyType({})
    totals: Sequence[int] = ()
    rejections: Mapping[str, Rejection] = MappingProxyType({})
    #: Text of a plugin that refused the pod as such.
    refusal: str = ""
    filters: Filters | None = None
    node_count: int = 0

    @property
    def best(self) -> list[str]:
        """The nodes of the highest total."""
        if not self.totals:
            return list(self.feasible)
        top = max(self.totals)
        return [name for name, total in zip(self.feasible, self.totals, strict=True) if total == top]


def nodes_to_find(count: int) -> int:
    """How many feasible nodes are enough (``numFeasibleNodesToFind``)."""
    if count < ALL_NODES_BELOW:
        return count
    percentage = max(5, 50 - count // 125)
    return max(ALL_NODES_BELOW, count * percentage // 100)


class Cycle:
    """Attempts on one view. Remembers where the last search ended, so that large clusters are used evenly."""

    def __init__(self, view: ClusterView, tie_break: TieBreak = first_of) -> None:
        self._view = view
        self._tie_break = tie_break
        self._boards = Boards(view, LOCAL_SCORES)
        self._start = 0

    def attempt(self, pod: PodInfo, *, explain: bool = True) -> Outcome:
        """Find the node for a pod; without ``explain`` the scores by plugin and the names of other nodes are left out."""
        nodes = self._view.ordered()
        board = self._boards.known(pod)
        try:
            filters = filters_for(pod, self._view, board.filters if board else None)
        except PodRejectedError as error:
            return Outcome("", refusal=str(error), node_count=len(nodes))
        if filters.only is not None:
            return self._among_named(pod, nodes, filters, filters.only)
        board = board or self._boards.made(pod, filters)
        found = self._feasible(pod, board, filters)
        if not found.count:
            rejections = self._rejections(pod, board, filters)
            return Outcome("", rejections=rejections, filters=filters, node_count=len(nodes))
        if found.count == 1:
            return Outcome(found.name(0), found.names, filters=filters, node_count=len(nodes))
        scorers = [(p, score) for p in WIDE_SCORES if (score := p.scorer(pod, self._view)) is not None]
        if not (explain or scorers or found.has_comparison) and self._tie_break is first_of:
            # Most pods of most clusters: what is on the board decides.
            return Outcome(found.first_of_best, filters=filters, node_count=len(nodes))
        scores, totals = self._scored(found, scorers, explain)
        chosen = found.name(self._best(totals))
        names = found.names if explain else ()
        return Outcome(chosen, names, scores, totals, filters=filters, node_count=len(nodes))

    def _best(self, totals: list[int]) -> int:
        """Which of the totals to take."""
        top = max(totals)
        if self._tie_break is first_of:
            # The usual case, without asking all nodes again.
            return totals.index(top)
        return self._tie_break([i for i, total in enumerate(totals) if total == top])

    # --- all nodes ---------------------------------------------------------------------------------------------

    def _feasible(self, pod: PodInfo, board: Board, filters: Filters) -> Selection:
        """Feasible nodes, from where the last search ended, until there are enough."""
        count, looked_at = len(board.nodes), 0
        found, wanted = Selection(board), nodes_to_find(len(board.nodes))
        later = [(part, part.screens()) for part in filters.parts[filters.local_count :]]
        while looked_at < count and found.count < wanted:
            start = (self._start + looked_at) % count
            # No more than are wanted, so that the search ends with the node that makes it enough.
            end = min(count, start + min(wanted - found.count, count - looked_at))
            board.look(start, end)
            found.add(start, end, self._flags(pod, board, filters, later, start, end))
            looked_at += end - start
        if count:
            self._start = (self._start + looked_at) % count
        return found

    def _flags(
        self,
        pod: PodInfo,
        board: Board,
        filters: Filters,
        later: Sequence[tuple[NodeFilter, Sequence[Screen] | None]],
        start: int,
        end: int,
    ) -> bytearray:
        """FITS for each node of a stretch that can take the pod."""
        flags = board.state[start:end]
        for part, screens in later:
            if screens is None:
                for i, node in enumerate(board.nodes[start:end]):
                    if flags[i] and part.rejection(node) is not None:
                        flags[i] = REJECTED
            for screen in screens or ():
                flags = bytearray(common(flags, board.mask(screen, start, end)))
        for name in self._view.nominated:
            at = self._view.position(name) if name in self._view.nodes else -1
            if start <= at < end:
                fits = rejection_with_nominated(pod, board.nodes[at], filters, self._view) is None
                flags[at - start] = FITS if fits else REJECTED
        return flags

    def _rejections(self, pod: PodInfo, board: Board, filters: Filters) -> dict[str, Rejection]:
        """Why no node can take the pod."""
        found: dict[str, Rejection] = {}
        for node, known in zip(board.nodes, board.rejections, strict=True):
            unsure = known is None or node.name in self._view.nominated
            rejection = rejection_with_nominated(pod, node, filters, self._view) if unsure else known
            assert rejection is not None, "a node without a rejection is feasible"
            found[node.name] = rejection
        return found

    def _scored(
        self, found: Selection, scorers: Sequence[tuple[ScorePlugin, Scorer]], explain: bool
    ) -> tuple[dict[str, list[int]], list[int]]:
        scores: dict[str, list[int]] = {}
        totals = found.sums
        for plugin in LOCAL_SCORES:
            if not explain and not found.is_compared(plugin):
                # It is in the sums.
                continue
            ratings = found.ratings_of(plugin)
            if ratings is None:
                continue
            if plugin.compares and any(ratings):
                ratings = [plugin.weight * score for score in plugin.finished(ratings)]
                usual = plugin.weight * plugin.usual
                totals = [total + score - usual for total, score in zip(totals, ratings, strict=True)]
            elif plugin.compares:
                ratings = [plugin.weight * plugin.usual] * found.count
            scores[plugin.name] = ratings
        for other, score in scorers:
            scores[other.name] = weighted = [other.weight * points for points in score(found.nodes)]
            totals = list(map(add, totals, weighted))
        return scores, totals

    # --- named nodes -------------------------------------------------------------------------------------------

    def _among_named(self, pod: PodInfo, nodes: Sequence[NodeInfo], filters: Filters, only: frozenset[str]) -> Outcome:
        """A pod that can only go to a few nodes, as those of DaemonSets: the others are not looked at."""
        view = self._view
        candidates = sorted((view.nodes[n] for n in only if n in view.nodes), key=lambda node: view.position(node.name))
        count, wanted = len(candidates), nodes_to_find(len(candidates))
        rejections: dict[str, Rejection] = {}
        found: list[NodeInfo] = []
        looked_at = 0
        while looked_at < count and len(found) < wanted:
            node = candidates[(self._start + looked_at) % count]
            looked_at += 1
            rejection = rejection_with_nominated(pod, node, filters, view)
            if rejection is None:
                found.append(node)
            else:
                rejections[node.name] = rejection
        if nodes:
            self._start = (self._start + looked_at) % len(nodes)
        if not found:
            other = Rejection((f"node(s) didn't satisfy plugin(s) [{' '.join(filters.limiting)}]",), resolvable=False)
            rejections = {node.name: rejections.get(node.name, other) for node in nodes}
            return Outcome("", rejections=rejections, filters=filters, node_count=len(nodes))
        names = [node.name for node in found]
        if len(found) == 1:
            return Outcome(names[0], names, filters=filters, node_count=len(nodes))
        scores, totals = scored(pod, found, view)
        return Outcome(names[self._best(totals)], names, scores, totals, filters=filters, node_count=len(nodes))


def scored(pod: PodInfo, nodes: Sequence[NodeInfo], view: ClusterView) -> tuple[dict[str, list[int]], list[int]]:
    """Weighted scores by plugin and their sums, each node looked at anew."""
    scores: dict[str, list[int]] = {}
    totals = [0] * len(nodes)
    for plugin in SCORES:
        score = plugin.scorer(pod, view)
        if score is not None:
            scores[plugin.name] = weighted = [plugin.weight * points for points in score(nodes)]
            totals = list(map(add, totals, weighted))
    return scores, totals
