"""How many pods a second the twin's scheduler binds while virtual time runs as fast as it can.

From the creation of the first pod (validated, defaulted, admitted) to the last binding seen by a watcher; pods and nodes as
in upstream's scheduler_perf, ``SchedulingBasic``.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.measure import Figure, alone
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Cluster
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.engine import Engine
from wavetank.twin.scheduler import Scheduler

PODS = 1_000
NODES = (100, 1_000)
#: of virtual time; unscheduled pods would be tried again for ever
PATIENCE_SECONDS = 60.0
PUBLISHED = Path(__file__).parent / "published.json"


def figures() -> Iterator[Figure]:
    published = json.loads(PUBLISHED.read_text())["schedulingBasic1000Nodes"]
    for nodes in NODES:
        name, limit = (published["name"], published["value"]) if nodes == 1_000 else ("", None)
        yield alone(f"twin scheduling, {nodes:,} nodes", "pods/s", partial(pods_per_second, nodes), name, limit)


def pods_per_second(nodes: int) -> float:
    cluster = cluster_of(nodes)
    bound: set[str] = set()

    def watch(change: Change) -> None:
        if change.object["spec"].get("nodeName"):
            bound.add(change.name)

    cluster.subscribe("pods", watch)
    gc.collect()
    began = time.perf_counter()
    for number in range(PODS):
        cluster.create(pod(number))
    cluster.engine.run_until(cluster.engine.now + PATIENCE_SECONDS, lambda: len(bound) < PODS)
    seconds = time.perf_counter() - began
    assert len(bound) == PODS, f"only {len(bound)} of {PODS} pods were bound"
    return PODS / seconds


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
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "status": {"capacity": room, "allocatable": room, "conditions": [ready]},
    }


def pod(number: int) -> Obj:
    room = {"cpu": "100m", "memory": "500Mi"}
    container = {
        "name": "pause",
        "image": "registry.k8s.io/pause:3.10",
        "resources": {"requests": room, "limits": room},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"pod-{number}", "namespace": "default"},
        "spec": {"containers": [container]},
    }
