"""CloudWatch Container Insights with enhanced observability: billed by observations of cluster, nodes, pods and containers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from wavetank.catalog import InsightsMetrics, container_insights
from wavetank.cost.meters.nodes import all_nodes
from wavetank.cost.readings import HOURS_PER_MONTH, MILLION, Range, Reading
from wavetank.plan.capacity import PASSING, expected_replicas
from wavetank.plan.model import Plan

ADD_ON = "amazon-cloudwatch-observability"


def readings(plan: Plan, on: date) -> list[Reading]:
    if not any(add_on.name == ADD_ON for add_on in plan.add_ons):
        return []
    facts, nodes = container_insights(), _nodes(plan)
    pods, containers = _pods(plan)
    metrics = _metrics(facts, nodes, pods, containers)
    factor = facts.observations_per_hour * HOURS_PER_MONTH / MILLION
    how = (
        f"{metrics.expected:.0f} metrics of 1 cluster, {nodes.expected} nodes, {pods.expected} pods and {containers.expected} "
        f"containers, {facts.observations_per_hour} times an hour; pods of components not counted"
    )
    name, meter = "Container Insights", "cloudwatchObservationsPerMillion"
    return [Reading("logs", name, meter, metrics.times(factor), "million observations", how, f"addOns[{ADD_ON}]")]


def _nodes(plan: Plan) -> Range:
    counts = [nodes.count for nodes in all_nodes(plan)]
    return sum(counts, Range.fixed(0))


def _pods(plan: Plan) -> tuple[Range, Range]:
    pods, containers = Range.fixed(0), Range.fixed(0)
    for workload in plan.workloads:
        if workload.kind in PASSING:
            continue
        least, most = workload.min_replicas, workload.max_replicas
        count = Range(Decimal(least), Decimal(max(least, expected_replicas(plan, workload))), Decimal(max(least, most)))
        pods, containers = pods + count, containers + count.times(len(workload.containers))
    return pods, containers


def _metrics(facts: InsightsMetrics, nodes: Range, pods: Range, containers: Range) -> Range:
    return (
        Range.fixed(facts.per_cluster)
        + nodes.times(facts.per_node)
        + pods.times(facts.per_pod)
        + containers.times(facts.per_container)
    )
