"""How long a day of a busy cluster takes to simulate: 100 machines, 1,000 pods, 20 autoscalers that follow the day's traffic.

Everything acts: machines and their kubelets with probes, the control loops, the scheduler, metrics-server, the autoscalers every
15 seconds. Demand is another one every five minutes: the wave of a day, and noise from a seed.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from benchmarks.measure import Figure, alone
from wavetank.kube.types import Obj
from wavetank.twin.bare import BareOptions, BareWorld
from wavetank.twin.nodes.runtime.modelled import Behaviour, default_behaviour
from wavetank.twin.nodes.runtime.port import Launch
from wavetank.twin.nodes.scripted import ScriptedNode

DAY_SECONDS = 86_400.0
#: Until all pods of the beginning run; not part of the day.
PRELUDE_SECONDS = 600.0
RUNS = 3
DEMAND_SECONDS = 300
GOAL_SECONDS = 20.0
REQUESTED_CPU_MILLI, TARGET_PERCENT = 200, 60
LEAST_PODS, MOST_PODS, PODS_AT_NOON, PODS_AT_NIGHT = 4, 60, 32, 8


@dataclass(frozen=True)
class Size:
    """``steady`` Deployments of 25 pods each beside the ``scaled`` ones, in ``namespaces`` namespaces."""

    nodes: int = 100
    scaled: int = 20
    steady: int = 24
    namespaces: int = 10


def figures() -> Iterator[Figure]:
    name = f"at most {GOAL_SECONDS:.0f} s"
    title = "a day of 100 nodes, 1,000 pods, 20 autoscalers (CPU)"
    yield alone(title, "s", lambda: day_seconds(Size())[0], name, GOAL_SECONDS, runs=RUNS)


def day_seconds(size: Size, seconds: float = DAY_SECONDS) -> tuple[float, BareWorld]:
    """One run: the CPU time that it took, and the world at its end."""
    world = populated(size)
    world.engine.run_for(PRELUDE_SECONDS)
    gc.collect()
    began = time.process_time()
    world.engine.run_for(seconds)
    return time.process_time() - began, world


def populated(size: Size) -> BareWorld:
    demand = Demand()
    options = BareOptions(
        nodes=[_node(number) for number in range(size.nodes)],
        epoch=datetime(2026, 1, 1, tzinfo=UTC),
        speed=math.inf,
        components=("metrics-server",),
        behaviour_of=demand.behaviour_of,
    )
    world = BareWorld(options)
    demand.world = world
    for number in range(size.namespaces):
        world.cluster.create(_object("v1", "Namespace", f"team-{number}"))
    world.engine.run_for(5)
    for number in range(size.steady):
        world.cluster.create(_deployment(f"steady-{number}", f"team-{number % size.namespaces}", 25))
    for number in range(size.scaled):
        name, namespace = f"scaled-{number}", f"team-{number % size.namespaces}"
        world.cluster.create(_deployment(name, namespace, LEAST_PODS))
        world.cluster.create(_service(name, namespace))
        world.cluster.create(_autoscaler(name, namespace))
    return world


class Demand:
    """What all pods of a Deployment together have to do: each does its share."""

    world: BareWorld

    def __init__(self) -> None:
        self._shares: dict[str, Share] = {}

    def behaviour_of(self, launch: Launch) -> Behaviour:
        name = launch.container["name"]
        if not name.startswith("scaled-"):
            return default_behaviour(launch)
        share = self._shares.get(name)
        if share is None:
            share = self._shares[name] = Share(self.world, launch.pod["metadata"]["namespace"], name)
        return Behaviour(cpu_milli=share)


class Share:
    """Of one pod of a Deployment, in milli-cores. Each Deployment has its own noon."""

    def __init__(self, world: BareWorld, namespace: str, name: str) -> None:
        self._world, self._namespace, self._name = world, namespace, name
        self._noise = Random(name)
        self._noise_of_step = (-1, 0.0)
        self._known = (-1.0, 0.0)

    def __call__(self, seconds: float) -> float:
        if self._known[0] != seconds:
            deployment = self._world.cluster.get("deployments.apps", self._namespace, self._name)
            ready = int(deployment["status"].get("readyReplicas", 0))
            self._known = seconds, self._demand(int(seconds // DEMAND_SECONDS)) / max(1, ready)
        return self._known[1]

    def _demand(self, step: int) -> float:
        if self._noise_of_step[0] != step:
            self._noise_of_step = step, self._noise.uniform(-0.05, 0.05)
        hour = step * DEMAND_SECONDS / 3600 + int(self._name.rpartition("-")[2])
        wave = (1 - math.cos(hour / 24 * 2 * math.pi)) / 2
        pods = PODS_AT_NIGHT + (PODS_AT_NOON - PODS_AT_NIGHT) * wave
        return pods * (1 + self._noise_of_step[1]) * REQUESTED_CPU_MILLI * TARGET_PERCENT / 100


def _node(number: int) -> ScriptedNode:
    capacity = {"cpu": "16", "memory": "64Gi", "pods": "110", "ephemeral-storage": "100Gi"}
    labels = {"topology.kubernetes.io/zone": f"zone-{'abc'[number % 3]}", "topology.kubernetes.io/region": "region-1"}
    return ScriptedNode(f"node-{number}", f"10.0.{number // 250}.{number % 250 + 1}", capacity, labels)


def _object(api_version: str, kind: str, name: str, namespace: str = "", **parts: object) -> Obj:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **parts}


def _deployment(name: str, namespace: str, replicas: int) -> Obj:
    labels, probe = {"app": name}, {"httpGet": {"path": "/healthz", "port": 8080}}
    container = {
        "name": name,
        "image": "registry.example/app:1.0",
        "ports": [{"containerPort": 8080}],
        "resources": {"requests": {"cpu": f"{REQUESTED_CPU_MILLI}m", "memory": "128Mi"}},
        "readinessProbe": probe,
        "livenessProbe": probe,
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return _object("apps/v1", "Deployment", name, namespace, spec=spec)


def _service(name: str, namespace: str) -> Obj:
    spec = {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]}
    return _object("v1", "Service", name, namespace, spec=spec)


def _autoscaler(name: str, namespace: str) -> Obj:
    target = {"type": "Utilization", "averageUtilization": TARGET_PERCENT}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": LEAST_PODS,
        "maxReplicas": MOST_PODS,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    return _object("autoscaling/v2", "HorizontalPodAutoscaler", name, namespace, spec=spec)
