"""What a scheduler plugin is. A plugin looks at a pod once and answers for every node.

``FilterPlugin.filter_for`` and ``ScorePlugin.scorer`` correspond to PreFilter and PreScore: None means that the
plugin has nothing to say about this pod. Upstream: ``pkg/scheduler/framework``.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .node_info import NodeInfo
from .pod_info import PodInfo
from .view import ClusterView

MAX_SCORE = 100


#: Changes that can make a rejected pod schedulable (queueing hints).
NODES, LEAVING, COMING, VOLUMES = "nodes", "pods leave", "pods come", "volumes"
BY_NODES = frozenset((NODES,))
BY_ROOM = frozenset((NODES, LEAVING))
BY_PODS = frozenset((NODES, LEAVING, COMING))
BY_VOLUMES = frozenset((NODES, LEAVING, VOLUMES))


@dataclass(frozen=True)
class Rejection:
    """Why a node cannot take a pod. ``resolvable``: removing other pods might help. ``helped_by``: what to wait for."""

    reasons: tuple[str, ...]
    resolvable: bool = True
    helped_by: frozenset[str] = BY_NODES


class PodRejectedError(Exception):
    """No node can take the pod (a PreFilter rejection); the text stands in for the reasons of the nodes."""


@dataclass(frozen=True)
class Screen:
    """A filter's answer by a node label: nodes pass whose value is ``among`` the values, or is not. No label is None.

    ``is_live``: ``values`` are counts that the view keeps, which change only where a node is among its ``touched``.
    """

    key: str
    values: Container[str | None]
    among: bool = False
    is_live: bool = False


class NodeFilter:
    """A filter's answer for one pod. ``only`` names the nodes that are worth asking, if it knows."""

    only: frozenset[str] | None = None

    def rejection(self, node: NodeInfo) -> Rejection | None:
        raise AssertionError("every filter answers for a node")

    def screens(self) -> Sequence[Screen] | None:
        """The same answer for all nodes at once: every screen must let a node pass. None when that cannot be said."""
        return None

    def moved(self, pod: PodInfo, node: NodeInfo, count: int) -> None:
        """In a trial, ``pod`` came to (+1) or left (-1) ``node``; filters that count pods override this and ``copy``."""

    def copy(self) -> NodeFilter:
        """Itself, for a trial."""
        return self


class FilterPlugin(Protocol):
    name: str

    def filter_for(self, pod: PodInfo, view: ClusterView) -> NodeFilter | None: ...


#: 0 to 100 for each node.
Scorer = Callable[[Sequence[NodeInfo]], list[int]]


class ScorePlugin(Protocol):
    name: str
    weight: int

    def scorer(self, pod: PodInfo, view: ClusterView) -> Scorer | None:
        """None when the plugin does not apply to the pod."""
        ...


#: What a node is worth before the nodes are compared with each other.
Rater = Callable[[NodeInfo], int]


class LocalScore:
    """A score plugin that rates each node by itself, so that the rating holds until the node changes."""

    name: str
    weight: int
    #: Whether ``finished`` compares the nodes with each other; if so, ``usual`` is everybody's score when all ratings are 0.
    compares: bool = False
    usual: int = 0

    def premise(self, pod: PodInfo, view: ClusterView) -> Hashable:
        """What of the cluster as a whole the ratings rest on; they are void when it changes."""
        return None

    def rater(self, pod: PodInfo, view: ClusterView) -> Rater | None:
        """None when the plugin does not apply to the pod."""
        raise AssertionError("every score plugin rates a node")

    def finished(self, ratings: list[int]) -> list[int]:
        """Ratings as scores."""
        return ratings

    def scorer(self, pod: PodInfo, view: ClusterView) -> Scorer | None:
        rate = self.rater(pod, view)
        return None if rate is None else lambda nodes: self.finished([rate(node) for node in nodes])


def scaled(counts: Sequence[int], *, reverse: bool = False) -> list[int]:
    """Counts as scores: the largest becomes 100, or 0 in reverse (``DefaultNormalizeScore``)."""
    largest = max(counts, default=0)
    if largest == 0:
        return [MAX_SCORE if reverse else 0] * len(counts)
    scores = [MAX_SCORE * count // largest for count in counts]
    return [MAX_SCORE - score for score in scores] if reverse else scores
