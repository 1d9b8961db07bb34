"""Cores and memory that the whole cluster may have. Pure. Upstream: ``core/scaleup/resource``, ``core/scaledown/resource``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wavetank.kube.resources import amounts
from wavetank.kube.types import Obj
from wavetank.twin.nodes.groups import NodeGroup

from .flags import Settings


@dataclass(frozen=True)
class Size:
    """Cores and bytes of memory, of a node or of all."""

    cores: int = 0
    memory: int = 0

    def plus(self, other: Size, times: int = 1) -> Size:
        return Size(self.cores + other.cores * times, self.memory + other.memory * times)


def size_of(node: Obj) -> Size:
    """By its capacity; cores rounded up."""
    capacity = amounts(node["status"].get("capacity"))
    return Size(-(-capacity.get("cpu", 0) // 1000), capacity.get("memory", 0))


def target_size(groups: Iterable[NodeGroup], examples: Mapping[str, Obj], others: Iterable[Obj]) -> Size:
    """What the cluster has once every group is as large as it should be; ``others`` belong to no group."""
    total = Size()
    for group in groups:
        total = total.plus(size_of(examples[group.id]), group.target_size)
    for node in others:
        total = total.plus(size_of(node))
    return total


def nodes_allowed(settings: Settings, total: Size, one: Size, wanted: int) -> int:
    """How many of ``wanted`` more nodes the limits leave."""
    cores = (settings.cores_total.most - total.cores) // one.cores if one.cores else wanted
    memory = (settings.memory_total.most - total.memory) // one.memory if one.memory else wanted
    return max(0, min(wanted, cores, memory))


def exceeded(settings: Settings, total: Size, one: Size) -> list[str]:
    """The resources of which one more node would be too much, in the words of the messages."""
    more = total.plus(one)
    checks = (("cpu", more.cores, settings.cores_total.most), ("memory", more.memory, settings.memory_total.most))
    return [name for name, amount, most in checks if amount > most]


def may_lose(settings: Settings, total: Size, one: Size) -> bool:
    """Whether the cluster keeps its least cores and memory without such a node."""
    less = total.plus(one, -1)
    return less.cores >= settings.cores_total.least and less.memory >= settings.memory_total.least
