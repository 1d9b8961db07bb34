"""One attempt to find a node for one pod: filter, score, choose. Reads the view, writes nothing.

Upstream: ``pkg/scheduler/schedule_one.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from .framework import NodeFilter, PodRejectedError, Rejection
from .node_info import NodeInfo
from .plugins import FILTERS, SCORES
from .pod_info import PodInfo
from .view import ClusterView

NO_NODES = "no nodes available to schedule pods"
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


@dataclass(frozen=True)
class Filters:
    """The filters that have something to say about a pod."""

    parts: tuple[NodeFilter, ...]
    names: tuple[str, ...]

    @property
    def only(self) -> frozenset[str] | None:
        named = [part.only for part in self.parts if part.only is not None]
        return frozenset.intersection(*named) if named else None

    @property
    def limiting(self) -> list[str]:
        """The plugins that know which nodes are worth asking."""
        return sorted(n for part, n in zip(self.parts, self.names, strict=True) if part.only is not None)

    def rejection(self, node: NodeInfo) -> Rejection | None:
        """The first that says no."""
        for part in self.parts:
            found = part.rejection(node)
            if found is not None:
                return found
        return None

    def copy(self) -> Filters:
        return Filters(tuple(part.copy() for part in self.parts), self.names)

    def moved(self, pod: PodInfo, node: NodeInfo, count: int) -> None:
        """Put a pod on a node, or take it off, in a trial."""
        if count > 0:
            node.add(pod)
        else:
            node.remove(pod)
        for part in self.parts:
            part.moved(pod, node, count)


def filters_for(pod: PodInfo, view: ClusterView) -> Filters:
    """Raises PodRejectedError when some plugin refuses the pod whatever the node."""
    found = [(part, plugin.name) for plugin in FILTERS if (part := plugin.filter_for(pod, view)) is not None]
    return Filters(tuple(part for part, _ in found), tuple(name for _, name in found))


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt. ``node`` is "" when no node was feasible; then ``rejections`` say why."""

    node: str
    feasible: Sequence[str] = ()
    scores: Mapping[str, Sequence[int]] = field(default_factory=dict)
    totals: Sequence[int] = ()
    rejections: Mapping[str, Rejection] = field(default_factory=dict)
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
        self._start = 0

    def attempt(self, pod: PodInfo) -> Outcome:
        """Find the node for a pod."""
        nodes = self._view.ordered()
        try:
            filters = filters_for(pod, self._view)
        except PodRejectedError as error:
            return Outcome("", refusal=str(error), node_count=len(nodes))
        feasible, rejections = self._feasible(pod, nodes, filters)
        if not feasible:
            return Outcome("", rejections=rejections, filters=filters, node_count=len(nodes))
        names = [node.name for node in feasible]
        if len(feasible) == 1:
            return Outcome(names[0], names, rejections=rejections, filters=filters, node_count=len(nodes))
        scores, totals = self._scored(pod, feasible)
        top = max(totals)
        chosen = self._tie_break([i for i, total in enumerate(totals) if total == top])
        return Outcome(names[chosen], names, scores, totals, rejections, filters=filters, node_count=len(nodes))

    def _feasible(
        self, pod: PodInfo, nodes: Sequence[NodeInfo], filters: Filters
    ) -> tuple[list[NodeInfo], dict[str, Rejection]]:
        only = filters.only
        rejections: dict[str, Rejection] = {}
        candidates = nodes
        if only is not None:
            other = Rejection((f"node(s) didn't satisfy plugin(s) [{' '.join(filters.limiting)}]",), resolvable=False)
            rejections = {node.name: other for node in nodes if node.name not in only}
            candidates = [node for node in nodes if node.name in only]
        count, wanted = len(candidates), nodes_to_find(len(candidates))
        found: list[NodeInfo] = []
        looked_at = 0
        while looked_at < count and len(found) < wanted:
            node = candidates[(self._start + looked_at) % count]
            looked_at += 1
            rejection = rejection_with_nominated(pod, node, filters, self._view)
            if rejection is None:
                found.append(node)
            else:
                rejections[node.name] = rejection
        if nodes:
            self._start = (self._start + looked_at) % len(nodes)
        return found, rejections

    def _scored(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> tuple[dict[str, list[int]], list[int]]:
        scores: dict[str, list[int]] = {}
        totals = [0] * len(nodes)
        for plugin in SCORES:
            found = plugin.scores(pod, nodes, self._view)
            if found is None:
                continue
            weighted = [plugin.weight * score for score in found]
            scores[plugin.name] = weighted
            totals = [a + b for a, b in zip(totals, weighted, strict=True)]
        return scores, totals


def rejection_with_nominated(pod: PodInfo, node: NodeInfo, filters: Filters, view: ClusterView) -> Rejection | None:
    """With the pods that were promised this node and are no less important, and without them."""
    promised = view.nominated.get(node.name)
    if promised:
        ahead = [p for p in promised.values() if p.uid != pod.uid and p.priority >= pod.priority]
        if ahead:
            trial, copied = node.copy(), filters.copy()
            for other in ahead:
                copied.moved(other, trial, 1)
            rejection = copied.rejection(trial)
            if rejection is not None:
                return rejection
    return filters.rejection(node)
