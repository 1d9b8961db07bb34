"""Machines: hours of node groups and Karpenter's pools, their root volumes, and CPU credits of types in unlimited mode.

Hours are bought in four ways: on demand, as Spot, under a savings plan, or reserved; commitments are paid in the floor, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from wavetank.catalog import burstable_baseline_percent, instance_type
from wavetank.cost.readings import HOURS_PER_MONTH, Range, Reading, plain
from wavetank.plan.fleet import Fleet, Machines, expected_fleet, largest_fleet, workload_path
from wavetank.plan.model import Disk, Plan


@dataclass(frozen=True)
class Nodes:
    """Equal nodes of one node group or node pool; ``hours`` of a month, of all of them."""

    name: str
    machines: Machines
    count: Range
    hours: Range
    disk: Disk
    path: str
    how: str


def readings(plan: Plan, on: date) -> list[Reading]:
    return [reading for nodes in all_nodes(plan) for reading in _nodes(plan, nodes)]


@lru_cache(maxsize=64)
def _fleets(key: PlanKey) -> tuple[Fleet, Fleet]:
    return expected_fleet(key.plan), largest_fleet(key.plan)


class PlanKey:
    """A plan by identity: plans are frozen, but hold mappings."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PlanKey) and other.plan is self.plan

    def __hash__(self) -> int:
        return id(self.plan)


def fleet_of(plan: Plan) -> Fleet:
    """The machines that are expected; computed once for a plan."""
    return _fleets(PlanKey(plan))[0]


def all_nodes(plan: Plan) -> list[Nodes]:
    """Every node group and node pool with how many nodes it has and for how long."""
    return [*_group_nodes(plan), *_pool_nodes(plan)]


def _group_nodes(plan: Plan) -> Iterator[Nodes]:
    by_name = {name: machines for machines in fleet_of(plan).groups for name in machines.counts}
    for group in plan.node_groups:
        machines = by_name[group.name]
        count = Range(Decimal(group.min_size), Decimal(machines.counts[group.name]), Decimal(group.max_size))
        path = f"nodeGroups[{group.name}]"
        yield _with_hours(plan, Nodes(group.name, machines, count, count, group.disk, path, ""))


def _pool_nodes(plan: Plan) -> Iterator[Nodes]:
    if plan.karpenter is None:
        return
    disks = {pool.name: pool.disk for pool in plan.karpenter.node_pools}
    largest = {machines.name: machines for machines in _fleets(PlanKey(plan))[1].pools}
    for machines in fleet_of(plan).pools:
        count = Range.up_to(Decimal(machines.nodes), _as_many_of(machines, largest[machines.name]))
        path = f"karpenter.nodePools[{machines.name}]"
        yield _with_hours(plan, Nodes(machines.name, machines, count, count, disks[machines.name], path, ""))


def _as_many_of(machines: Machines, largest: Machines) -> Decimal:
    """The nodes of the largest fleet, counted in machines of the expected type: by their processors."""
    factor = Decimal(instance_type(largest.instance_type).vcpu) / instance_type(machines.instance_type).vcpu
    return (largest.nodes * factor).to_integral_value(rounding="ROUND_CEILING")


def _with_hours(plan: Plan, nodes: Nodes) -> Nodes:
    stated = plan.cost.node_hours.get(nodes.name, plan.cost.node_hours.get(nodes.machines.name))
    hours = nodes.count.times(HOURS_PER_MONTH)
    counted = f"{nodes.count.floor}-{nodes.count.ceiling} nodes, {nodes.count.expected} expected, × {HOURS_PER_MONTH} h"
    if stated is None:
        return Nodes(nodes.name, nodes.machines, nodes.count, hours, nodes.disk, nodes.path, counted)
    stated_hours = Range(min(hours.floor, stated), stated, max(hours.ceiling, stated))
    average = Range(*(value / HOURS_PER_MONTH for value in (stated_hours.floor, stated, stated_hours.ceiling)))
    how = f"{plain(stated)} machine-hours stated, {counted}"
    return Nodes(nodes.name, nodes.machines, average, stated_hours, nodes.disk, nodes.path, how)


