"""How many nodes of a template some pods need: first fit, filters only. Upstream: ``estimator/binpacking_estimator.go``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from wavetank.kube.resources import container_amounts
from wavetank.kube.types import Obj
from wavetank.twin.scheduler.pod_info import PodInfo
from wavetank.twin.scheduler.simulation import Simulation

from .pending import PodGroup
from .templates import Template


@dataclass(frozen=True)
class Estimate:
    """Nodes that took at least one pod, and the pods they took."""

    node_count: int
    pods: tuple[PodInfo, ...]


@dataclass
class _Packing:
    """New nodes in the order in which they were made up."""

    names: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    placed: list[PodInfo] = field(default_factory=list)

    @property
    def last_is_empty(self) -> bool:
        return bool(self.names) and self.names[-1] not in self.used


def estimate(simulation: Simulation, groups: Iterable[PodGroup], template: Template, most_nodes: int) -> Estimate:
    """Pack the groups, the hungriest first, on new nodes, at most ``most_nodes``."""
    packing = _Packing()
    with simulation.trial():
        for group in ordered(groups, template.node):
            rest = _on_nodes_so_far(simulation, packing, group.pods)
            _on_new_nodes(simulation, packing, rest, template, most_nodes)
    return Estimate(len(packing.used), tuple(packing.placed))


def ordered(groups: Iterable[PodGroup], node: Obj) -> list[PodGroup]:
    """By share of the node's cpu and memory together, falling (``decreasing_pod_orderer.go``)."""
    allocatable = container_amounts({"resources": {"limits": node["status"]["allocatable"]}}, "limits")
    return sorted(groups, key=lambda group: -_share(group.pods[0], allocatable))


def _share(pod: PodInfo, allocatable: dict[str, int]) -> float:
    asked = requested(pod)
    return sum(asked[name] / allocatable[name] for name in ("cpu", "memory") if allocatable.get(name))


def requested(pod: PodInfo) -> dict[str, int]:
    """Cpu and memory of the containers that are no init containers: all that the estimate and the expanders look at."""
    found = {"cpu": 0, "memory": 0}
    for container in pod.spec["containers"]:
        amounts = container_amounts(container, "requests")
        found = {name: units + amounts.get(name, 0) for name, units in found.items()}
    return found


def _on_nodes_so_far(simulation: Simulation, packing: _Packing, pods: Sequence[PodInfo]) -> Sequence[PodInfo]:
    """The pods from the first one on that fits none of them."""
    for index, pod in enumerate(pods):
        name = simulation.first_fit(pod, packing.names) if packing.names else None
        if name is None:
            return pods[index:]
        _place(simulation, packing, pod, name)
    return ()


def _on_new_nodes(
    simulation: Simulation, packing: _Packing, pods: Sequence[PodInfo], template: Template, most_nodes: int
) -> None:
    for pod in pods:
        last = packing.names[-1] if packing.names else None
        if last is not None and simulation.rejection(pod, last) is None:
            _place(simulation, packing, pod, last)
            continue
        if packing.last_is_empty or len(packing.names) >= most_nodes:
            return
        name = f"{template.node['metadata']['name']}-e-{len(packing.names)}"
        simulation.add_node(*template.fresh(name))
        packing.names.append(name)
        if simulation.rejection(pod, name) is not None:
            return
        _place(simulation, packing, pod, name)


def _place(simulation: Simulation, packing: _Packing, pod: PodInfo, name: str) -> None:
    simulation.place(pod, name)
    packing.used.add(name)
    packing.placed.append(pod)
