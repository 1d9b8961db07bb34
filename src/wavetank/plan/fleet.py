"""The machines that a plan's pods need: pods stand on the nodes that are there, then nodes are added for the rest.

Read by ``cost``. As a scheduler with an autoscaler would do it, simplified: largest pods first, node groups before Karpenter's
pools, each pool of Karpenter with the one instance type that holds its pods for the least money. Spreading and anti-affinity
are left out; they can only make it need more. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from wavetank.catalog import InstanceType, ec2_price_usd_hour, instance_type
from wavetank.kube import quantity
from wavetank.kube.taints import REPELLING, untolerated
from wavetank.kube.types import Obj
from wavetank.plan.capacity import (
    admits,
    component_requests,
    daemon_demands,
    demand_in,
    expected_replicas,
    group_labels,
    has_gpus,
    node_room,
    pool_labels,
)
from wavetank.plan.components import prefix_delegation
from wavetank.plan.model import NodeGroup, NodePool, Plan, Workload
from wavetank.plan.packing import Demand, Room, demand_of, empty_room, nodes_for

#: pods of a workload by its plan path, or of components
Owner = str
COMPONENTS: Owner = ""


@dataclass(frozen=True)
class Pod:
    """A pod to be placed, the owner who pays for it, and which nodes (by labels and taints) admit it."""

    owner: Owner
    demand: Demand
    admitted: Callable[[Mapping[str, str], Sequence[Obj]], bool]


@dataclass(frozen=True)
class Machines:
    """Equal nodes: those of all groups of a family, or of one of Karpenter's pools with the instance type that suits best."""

    name: str
    instance_type: str
    spot: bool
    #: by node group; of a node pool its own name
    counts: Mapping[str, int]
    #: what one node has for pods, the daemonsets' pods already taken off
    room: Room
    #: what stands there, by owner
    used: Mapping[Owner, Demand]

    @property
    def nodes(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Fleet:
    #: of node groups, in their order
    groups: tuple[Machines, ...]
    #: of Karpenter's node pools, in their order
    pools: tuple[Machines, ...]
    #: pods that no machine of the plan has room for
    homeless: tuple[Pod, ...]

    def nodes_of(self, group: str) -> int:
        """Nodes of one node group or node pool."""
        return sum(machines.counts.get(group, 0) for machines in (*self.groups, *self.pools))


def workload_path(workload: Workload) -> Owner:
    return f"workloads[{workload.name}]"


def expected_fleet(plan: Plan) -> Fleet:
    """The machines for the pods that the expected requests need."""
    return fleet(plan, {workload_path(each): expected_replicas(plan, each) for each in plan.workloads})


def largest_fleet(plan: Plan) -> Fleet:
    """The machines for as many pods as every workload may have, all jobs at the same time."""
    return fleet(plan, {workload_path(each): each.max_replicas for each in plan.workloads})


def fleet(plan: Plan, replicas: Mapping[Owner, int]) -> Fleet:
    """The machines for so many pods of each workload (by ``workload_path``) and those of the components."""
    families = [_Family.of(plan, groups) for groups in _families(plan)]
    pods = sorted([*_component_pods(plan), *_workload_pods(plan, replicas)], key=_size, reverse=True)
    waiting = [pod for pod in pods if not any(family.takes(pod) for family in families)]
    waiting = [pod for pod in waiting if not any(family.grows_for(pod) for family in families)]
    pools: list[Machines] = []
    for pool in _pools(plan):
        labels = pool_labels(pool)
        others = [pod for pod in waiting if not pod.admitted(labels, pool.taints)]
        machines, left = _filled(plan, pool, [pod for pod in waiting if pod.admitted(labels, pool.taints)])
        pools.append(machines)
        waiting = others + left
    return Fleet(tuple(family.machines() for family in families), tuple(pools), tuple(waiting))


def _size(pod: Pod) -> tuple[int, int, int]:
    return sum(pod.demand.devices.values()), pod.demand.cpu_milli, pod.demand.memory_bytes


def _workload_pods(plan: Plan, replicas: Mapping[Owner, int]) -> Iterable[Pod]:
    for workload in plan.workloads:
        if workload.kind == "DaemonSet":
            continue
        pod = Pod(workload_path(workload), demand_in(plan, workload), _admission(workload))
        yield from [pod] * replicas.get(pod.owner, 0)


def _admission(workload: Workload) -> Callable[[Mapping[str, str], Sequence[Obj]], bool]:
    return lambda labels, taints: admits(workload, labels, taints)


def _component_pods(plan: Plan) -> Iterable[Pod]:
    for requests, tolerations in component_requests(plan):
        for pods in requests.pods:
            yield from [Pod(COMPONENTS, demand_of(pods.requests), _toleration(tolerations))] * pods.replicas


def _toleration(tolerations: Sequence[Obj]) -> Callable[[Mapping[str, str], Sequence[Obj]], bool]:
    return lambda labels, taints: untolerated(taints, tolerations, REPELLING) is None


# --- node groups ------------------------------------------------------------------------------------------------------


def _families(plan: Plan) -> list[list[NodeGroup]]:
    names = dict.fromkeys(group.family for group in plan.node_groups)
    return [[group for group in plan.node_groups if group.family == name] for name in names]


@dataclass
class _Family:
    """Node groups of one family while pods are being placed."""

    groups: Sequence[NodeGroup]
    empty: Room
    labels: Mapping[str, str]
    grows: bool
    rooms: list[Room]
    used: dict[Owner, Demand] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan, groups: Sequence[NodeGroup]) -> _Family:
        empty = node_room(plan, groups[0])
        there = sum(min(max(group.desired_size, group.min_size), group.max_size) for group in groups)
        grows = any(group.autoscaler_tags for group in groups) or _has_autoscaler(plan)
        return cls(groups, empty, group_labels(groups[0]), grows, [empty] * there)

    def takes(self, pod: Pod) -> bool:
        """Puts the pod on the first node that holds it, if one does."""
        if not pod.admitted(self.labels, self.groups[0].taints):
            return False
        place = next((index for index, room in enumerate(self.rooms) if room.holds(pod.demand)), None)
        if place is not None:
            self._put(pod, place)
        return place is not None

    def grows_for(self, pod: Pod) -> bool:
        """Puts the pod on a node, a new one if it has to be and may."""
        if self.takes(pod):
            return True
        full = not self.grows or len(self.rooms) >= sum(group.max_size for group in self.groups)
        if full or not pod.admitted(self.labels, self.groups[0].taints) or not self.empty.holds(pod.demand):
            return False
        self.rooms.append(self.empty)
        self._put(pod, len(self.rooms) - 1)
        return True

    def _put(self, pod: Pod, place: int) -> None:
        self.rooms[place] = self.rooms[place].minus(pod.demand)
        self.used[pod.owner] = self.used.get(pod.owner, Demand(0, 0)) + pod.demand

    def machines(self) -> Machines:
        group = self.groups[0]
        return Machines(
            name=group.family,
            instance_type=group.instance_types[0],
            spot=group.capacity_type == "SPOT",
            counts=self._counts(),
            room=self.empty,
            used=self.used,
        )

    def _counts(self) -> dict[str, int]:
        """Nodes that were added go to the group with the fewest, as an autoscaler balances similar groups."""
        counts = {group.name: min(max(group.desired_size, group.min_size), group.max_size) for group in self.groups}
        limits = {group.name: group.max_size for group in self.groups}
        for _ in range(len(self.rooms) - sum(counts.values())):
            name = min((name for name in counts if counts[name] < limits[name]), key=lambda name: counts[name])
            counts[name] += 1
        return counts


