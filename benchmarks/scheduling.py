"""How many pods a second the twin's scheduler binds while virtual time runs as fast as it can.

From the creation of the first pod (validated, defaulted, admitted) to the last binding seen by a watcher; pods and nodes as
in upstream's scheduler_perf. Rates are told twice: by the processor time that a run took, which a busy machine spoils least, and
by the clock on the wall, as those of real control planes are measured.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.measure import Figure
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Cluster
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.engine import Engine
from wavetank.twin.scheduler import Scheduler

NODES = (100, 1_000, 5_000)
RUNS = 5
MOST_PODS = 10_000
#: Pods that each have to find their victims among all nodes; scheduler_perf, too, measures some hundreds.
MOST_PREEMPTING_PODS = 500
#: of virtual time; unscheduled pods would be tried again for ever
PATIENCE_SECONDS = 120.0
CHURN_SECONDS = 0.25
PUBLISHED = Path(__file__).parent / "published.json"
ZONES = 3
HOSTNAME, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"
#: Pods per second of processor time that we want to reach at least, by scenario and nodes.
GOALS = {
    ("basic", 1_000): 2_500,
    ("basic", 5_000): 1_200,
    ("spread", 1_000): 800,
    ("anti-affinity", 1_000): 800,
}

#: What is there, or goes on, beside the pods that are measured.
Setting = Callable[[Cluster, int], None]


def _empty(cluster: Cluster, nodes: int) -> None:
    return


@dataclass(frozen=True)
class Scenario:
    """``room_for``: the most pods of this kind that so many nodes can take, and that are worth waiting for."""

    name: str
    pod: Callable[[int], Obj]
    room_for: Callable[[int], int]
    published: str = ""
    setting: Setting = _empty


@dataclass(frozen=True)
class Rates:
    """Pods per second of one run."""

    cpu: float
    wall: float


def figures() -> Iterator[Figure]:
    published = json.loads(PUBLISHED.read_text())
    for scenario in SCENARIOS:
        for nodes in NODES:
            known = published.get(scenario.published) if nodes == 1_000 else None
            yield from measured(scenario, nodes, known)


def measured(
    scenario: Scenario, nodes: int, known: Obj | None, most: int = MOST_PODS, runs: int = RUNS
) -> list[Figure]:
    """Both rates of a scenario, beside the goal and beside what somebody else has measured."""
    rates = [rates_of(scenario, nodes, most) for _ in range(runs)]
    cpu, wall = tuple(rate.cpu for rate in rates), tuple(rate.wall for rate in rates)
    title, goal = f"twin scheduling {scenario.name}, {nodes:,} nodes", GOALS.get((scenario.name, nodes))
    by_cpu = Figure(f"{title} (CPU)", median(cpu), "pods/s", cpu, "our goal" if goal else "", goal)
    name, limit = (known["name"], known["value"]) if known else ("", None)
    return [by_cpu, Figure(f"{title} (wall)", median(wall), "pods/s", wall, name, limit)]


def rates_of(scenario: Scenario, nodes: int, most: int = MOST_PODS) -> Rates:
    """One run with ``most`` pods, or as many as there is room for."""
    pods, cluster = min(most, scenario.room_for(nodes)), cluster_of(nodes)
    scenario.setting(cluster, nodes)
    bound: set[str] = set()

    def watch(change: Change) -> None:
        if change.type == "MODIFIED" and change.object["spec"].get("nodeName") and change.name.startswith("pod-"):
            bound.add(change.name)

    cluster.subscribe("pods", watch)
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    for number in range(pods):
        cluster.create(scenario.pod(number))
    cluster.engine.run_until(cluster.engine.now + PATIENCE_SECONDS, lambda: len(bound) < pods)
    seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
    assert len(bound) == pods, f"only {len(bound)} of {pods} pods were bound"
    return Rates(pods / cpu_seconds, pods / seconds)


def cluster_of(nodes: int) -> Cluster:
    cluster = new_cluster(Engine())
    cluster.create(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default"}}
    )
    for number in range(nodes):
        _add_node(cluster, number)
    Scheduler(cluster).start()
    return cluster


def _add_node(cluster: Cluster, number: int) -> None:
    cluster.create(_node(number))
    # Admission marks a new node as not ready; there is no controller here that would take the mark away.
    cluster.modify("nodes", "", f"node-{number}", _without_taints)


def _without_taints(node: Obj) -> Obj:
    return {**node, "spec": {key: value for key, value in node["spec"].items() if key != "taints"}}


def _node(number: int) -> Obj:
    name = f"node-{number}"
    room = {"cpu": "4", "memory": "32Gi", "pods": "110"}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {HOSTNAME: name, ZONE: f"zone-{number % ZONES}"}},
        "status": {"capacity": room, "allocatable": room, "conditions": [ready]},
    }


def _pod(number: int, labels: dict[str, str] | None = None, cpu: str = "100m", **constraints: object) -> Obj:
    room = {"cpu": cpu, "memory": "500Mi"}
    container = {
        "name": "pause",
        "image": "registry.k8s.io/pause:3.10",
        "resources": {"requests": room, "limits": room},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"pod-{number}", "namespace": "default", **({"labels": labels} if labels else {})},
        "spec": {"containers": [container], **constraints},
    }


def basic_pod(number: int) -> Obj:
    """Without any constraint (``SchedulingBasic``)."""
    return _pod(number)


def spread_pod(number: int) -> Obj:
    """Over three zones, strictly (``TopologySpreading``)."""
    labels = {"color": "blue"}
    constraint = {
        "maxSkew": 5,
        "topologyKey": ZONE,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": labels},
    }
    return _pod(number, labels, topologySpreadConstraints=[constraint])


def lonely_pod(number: int) -> Obj:
    """One to a node (``SchedulingPodAntiAffinity``)."""
    labels = {"color": "green"}
    term = {"topologyKey": HOSTNAME, "labelSelector": {"matchLabels": labels}}
    return _pod(
        number, labels, affinity={"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    )


def daemon_pod(number: int) -> Obj:
    """For the one node that its DaemonSet means it for (``SchedulingDaemonset``)."""
    field = {"key": "metadata.name", "operator": "In", "values": [f"node-{number}"]}
    terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    return _pod(number, affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}})


def important_pod(number: int) -> Obj:
    """Too large for a node unless three of its four less important pods go (``PreemptionBasic``)."""
    return _pod(number, cpu="3", priorityClassName="important")


def full_of_unimportant_pods(cluster: Cluster, nodes: int) -> None:
    """Four pods on every node, which end as soon as they are told to."""
    metadata = {"name": "important"}
    cluster.create(
        {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": metadata, "value": 1_000_000}
    )

    def end(namespace: str, name: str) -> None:
        if cluster.find("pods", namespace, name) is not None:
            cluster.delete("pods", namespace, name, grace_seconds=0)

    def end_at_once(change: Change) -> None:
        if change.type == "MODIFIED" and change.object["metadata"].get("deletionTimestamp"):
            cluster.engine.call_soon(partial(end, change.namespace, change.name))

    for number in range(4 * nodes):
        pod = _pod(number, cpu="900m")
        cluster.create({**pod, "metadata": {**pod["metadata"], "name": f"victim-{number}"}})
    cluster.engine.run_for(0.01 * 4 * nodes)
    cluster.subscribe("pods", end_at_once)


def churning(cluster: Cluster, nodes: int) -> None:
    """A node, a Service and a pod that fits nowhere come and go all the time (``SchedulingWithMixedChurn``)."""
    hopeless = _pod(0, cpu="1000")
    hopeless = {**hopeless, "metadata": {**hopeless["metadata"], "name": "hopeless"}}
    metadata = {"name": "passing", "namespace": "default"}
    ports = [{"port": 80}]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"selector": {"a": "b"}, "ports": ports},
    }

    def come() -> None:
        _add_node(cluster, nodes)
        cluster.create(service)
        cluster.create(hopeless)
        cluster.engine.call_later(CHURN_SECONDS, go)

    def go() -> None:
        cluster.delete("nodes", "", f"node-{nodes}")
        cluster.delete("services", "default", "passing")
        cluster.delete("pods", "default", "hopeless", grace_seconds=0)
        cluster.engine.call_later(CHURN_SECONDS, come)

    cluster.engine.call_later(CHURN_SECONDS, come)


def _by_cpu(nodes: int) -> int:
    return 40 * nodes


def _evenly_by_cpu(nodes: int) -> int:
    """What the smallest zone has room for, in every zone."""
    return _by_cpu(nodes // ZONES * ZONES)


def _one_each(nodes: int) -> int:
    return nodes


SCENARIOS = (
    Scenario("basic", basic_pod, _by_cpu, "schedulingBasic1000Nodes"),
    Scenario("spread", spread_pod, _evenly_by_cpu, "topologySpreading1000Nodes"),
    Scenario("anti-affinity", lonely_pod, _one_each, "schedulingPodAntiAffinity1000Nodes"),
    Scenario(
        "preemption", important_pod, lambda nodes: min(nodes, MOST_PREEMPTING_PODS), setting=full_of_unimportant_pods
    ),
    Scenario("churn", basic_pod, lambda nodes: 30 * nodes, setting=churning),
    Scenario("daemonset", daemon_pod, _one_each),
)
