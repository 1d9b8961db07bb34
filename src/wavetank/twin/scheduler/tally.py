"""Pods counted by node and by topology domain, each count kept up to date instead of made anew for a pod.

Owned by ``ClusterView``, which adds every pod that comes and takes off every one that leaves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from .node_info import NodeInfo


class Tally:
    """Numbers of pods; nodes and domains without any are absent."""

    def __init__(self) -> None:
        self.by_node: Counter[str] = Counter()
        self._by_value: dict[str, Counter[str]] = {}

    def add(self, node: NodeInfo, count: int) -> None:
        """``count`` more pods (or fewer, if it is negative) on a node with the labels that it has now."""
        _change(self.by_node, node.name, count)
        for key, counter in self._by_value.items():
            value = node.labels.get(key)
            if value is not None:
                _change(counter, value, count)

    def places(self, key: str, nodes: Mapping[str, NodeInfo]) -> Mapping[str, int]:
        """Pods by the value of a node label; kept from the first question on."""
        found = self._by_value.get(key)
        if found is None:
            found = self._by_value[key] = _by_value(key, self.by_node.items(), nodes)
        return found


def _by_value(key: str, counts: Iterable[tuple[str, int]], nodes: Mapping[str, NodeInfo]) -> Counter[str]:
    found: Counter[str] = Counter()
    for name, count in counts:
        value = nodes[name].labels.get(key)
        if value is not None:
            found[value] += count
    return found


def _change(counter: Counter[str], name: str, count: int) -> None:
    counter[name] += count
    if not counter[name]:
        del counter[name]
