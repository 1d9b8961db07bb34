"""How many pods a second the twin's scheduler binds while virtual time runs as fast as it can.

From the creation of the first pod (validated, defaulted, admitted) to the last binding seen by a watcher; pods and nodes as
in upstream's scheduler_perf.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.measure import Figure, alone
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Cluster
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.engine import Engine
from wavetank.twin.scheduler import Scheduler

NODES = (100, 1_000, 5_000)
RUNS = 5
#: of virtual time; unscheduled pods would be tried again for ever
PATIENCE_SECONDS = 60.0
PUBLISHED = Path(__file__).parent / "published.json"
ZONES = 3
HOSTNAME, ZONE = "kubernetes.io/hostname", "topology.kubernetes.io/zone"


@dataclass(frozen=True)
class Scenario:
    """``room_for``: the most pods of this kind that so many nodes can take, and that are worth waiting for."""

    name: str
    pod: Callable[[int], Obj]
    room_for: Callable[[int], int]
    published: str = ""


def figures() -> Iterator[Figure]:
    published = json.loads(PUBLISHED.read_text())
    for scenario in SCENARIOS:
        for nodes in NODES:
            known = published.get(scenario.published) if nodes == 1_000 else None
            name, limit = (known["name"], known["value"]) if known else ("", None)
            title = f"twin scheduling {scenario.name}, {nodes:,} nodes"
            yield alone(title, "pods/s", partial(pods_per_second, scenario, nodes), name, limit, runs=RUNS)


def pods_per_second(scenario: Scenario, nodes: int, most: int = 10_000) -> float:
    """One run with ``most`` pods, or as many as there is room for."""
    pods, cluster = min(most, scenario.room_for(nodes)), cluster_of(nodes)
    bound: set[str] = set()

    def watch(change: Change) -> None:
        if change.type == "MODIFIED" and change.object["spec"].get("nodeName"):
            bound.add(change.name)

    cluster.subscribe("pods", watch)
    gc.collect()
    began = time.perf_counter()
    for number in range(pods):
        cluster.create(scenario.pod(number))
    cluster.engine.run_until(cluster.engine.now + PATIENCE_SECONDS, lambda: len(bound) < pods)
    seconds = time.perf_counter() - began
    assert len(bound) == pods, f"only {len(bound)} of {pods} pods were bound"
    return pods / seconds


def cluster_of(nodes: int) -> Cluster:
    cluster = new_cluster(Engine())
    cluster.create(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default"}}
    )
    for number in range(nodes):
        cluster.create(_node(number))
        # Admission marks a new node as not ready; there is no controller here that would take the mark away.
        cluster.modify("nodes", "", f"node-{number}", _without_taints)
    Scheduler(cluster).start()
    return cluster


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


def _pod(number: int, labels: dict[str, str] | None = None, **constraints: object) -> Obj:
    room = {"cpu": "100m", "memory": "500Mi"}
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


def _by_cpu(nodes: int) -> int:
    return 40 * nodes


SCENARIOS = (
    Scenario("basic", basic_pod, _by_cpu, "schedulingBasic1000Nodes"),
    Scenario("spread", spread_pod, _by_cpu, "topologySpreading1000Nodes"),
    Scenario("anti-affinity", lonely_pod, lambda nodes: nodes, "schedulingPodAntiAffinity1000Nodes"),
    Scenario("daemonset", daemon_pod, lambda nodes: nodes),
)
