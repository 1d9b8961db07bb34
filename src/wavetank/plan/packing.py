"""What fits where: pods on nodes, by requests, devices and the number of pods that a node admits.

Pure arithmetic over plain amounts, for ``cost`` (how many nodes are paid) and ``checks`` (whether everything can be scheduled);
it knows neither plans nor Kubernetes objects. Requests and daemonsets only, as an autoscaler simulates it: affinity and
spreading can only make it need more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from wavetank.base.units import MIB
from wavetank.catalog import InstanceType
from wavetank.kube.quantity import QuantityLike
from wavetank.kube.resources import Amounts, amounts


@dataclass(frozen=True)
class Demand:
    """What one pod asks a node for: thousandths of a core, bytes, and devices (extended resources) by name."""

    cpu_milli: int
    memory_bytes: int
    devices: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Demand) -> Demand:
        names = {*self.devices, *other.devices}
        devices = {name: self.devices.get(name, 0) + other.devices.get(name, 0) for name in sorted(names)}
        return Demand(self.cpu_milli + other.cpu_milli, self.memory_bytes + other.memory_bytes, devices)


@dataclass(frozen=True)
class Room:
    """What a node has for pods."""

    cpu_milli: int
    memory_bytes: int
    pods: int
    devices: Mapping[str, int] = field(default_factory=dict)

    def holds(self, demand: Demand) -> bool:
        fits = self.pods > 0 and demand.cpu_milli <= self.cpu_milli and demand.memory_bytes <= self.memory_bytes
        return fits and all(self.devices.get(name, 0) >= count for name, count in demand.devices.items())

    def minus(self, demand: Demand) -> Room:
        """What is left beside the pod; less than nothing when it did not fit."""
        left = {name: count - demand.devices.get(name, 0) for name, count in self.devices.items()}
        return Room(self.cpu_milli - demand.cpu_milli, self.memory_bytes - demand.memory_bytes, self.pods - 1, left)


def demand_of(requests: Mapping[str, QuantityLike]) -> Demand:
    """The demand of a pod with these (Kubernetes) requests."""
    return demand_of_amounts(amounts(requests))


def demand_of_amounts(stated: Amounts) -> Demand:
    """The demand of a pod whose requests are integers already (``kube.resources.pod_requests``)."""
    devices = {name: count for name, count in stated.items() if "/" in name and count}
    return Demand(stated.get("cpu", 0), stated.get("memory", 0), devices)


def empty_room(types: Sequence[InstanceType], pods: int, daemons: Iterable[Demand] = ()) -> Room:
    """The smallest of these machines with nothing on it but the pods of daemonsets; ``pods`` is how many it admits."""
    assert types, "a node has an instance type"
    room = Room(
        min(t.allocatable_cpu_milli for t in types),
        min(t.allocatable_memory_mib for t in types) * MIB,
        pods,
        _common_devices(types),
    )
    for demand in daemons:
        room = room.minus(demand)
    return room


def _common_devices(types: Sequence[InstanceType]) -> dict[str, int]:
    """Devices that every one of the types has, in the least number."""
    each = [{t.accelerator.resource: t.accelerator.count} if t.accelerator else {} for t in types]
    return {name: min(found[name] for found in each) for name in each[0] if all(name in found for found in each)}


def admitted_pods(types: Sequence[InstanceType], prefix_delegation: bool) -> int:
    """Pods that one node admits when each has an address of the VPC: that of the smallest type."""
    return min(t.pods_per_node(prefix_delegation) for t in types)


def nodes_for(demands: Iterable[Demand], room: Room) -> int | None:
    """Nodes that hold all pods, first fit in order of decreasing size; None when a pod fits on no empty node."""
    nodes: list[Room] = []
    for demand in largest_first(demands, room):
        place = next((index for index, node in enumerate(nodes) if node.holds(demand)), None)
        if place is not None:
            nodes[place] = nodes[place].minus(demand)
        elif room.holds(demand):
            nodes.append(room.minus(demand))
        else:
            return None
    return len(nodes)


def largest_first(demands: Iterable[Demand], room: Room) -> list[Demand]:
    """Devices first, then by CPU and memory together, each weighed by how scarce it is on this machine."""
    return sorted(
        demands,
        key=lambda d: (sum(d.devices.values()), d.cpu_milli * room.memory_bytes + d.memory_bytes * room.cpu_milli),
        reverse=True,
    )


def placed(demands: Iterable[Demand], rooms: Sequence[Room]) -> tuple[list[Room], list[Demand]]:
    """What is left of the rooms once the pods stand in them (largest first, first fit), and the pods that found no room."""
    left, homeless = list(rooms), []
    for demand in sorted(demands, key=lambda d: (d.cpu_milli, d.memory_bytes), reverse=True):
        place = next((index for index, node in enumerate(left) if node.holds(demand)), None)
        if place is None:
            homeless.append(demand)
        else:
            left[place] = left[place].minus(demand)
    return left, homeless


def copies(demand: Demand, room: Room) -> int:
    """How many equal pods the room holds."""
    bounds = [room.pods]
    if demand.cpu_milli:
        bounds.append(room.cpu_milli // demand.cpu_milli)
    if demand.memory_bytes:
        bounds.append(room.memory_bytes // demand.memory_bytes)
    bounds += [room.devices.get(name, 0) // count for name, count in demand.devices.items() if count]
    return max(0, min(bounds))