def _has_autoscaler(plan: Plan) -> bool:
    return any(release.chart.rsplit("/", 1)[-1] == "cluster-autoscaler" for release in plan.helm_releases)


# --- Karpenter --------------------------------------------------------------------------------------------------------


def _pools(plan: Plan) -> list[NodePool]:
    """By weight, the heaviest first, as Karpenter tries them."""
    pools = plan.karpenter.node_pools if plan.karpenter else ()
    return sorted(pools, key=lambda pool: -(pool.weight or 0))


def _filled(plan: Plan, pool: NodePool, pods: Sequence[Pod]) -> tuple[Machines, list[Pod]]:
    """The pool with the instance type that holds the pods for the least money, and the pods that fit on none of them."""
    priced = [machine for name in pool.instance_types if _price(plan, machine := instance_type(name)) is not None]
    candidates = priced or [instance_type(name) for name in pool.instance_types]
    rooms = {machine.name: _pool_room(plan, pool, machine) for machine in candidates}
    roomiest = max(rooms.values(), key=lambda room: sum(room.holds(pod.demand) for pod in pods))
    fitting = [pod for pod in pods if roomiest.holds(pod.demand)]
    chosen, count = _cheapest(plan, candidates, rooms, [pod.demand for pod in fitting])
    count = min(count, _limit(pool, chosen))
    used: dict[Owner, Demand] = {}
    for pod in fitting:
        used[pod.owner] = used.get(pod.owner, Demand(0, 0)) + pod.demand
    spot = "spot" in pool.capacity_types
    machines = Machines(pool.name, chosen.name, spot, {pool.name: count}, rooms[chosen.name], used)
    return machines, [pod for pod in pods if not roomiest.holds(pod.demand)]


