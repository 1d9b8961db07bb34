"""What fits where: pods on the nodes of a group, by requests and by the number of pods a node admits.

Read by ``cost`` (how many nodes are paid) and ``checks`` (whether everything can be scheduled). Pure arithmetic on a plan:
requests and daemonsets only, as an autoscaler simulates it; affinity and spreading can only make it need more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from wavetank.base.units import MIB
from wavetank.catalog import addon, chart, instance_type
from wavetank.catalog.addons import Requests
from wavetank.kube import quantity
from wavetank.kube.taints import REPELLING, untolerated
from wavetank.plan.model import NodeGroup, Plan, Workload


@dataclass(frozen=True)
class Demand:
    """What one pod asks a node for, in thousandths of a core and bytes."""

    cpu_milli: int
    memory_bytes: int

    def __add__(self, other: Demand) -> Demand:
        return Demand(self.cpu_milli + other.cpu_milli, self.memory_bytes + other.memory_bytes)


@dataclass(frozen=True)
class Room:
    """What a node has for pods."""

    cpu_milli: int
    memory_bytes: int
    pods: int

    def holds(self, demand: Demand) -> bool:
        return self.pods > 0 and demand.cpu_milli <= self.cpu_milli and demand.memory_bytes <= self.memory_bytes

    def minus(self, demand: Demand) -> Room:
        return Room(self.cpu_milli - demand.cpu_milli, self.memory_bytes - demand.memory_bytes, self.pods - 1)


def demand_of(requests: Mapping[str, Any]) -> Demand:
    """The demand of a pod with these (Kubernetes) requests."""
    return Demand(quantity.milli(requests.get("cpu", "0")), quantity.value(requests.get("memory", "0")))


def pod_demand(workload: Workload) -> Demand:
    """Requests of one pod: the sum of its containers, or the largest init container where that is more."""
    containers = [demand_of(container.resources.get("requests", {})) for container in workload.containers]
    total = sum(containers, Demand(0, 0))
    inits = [demand_of(container.resources.get("requests", {})) for container in workload.init_containers]
    return Demand(
        max([total.cpu_milli, *(d.cpu_milli for d in inits)]),
        max([total.memory_bytes, *(d.memory_bytes for d in inits)]),
    )


def node_room(plan: Plan, group: NodeGroup) -> Room:
    """An empty node of the group (its smallest instance type), less what daemonsets take on every node."""
    types = [instance_type(name) for name in group.instance_types]
    room = Room(
        min(t.allocatable_cpu_milli for t in types),
        min(t.allocatable_memory_mib for t in types) * MIB,
        group.max_pods,
    )
    for demand in daemon_demands(plan):
        room = room.minus(demand)
    return room


def daemon_demands(plan: Plan) -> list[Demand]:
    """The demand of each daemonset pod that stands on every node."""
    return [demand_of(requests.per_node) for requests in _component_requests(plan) if requests.per_node]


def system_demands(plan: Plan) -> list[Demand]:
    """The demand of each pod of the add-ons' and releases' Deployments."""
    return [demand_of(r.per_pod) for r in _component_requests(plan) for _ in range(r.replicas)]


def _component_requests(plan: Plan) -> Iterable[Requests]:
    add_ons = [addon(add_on.name) for add_on in plan.add_ons]
    charts = [chart(release.chart) for release in plan.helm_releases]
    return [facts.requests for facts in (*add_ons, *charts) if facts is not None]


def may_run_on(workload: Workload, group: NodeGroup) -> bool:
    """Whether the workload's node selector and tolerations admit it to nodes of the group."""
    labels = {**group.labels, "eks.amazonaws.com/nodegroup": group.name}
    selected = all(labels.get(key) == value for key, value in workload.node_selector.items())
    return selected and untolerated(group.taints, workload.tolerations, REPELLING) is None


def nodes_for(demands: Iterable[Demand], room: Room) -> int | None:
    """Nodes that hold all pods, first fit in order of decreasing size; None when a pod fits on no empty node."""
    nodes: list[Room] = []
    for demand in sorted(
        demands, key=lambda d: d.cpu_milli * room.memory_bytes + d.memory_bytes * room.cpu_milli, reverse=True
    ):
        place = next((index for index, node in enumerate(nodes) if node.holds(demand)), None)
        if place is not None:
            nodes[place] = nodes[place].minus(demand)
        elif room.holds(demand):
            nodes.append(room.minus(demand))
        else:
            return None
    return len(nodes)


def pods_that_fit(demand: Demand, others: Iterable[Demand], room: Room, nodes: int) -> int:
    """How many equal pods fit on so many nodes beside the others, which are placed first (largest first)."""
    rooms = [room] * nodes
    for other in sorted(others, key=lambda d: (d.cpu_milli, d.memory_bytes), reverse=True):
        place = next((index for index, node in enumerate(rooms) if node.holds(other)), None)
        if place is not None:
            rooms[place] = rooms[place].minus(other)
    return sum(_copies(demand, node) for node in rooms)


def _copies(demand: Demand, room: Room) -> int:
    bounds = [room.pods]
    if demand.cpu_milli:
        bounds.append(room.cpu_milli // demand.cpu_milli)
    if demand.memory_bytes:
        bounds.append(room.memory_bytes // demand.memory_bytes)
    return max(0, min(bounds))


def expected_replicas(plan: Plan, workload: Workload) -> int:
    """Pods that the expected requests need: CPU declared per request over what an HPA leaves each pod; else the minimum."""
    needed = _replicas_for_load(plan, workload)
    return min(max(workload.min_replicas, needed), workload.max_replicas)


def _replicas_for_load(plan: Plan, workload: Workload) -> int:
    per_request = workload.model.cpu_millis_per_request if workload.model else None
    requested = pod_demand(workload).cpu_milli
    target = cpu_target_percent(workload)
    if per_request is None or not requested or target is None:
        return 0
    busy_milli = per_request * plan.traffic.requests_per_second
    return int((busy_milli / (Decimal(requested) * target / 100)).to_integral_value(ROUND_CEILING))


def cpu_target_percent(workload: Workload) -> int | None:
    """The CPU utilization that the workload's HPA keeps, if it scales on it."""
    if workload.autoscaling is None:
        return None
    for metric in workload.autoscaling.metrics:
        resource = metric.get("resource") or {}
        if resource.get("name") == "cpu" and "averageUtilization" in resource.get("target", {}):
            return int(resource["target"]["averageUtilization"])
    return None


def expected_nodes(plan: Plan, group: NodeGroup) -> int:
    """Nodes of a group that the expected pods need; system pods are counted in the first group that takes them."""
    demands = [
        pod_demand(workload)
        for workload in plan.workloads
        if first_group(plan, workload) == group.name
        for _ in range(expected_replicas(plan, workload))
    ]
    if plan.node_groups and next((g.name for g in plan.node_groups if not g.taints), None) == group.name:
        demands += system_demands(plan)
    return nodes_for(demands, node_room(plan, group)) or group.max_size


def first_group(plan: Plan, workload: Workload) -> str | None:
    """The first node group that admits the workload."""
    return next((group.name for group in plan.node_groups if may_run_on(workload, group)), None)