def _nodes(plan: Plan, nodes: Nodes) -> list[Reading]:
    disk = Reading(
        component="nodes",
        name=f"{nodes.name}: root volumes",
        meter="ebsGp3GBMonth" if nodes.disk.type == "gp3" else "ebsGp2GBMonth",
        quantity=nodes.count.times(nodes.disk.gib),
        unit="GB-months",
        how=f"{nodes.disk.gib} GiB on each node",
        path=f"{nodes.path}.disk",
        machines=nodes.machines.name,
    )
    return [*_hours(plan, nodes), disk, *_credits(plan, nodes)]


# --- hours ------------------------------------------------------------------------------------------------------------


def _hours(plan: Plan, nodes: Nodes) -> list[Reading]:
    kind = nodes.machines.instance_type
    if nodes.machines.spot:
        savings, names = plan.cost.spot_savings, (nodes.name, nodes.machines.name)
        percent = next((savings[name] for name in names if name in savings), plan.cost.spot_saving_percent)
        return [_machine_hours(nodes, f"{kind} Spot", f"spot:{kind}:{plain(percent)}", nodes.hours, nodes.how)]
    rest, found = nodes.hours, []
    for commitment in plan.cost.commitments:
        if commitment.node_groups and not {nodes.name, nodes.machines.name} & {*commitment.node_groups}:
            continue
        covered = min(rest.expected, nodes.hours.expected * commitment.percent / 100)
        how = f"{commitment.percent} % of {plain(nodes.hours.expected)} expected hours, paid in any case"
        meter = f"commitment:{commitment.kind}:{commitment.term}:{kind}"
        text = f"{kind}, {commitment.kind} {commitment.term}"
        found.append(_machine_hours(nodes, text, meter, Range.fixed(covered), how))
        rest = Range(max(Decimal(0), rest.floor - covered), rest.expected - covered, rest.ceiling - covered)
    return [*found, _machine_hours(nodes, kind, f"ec2:{kind}", rest, nodes.how)]


def _machine_hours(nodes: Nodes, text: str, meter: str, hours: Range, how: str) -> Reading:
    path = f"{nodes.path}.maxSize" if nodes.path.startswith("nodeGroups") else nodes.path
    return Reading("nodes", f"{nodes.name}: {text}", meter, hours, "hours", how, path, machines=nodes.machines.name)


# --- CPU credits ------------------------------------------------------------------------------------------------------


def _credits(plan: Plan, nodes: Nodes) -> list[Reading]:
    """T3 runs in unlimited mode by default: CPU above the baseline, averaged over a day, is billed by the vCPU-hour."""
    kind = nodes.machines.instance_type
    baseline = burstable_baseline_percent(kind)
    if baseline is None:
        return []
    vcpus = instance_type(kind).vcpu
    above = (Decimal(100) - baseline) / 100
    used_vcpus = _expected_vcpus(plan, nodes)
    surplus = max(Decimal(0), used_vcpus - nodes.count.expected * vcpus * baseline / 100)
    ceiling = nodes.count.ceiling * vcpus * above
    return [
        Reading(
            component="nodes",
            name=f"{nodes.name}: CPU above the {baseline} % baseline",
            meter="t4gUnlimitedVcpuHour" if kind.startswith("t4g.") else "t3UnlimitedVcpuHour",
            quantity=Range.up_to(min(surplus, ceiling), ceiling).times(HOURS_PER_MONTH),
            unit="vCPU-hours",
            how=f"{used_vcpus.normalize():f} vCPU used by the expected requests; ceiling: every node busy all month",
            path=f"{nodes.path}.instanceTypes",
            machines=nodes.machines.name,
        )
    ]


def _expected_vcpus(plan: Plan, nodes: Nodes) -> Decimal:
    """CPU that the expected requests use there: the declared milliseconds a request × requests a second, shared by zones."""
    here = [each for each in plan.workloads if workload_path(each) in nodes.machines.used]
    per_request = max((w.model.cpu_millis_per_request or Decimal(0) for w in here if w.model), default=Decimal(0))
    busy = per_request / 1000 * plan.traffic.requests_per_second
    expected = sum(nodes.machines.counts.values())
    return busy * nodes.machines.counts[nodes.name] / expected if expected else busy
