"""The filters that have something to say about a pod, asked one after the other about a node. Reads the view only.

Used by ``cycle`` for real, by ``preemption`` and ``simulation`` for trials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .framework import FilterPlugin, NodeFilter, Rejection
from .node_info import NodeInfo
from .plugins import LOCAL_FILTERS, NEIGHBOUR_FILTERS, VOLUME_FILTERS
from .pod_info import PodInfo
from .view import ClusterView


@dataclass(frozen=True)
class Filters:
    """The filters that have something to say about a pod."""

    parts: tuple[NodeFilter, ...]
    names: tuple[str, ...]
    #: The nodes that are worth asking, if some filter knows.
    only: frozenset[str] | None = None
    #: How many of them are local; those come first.
    local_count: int = 0

    @property
    def local(self) -> Filters:
        """Those whose answers hold until the node changes."""
        count = self.local_count
        return Filters(self.parts[:count], self.names[:count], self.only, count)

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

    @cached_property
    def _counting(self) -> tuple[NodeFilter, ...]:
        """Those that keep counts of their own; the others need neither copies nor news."""
        return tuple(part for part in self.parts if type(part).moved is not NodeFilter.moved)

    def copy(self) -> Filters:
        if not self._counting:
            return self
        return Filters(tuple(part.copy() for part in self.parts), self.names, self.only, self.local_count)

    def moved(self, pod: PodInfo, node: NodeInfo, count: int) -> None:
        """Put a pod on a node, or take it off, in a trial."""
        if count > 0:
            node.add(pod)
        else:
            node.remove(pod)
        for part in self._counting:
            part.moved(pod, node, count)


def filters_for(pod: PodInfo, view: ClusterView, local: Filters | None = None) -> Filters:
    """Raises PodRejectedError when some plugin refuses the pod whatever the node. ``local`` is of a pod that is alike."""
    local = local or _local_filters(pod, view)
    found = [*(_asked(VOLUME_FILTERS, pod, view) if pod.volumes else ()), *_asked(NEIGHBOUR_FILTERS, pod, view)]
    if not found:
        return local
    parts, names = zip(*found, strict=True)
    return Filters((*local.parts, *parts), (*local.names, *names), local.only, local.local_count)


def _local_filters(pod: PodInfo, view: ClusterView) -> Filters:
    found = _asked(LOCAL_FILTERS, pod, view)
    named = [part.only for part, _ in found if part.only is not None]
    only = frozenset.intersection(*named) if named else None
    return Filters(tuple(part for part, _ in found), tuple(name for _, name in found), only, len(found))


def _asked(plugins: Sequence[FilterPlugin], pod: PodInfo, view: ClusterView) -> list[tuple[NodeFilter, str]]:
    return [(part, plugin.name) for plugin in plugins if (part := plugin.filter_for(pod, view)) is not None]


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
