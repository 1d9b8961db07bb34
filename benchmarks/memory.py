"""How much memory a large cluster takes: 1,000 machines and 30,000 pods of Deployments, all Running and Ready.

Measured in a process of its own, as the system counts it (resident set), with everything that acts on the cluster in place.
"""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Figure, alone
from wavetank.base.garbage import favour_long_lives
from wavetank.kube.conditions import is_pod_ready
from wavetank.kube.types import Obj
from wavetank.twin.bare import BareOptions, BareWorld
from wavetank.twin.nodes.scripted import ScriptedNode

GOAL_MIB = 2048.0
#: Until all pods are Ready; more pods take longer.
LONGEST_SECONDS, STEP_SECONDS = 3600.0, 10.0
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Size:
    nodes: int = 1_000
    deployments: int = 300
    replicas: int = 100
    namespaces: int = 30

    @property
    def pods(self) -> int:
        return self.deployments * self.replicas


def figures() -> Iterator[Figure]:
    title = "memory of 1,000 nodes and 30,000 pods"
    yield alone(title, "MiB", lambda: mib_in_a_process(Size()), f"at most {GOAL_MIB:,.0f} MiB", GOAL_MIB, runs=1)


def mib_in_a_process(size: Size) -> float:
    """The largest resident set of a process that holds a cluster, less nothing: the interpreter counts as well."""
    sizes = (size.nodes, size.deployments, size.replicas, size.namespaces)
    command = [sys.executable, "-m", "benchmarks.memory", *map(str, sizes)]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(answer.stdout)


def filled(size: Size) -> BareWorld:
    """A world in which all pods are Ready."""
    options = BareOptions(
        nodes=[_node(number) for number in range(size.nodes)], epoch=datetime(2026, 1, 1, tzinfo=UTC), speed=math.inf
    )
    world = BareWorld(options)
    for number in range(size.namespaces):
        world.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"team-{number}"}})
    world.engine.run_for(STEP_SECONDS)
    for number in range(size.deployments):
        world.cluster.create(_deployment(f"app-{number}", f"team-{number % size.namespaces}", size.replicas))
    while ready_pods(world) < size.pods:
        assert world.engine.now < LONGEST_SECONDS, f"only {ready_pods(world)} of {size.pods} pods became ready"
        world.engine.run_for(STEP_SECONDS)
    return world


def ready_pods(world: BareWorld) -> int:
    return sum(map(is_pod_ready, world.cluster.list("pods")))


def _node(number: int) -> ScriptedNode:
    capacity = {"cpu": "16", "memory": "64Gi", "pods": "110", "ephemeral-storage": "100Gi"}
    labels = {"topology.kubernetes.io/zone": f"zone-{'abc'[number % 3]}", "topology.kubernetes.io/region": "region-1"}
    return ScriptedNode(f"node-{number}", f"10.0.{number // 250}.{number % 250 + 1}", capacity, labels)


def _deployment(name: str, namespace: str, replicas: int) -> Obj:
    labels, probe = {"app": name}, {"httpGet": {"path": "/healthz", "port": 8080}}
    container = {
        "name": "app",
        "image": "registry.example/app:1.0",
        "ports": [{"containerPort": 8080}],
        "env": [{"name": "NAME", "value": name}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "readinessProbe": probe,
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def resident_mib() -> float:
    """The largest that this process has been."""
    import resource  # Not on every system, and needed here only.

    kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kib / 1024 / (1024 if sys.platform == "darwin" else 1)


if __name__ == "__main__":
    favour_long_lives()
    world = filled(Size(*map(int, sys.argv[1:])))
    print(resident_mib())
