"""Machines: hours of each node group, their root volumes, and the CPU credits of burstable types in unlimited mode."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from wavetank.catalog import burstable_baseline_percent, instance_type
from wavetank.cost.readings import HOURS_PER_MONTH, Range, Reading
from wavetank.plan.capacity import expected_nodes
from wavetank.plan.model import NodeGroup, Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    return [reading for group in plan.node_groups for reading in _group(plan, group)]


def _group(plan: Plan, group: NodeGroup) -> list[Reading]:
    path = f"nodeGroups[{group.name}]"
    nodes = node_range(plan, group)
    kind = group.instance_types[0]
    spot = group.capacity_type == "SPOT"
    how = f"{nodes.floor}-{nodes.ceiling} nodes, {nodes.expected} expected, × {HOURS_PER_MONTH} h"
    hours = Reading(
        component="nodes",
        name=f"{group.name}: {kind}"
        + (" (at the on-demand price: spot prices are not in the catalogue)" if spot else ""),
        meter=f"ec2:{kind}",
        quantity=nodes.times(HOURS_PER_MONTH),
        unit="hours",
        how=how,
        path=f"{path}.maxSize",
    )
    disk = Reading(
        component="nodes",
        name=f"{group.name}: root volumes",
        meter="ebsGp3GBMonth" if group.disk.type == "gp3" else "ebsGp2GBMonth",
        quantity=nodes.times(group.disk.gib),
        unit="GB-months",
        how=f"{group.disk.gib} GiB on each node",
        path=f"{path}.disk",
    )
    return [hours, disk, *_credits(plan, group, nodes)]


def node_range(plan: Plan, group: NodeGroup) -> Range:
    """Nodes of a group: its minimum; what is desired or, if more, what the expected pods need; its maximum."""
    expected = min(max(expected_nodes(plan, group), group.desired_size), group.max_size)
    return Range(Decimal(group.min_size), Decimal(expected), Decimal(group.max_size))


def _credits(plan: Plan, group: NodeGroup, nodes: Range) -> list[Reading]:
    """T3 runs in unlimited mode by default: CPU above the baseline, averaged over a day, is billed by the vCPU-hour."""
    kind = group.instance_types[0]
    baseline = burstable_baseline_percent(kind)
    if baseline is None:
        return []
    vcpus = instance_type(kind).vcpu
    above = (Decimal(100) - baseline) / 100
    used_vcpus = _expected_vcpus(plan)
    surplus = max(Decimal(0), used_vcpus - nodes.expected * vcpus * baseline / 100)
    ceiling = nodes.ceiling * vcpus * above
    return [
        Reading(
            component="nodes",
            name=f"{group.name}: CPU above the {baseline} % baseline",
            meter="t3UnlimitedVcpuHour",
            quantity=Range.up_to(min(surplus, ceiling), ceiling).times(HOURS_PER_MONTH),
            unit="vCPU-hours",
            how=f"{used_vcpus.normalize():f} vCPU used by the expected requests; ceiling: every node busy all month",
            path=f"nodeGroups[{group.name}].instanceTypes",
        )
    ]


def _expected_vcpus(plan: Plan) -> Decimal:
    """CPU that the expected requests use: declared milliseconds a request × requests a second, shared by the groups."""
    per_request = max(
        (w.model.cpu_millis_per_request or Decimal(0) for w in plan.workloads if w.model), default=Decimal(0)
    )
    return per_request / 1000 * plan.traffic.requests_per_second / len(plan.node_groups)