def _pool_room(plan: Plan, pool: NodePool, machine: InstanceType) -> Room:
    gpus = has_gpus([machine.name])
    pods = machine.pods_per_node(prefix_delegation(plan.add_ons))
    return empty_room([machine], pods, daemon_demands(plan, pool_labels(pool), pool.taints, gpus))


def _price(plan: Plan, machine: InstanceType) -> Decimal | None:
    known = ec2_price_usd_hour(plan.region, machine.name)
    return plan.cost.prices.get(machine.name, None if known is None else known.usd)


def _cheapest(
    plan: Plan, candidates: Sequence[InstanceType], rooms: Mapping[str, Room], demands: Sequence[Demand]
) -> tuple[InstanceType, int]:
    """The type whose nodes cost least for all of the pods, of equals the first, with their number."""
    bounds = {m.name: _least_nodes(rooms[m.name], demands) * (_price(plan, m) or Decimal(1)) for m in candidates}
    best, best_count, best_usd = candidates[0], 0, Decimal("Infinity")
    for machine in sorted(candidates, key=lambda each: bounds[each.name]):
        if bounds[machine.name] >= best_usd:
            break
        count = nodes_for(demands, rooms[machine.name])
        usd = None if count is None else count * (_price(plan, machine) or Decimal(1))
        if count is not None and usd is not None and usd < best_usd:
            best, best_count, best_usd = machine, count, usd
    return best, best_count


def _least_nodes(room: Room, demands: Sequence[Demand]) -> int:
    """Fewer nodes cannot hold the pods, however they are placed."""
    if not demands:
        return 0
    cpu, memory = sum(d.cpu_milli for d in demands), sum(d.memory_bytes for d in demands)
    shares = [
        Fraction(cpu, max(1, room.cpu_milli)),
        Fraction(memory, max(1, room.memory_bytes)),
        Fraction(len(demands), max(1, room.pods)),
    ]
    return -int(-max(shares) // 1)


def _limit(pool: NodePool, machine: InstanceType) -> int:
    """Nodes of this type that the pool's limits allow."""
    most = 10**6
    if "cpu" in pool.limits:
        most = min(most, quantity.value(pool.limits["cpu"]) // machine.vcpu)
    if "memory" in pool.limits:
        most = min(most, quantity.value(pool.limits["memory"]) // (machine.memory_mib << 20))
    return most
