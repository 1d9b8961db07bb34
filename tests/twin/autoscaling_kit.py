"""A cluster in virtual time whose node groups Cluster Autoscaler may change, with builders and short questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import yaml
from nodes_kit import GIB, container, template

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.components.registry import install
from wavetank.twin.components.stand_ins import StandIns
from wavetank.twin.controllers import start_controllers
from wavetank.twin.engine import Engine
from wavetank.twin.nodes import Fleet, FleetOptions, MachineTemplate, Resources
from wavetank.twin.nodes.groups import FleetGroups, NodeGroup
from wavetank.twin.nodes.kubelet import Registry
from wavetank.twin.nodes.loadbalancer import ModelledLoadBalancers
from wavetank.twin.nodes.machine import Taint
from wavetank.twin.nodes.metrics import FleetMetrics
from wavetank.twin.nodes.runtime import Behaviour, ModelledRuntime
from wavetank.twin.scheduler import Scheduler

NAME = "shop"
FOUND = {"k8s.io/cluster-autoscaler/enabled": "true", f"k8s.io/cluster-autoscaler/{NAME}": "owned"}
#: A node of the usual group offers this much.
CPU_MILLI, MEMORY_BYTES = 1930, 3 * GIB


def node_group(name: str = "general", size: int = 1, least: int = 0, most: int = 5, **more: Any) -> NodeGroup:
    """t3.medium machines in one zone unless ``zones`` says otherwise; ``machine`` changes their template."""
    zones = more.pop("zones", ("ap-southeast-2a",))
    tags = more.pop("tags", FOUND)
    machine: Mapping[str, Any] = more.pop("machine", {})
    templates = tuple(
        template(node_group=name, zone=zone, subnet_cidr=f"10.{len(name) + 100 * index}.0.0/16", **machine)
        for index, zone in enumerate(zones)
    )
    return NodeGroup(f"asg-{name}", name, least, most, size, templates, tags, **more)


def deployment(name: str = "web", replicas: int = 1, cpu: str = "1500m", **more: Any) -> Obj:
    """Pods that ask for cpu (most of a node unless said otherwise); ``more`` is of the pod's specification."""
    labels = {"app": name}
    requests = {"cpu": cpu, "memory": more.pop("memory", "64Mi")}
    annotations = more.pop("annotations", {})
    spec = {
        "containers": [container("app", resources={"requests": requests})],
        "terminationGracePeriodSeconds": 1,
    } | more
    pods = {"metadata": {"labels": labels, "annotations": annotations}, "spec": spec}
    metadata = {"name": name, "namespace": "default"}
    whole = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": pods}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": whole}


def budget(name: str, **spec: Any) -> Obj:
    whole = {"selector": {"matchLabels": {"app": name}}, **spec}
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": whole}


class AutoscaledWorld:
    """The autoscaler runs on a machine of a group of its own, which no pod of a test tolerates and nothing may change."""

    def __init__(self, *groups: NodeGroup, values: Mapping[str, Any] | None = None, seed: int = 3) -> None:
        self.engine = Engine(seed=seed)
        self.cluster: Cluster = new_cluster(self.engine)
        options = FleetOptions(registry=Registry(size_bytes=0, check_seconds=0.0))
        #: What containers do, by name; those without an entry just run.
        self.behaviours: dict[str, Behaviour] = {}
        runtime = ModelledRuntime(
            self.engine, lambda launch: self.behaviours.get(launch.container["name"], Behaviour())
        )
        self.fleet = Fleet(self.cluster, runtime, options)
        self.groups = FleetGroups(self.fleet)
        self.metrics = FleetMetrics(self.cluster, self.fleet)
        StandIns(self.cluster, ModelledLoadBalancers(), groups=self.groups)
        start_controllers(self.cluster, metrics=self.metrics, heartbeats=self.fleet.last_heartbeat_seconds)
        Scheduler(self.cluster).start()
        taint = replace(node_group("system", tags={}), templates=(_system_machine(),))
        self.groups.put(taint)
        for group in groups:
            self.groups.put(group)
        self.engine.run_until(1000.0)
        if values is not None:
            self.install(values)

    def install(self, values: Mapping[str, Any]) -> None:
        """The chart; it runs two minutes later, and time begins to be counted."""
        usual = {"autoDiscovery": {"clusterName": NAME}, "tolerations": [{"operator": "Exists"}]}
        usual["nodeSelector"] = {"role": "system"}
        install(self.cluster, "cluster-autoscaler", "9.59.0", usual | dict(values))
        self.engine.run_for(120.0)
        self.start = self.engine.now

    def after(self, seconds: float) -> None:
        """Go to that many seconds after the autoscaler was there."""
        self.engine.run_until(self.start + seconds)

    def run(self, obj: Obj) -> Obj:
        return self.cluster.create(obj)

    def size(self, name: str = "general") -> int:
        return next(group.target_size for group in self.groups.all() if group.name == name)

    def nodes(self, name: str = "general") -> list[str]:
        key = "eks.amazonaws.com/nodegroup"
        found = self.cluster.list("nodes", where=lambda node: node["metadata"]["labels"].get(key) == name)
        return sorted(node["metadata"]["name"] for node in found)

    def pods(self, app: str = "web") -> list[Obj]:
        return self.cluster.list("pods", "default", lambda pod: (pod["metadata"].get("labels") or {}).get("app") == app)

    def pending(self, app: str = "web") -> int:
        return sum(1 for pod in self.pods(app) if not pod["spec"].get("nodeName"))

    def events(self, reason: str, kind: str = "") -> list[str]:
        """Messages of the autoscaler, in order, without repeats."""
        found = self.cluster.list("events")
        mine = [e for e in found if (e.get("source") or {}).get("component") == "cluster-autoscaler"]
        mine = [e for e in mine if e["reason"] == reason and kind in ("", e["involvedObject"]["kind"])]
        return [e["message"] for e in sorted(mine, key=lambda e: str(e["firstTimestamp"]))]

    def status(self) -> dict[str, Any]:
        found = self.cluster.get("configmaps", "kube-system", "cluster-autoscaler-status")
        read: dict[str, Any] = yaml.safe_load(found["data"]["status"])
        return read

    def happened(self, action: str, actor: str = "fleet") -> list[float]:
        """When, in seconds after the autoscaler was there."""
        entries = [e for e in self.engine.journal if (e.actor, e.action) == (actor, action)]
        return [round(e.seconds - self.start, 3) for e in entries if e.seconds >= self.start]


def _system_machine() -> MachineTemplate:
    return template(
        node_group="system",
        subnet_cidr="10.99.0.0/24",
        labels={"role": "system"},
        taints=(Taint("role", "NoSchedule", "system"),),
        capacity=Resources(4000, 8 * GIB, 29),
        allocatable=Resources(3920, 7 * GIB, 29),
    )
