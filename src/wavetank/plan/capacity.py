"""What a plan's pods ask for, how many there are, and which machines admit them: ``packing`` with the plan's own words.

Read by ``fleet``, ``cost`` and reports. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal

from wavetank.catalog import addon, chart, instance_type, sidecar_requests
from wavetank.catalog.addons import Requests
from wavetank.kube.taints import REPELLING, untolerated
from wavetank.kube.types import Obj
from wavetank.plan.model import NodeGroup, NodePool, Plan, Workload
from wavetank.plan.packing import Demand, Room, demand_of, empty_room

GPU = "nvidia.com/gpu"
#: kinds whose pods come and go; they need machines only while they run
PASSING = ("Job", "CronJob")
#: add-ons of EKS and Karpenter tolerate what keeps other pods off nodes for the system
_CRITICAL: Obj = {"key": "CriticalAddonsOnly", "operator": "Exists"}


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


def demand_in(plan: Plan, workload: Workload) -> Demand:
    """The same with the mesh's proxy, where one is injected."""
    own = pod_demand(workload)
    return own + demand_of(sidecar_requests("istio-proxy")) if has_proxy(plan, workload) else own


def has_proxy(plan: Plan, workload: Workload) -> bool:
    """Whether the mesh puts a proxy into the workload's pods."""
    refused = workload.pod_annotations.get("sidecar.istio.io/inject") == "false" or workload.pod.host_network
    return plan.mesh is not None and workload.namespace in plan.mesh.namespaces and not refused


# --- components -------------------------------------------------------------------------------------------------------


def component_requests(plan: Plan) -> list[tuple[Requests, tuple[Obj, ...]]]:
    """What each add-on and each release of a known chart asks for, with the taints that its pods tolerate."""
    add_ons = [(addon(each.name), (_CRITICAL,)) for each in plan.add_ons]
    charts = [(chart(each.chart), (_CRITICAL,) if each.chart == "karpenter" else ()) for each in plan.helm_releases]
    return [(facts.requests, tolerations) for facts, tolerations in (*add_ons, *charts) if facts is not None]


def daemon_demands(plan: Plan, labels: Mapping[str, str], taints: Sequence[Obj], gpus: bool) -> list[Demand]:
    """The demand of each pod that daemonsets, the components' and the platform's own, put on such a node."""
    daemons = [daemon for requests, _ in component_requests(plan) for daemon in requests.daemons]
    of_components = [demand_of(daemon.requests) for daemon in daemons if gpus or not daemon.only_on_gpus]
    own = [each for each in plan.workloads if each.kind == "DaemonSet" and admits(each, labels, taints)]
    return of_components + [demand_in(plan, each) for each in own]


# --- machines ---------------------------------------------------------------------------------------------------------


def group_labels(group: NodeGroup) -> dict[str, str]:
    """The labels of the group's nodes that pods may select by."""
    machine = instance_type(group.instance_types[0])
    known = {
        "eks.amazonaws.com/nodegroup": group.name,
        "eks.amazonaws.com/capacityType": group.capacity_type,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "arm64" if machine.arch == "arm64" else "amd64",
    }
    if len(group.instance_types) == 1:
        known["node.kubernetes.io/instance-type"] = machine.name
    return known | dict(group.labels)


def pool_labels(pool: NodePool) -> dict[str, str]:
    """The labels of the node pool's nodes that are the same on all of them."""
    architectures = {instance_type(name).arch for name in pool.instance_types}
    known = {"karpenter.sh/nodepool": pool.name, "kubernetes.io/os": "linux"}
    if len(architectures) == 1:
        known["kubernetes.io/arch"] = "arm64" if architectures == {"arm64"} else "amd64"
    if len(pool.capacity_types) == 1:
        known["karpenter.sh/capacity-type"] = pool.capacity_types[0]
    return known | dict(pool.labels)


def node_room(plan: Plan, group: NodeGroup) -> Room:
    """An empty node of the group (its smallest instance type), less what daemonsets take on every node."""
    types = [instance_type(name) for name in group.instance_types]
    daemons = daemon_demands(plan, group_labels(group), group.taints, has_gpus(group.instance_types))
    return empty_room(types, group.max_pods, daemons)


def has_gpus(types: Iterable[str]) -> bool:
    """Whether any of the instance types has NVIDIA GPUs."""
    accelerators = [instance_type(name).accelerator for name in types]
    return any(each is not None and each.resource == GPU for each in accelerators)


def admits(workload: Workload, labels: Mapping[str, str], taints: Sequence[Obj]) -> bool:
    """Whether the workload's node selector, required node affinity and tolerations admit it to such nodes."""
    selected = all(labels.get(key) == value for key, value in workload.node_selector.items())
    return selected and _attracted(workload, labels) and untolerated(taints, workload.tolerations, REPELLING) is None


def _attracted(workload: Workload, labels: Mapping[str, str]) -> bool:
    node = (workload.affinity or {}).get("nodeAffinity") or {}
    terms = (node.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms")
    if not terms:
        return True
    return any(all(_holds(each, labels) for each in term.get("matchExpressions") or ()) for term in terms)


def _holds(expression: Obj, labels: Mapping[str, str]) -> bool:
    """A label that nobody can know before the node is there (its zone, its name) is taken as fitting."""
    key, operator, values = expression["key"], expression["operator"], expression.get("values") or ()
    if key not in labels and key.startswith(("topology.", "kubernetes.io/hostname", "node.kubernetes.io/")):
        return True
    match operator:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return True


# --- numbers of pods --------------------------------------------------------------------------------------------------


def expected_replicas(plan: Plan, workload: Workload) -> int:
    """Pods that the expected requests need: CPU declared per request over what an HPA leaves each pod; else the minimum."""
    if workload.kind in PASSING:
        return 0
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
