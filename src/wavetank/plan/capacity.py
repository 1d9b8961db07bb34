"""What a plan's pods ask for and what its node groups have: ``packing`` with the plan's own words.

Read by ``cost`` (how many nodes are paid). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal

from wavetank.catalog import addon, chart, instance_type
from wavetank.catalog.addons import Requests
from wavetank.kube.taints import REPELLING, untolerated
from wavetank.plan.model import NodeGroup, Plan, Workload
from wavetank.plan.packing import Demand, Room, demand_of, empty_room, nodes_for


def pod_demand(workload: Workload) -> Demand:
    """Requests of one pod: the sum of its containers, or the largest init container where that is more."""
    containers = [demand_of(container.resources.get("requests", {})) for container in workload.containers]
    total = sum(containers, Demand(0, 0))
    inits = [demand_of(container.resources.get("requests", {})) for container in workload.init_containers]
    return Demand(
        max([total.cpu_milli, *(d.cpu_milli for d in inits)]),
        max([total.memory_bytes, *(d.memory_bytes for d in inits)]),
        total.devices,
    )


def node_room(plan: Plan, group: NodeGroup) -> Room:
    """An empty node of the group (its smallest instance type), less what daemonsets take on every node."""
    types = [instance_type(name) for name in group.instance_types]
    return empty_room(types, group.max_pods, daemon_demands(plan, group))


def daemon_demands(plan: Plan, group: NodeGroup) -> list[Demand]:
    """The demand of each pod that the components' daemonsets put on a node of the group."""
    daemons = [daemon for requests in _component_requests(plan) for daemon in requests.daemons]
    return [demand_of(daemon.requests) for daemon in daemons if has_gpus(group) or not daemon.only_on_gpus]


def has_gpus(group: NodeGroup) -> bool:
    """Whether the group's machines have NVIDIA GPUs."""
    accelerators = [instance_type(name).accelerator for name in group.instance_types]
    return any(each is not None and each.resource == "nvidia.com/gpu" for each in accelerators)


def system_demands(plan: Plan) -> list[Demand]:
    """The demand of each pod of the add-ons' and releases' Deployments."""
    sets = [pods for requests in _component_requests(plan) for pods in requests.pods]
    return [demand_of(pods.requests) for pods in sets for _ in range(pods.replicas)]


def _component_requests(plan: Plan) -> Iterable[Requests]:
    add_ons = [addon(add_on.name) for add_on in plan.add_ons]
    charts = [chart(release.chart) for release in plan.helm_releases]
    return [facts.requests for facts in (*add_ons, *charts) if facts is not None]


def may_run_on(workload: Workload, group: NodeGroup) -> bool:
    """Whether the workload's node selector and tolerations admit it to nodes of the group."""
    labels = {**group.labels, "eks.amazonaws.com/nodegroup": group.name}
    selected = all(labels.get(key) == value for key, value in workload.node_selector.items())
    return selected and untolerated(group.taints, workload.tolerations, REPELLING) is None


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
