"""A whole cluster in virtual time: the rendered example becomes Ready, survives a machine, and does the same thing every time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from nodes_kit import template

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.components.network_plugin import NetworkPlugin
from wavetank.twin.components.registry import install
from wavetank.twin.components.stand_ins import StandIns
from wavetank.twin.controllers import start_controllers
from wavetank.twin.engine import Engine
from wavetank.twin.nodes import Fleet, FleetOptions
from wavetank.twin.nodes.loadbalancer import ModelledLoadBalancers
from wavetank.twin.nodes.metrics import FleetMetrics
from wavetank.twin.nodes.runtime import ModelledRuntime
from wavetank.twin.scheduler import Scheduler

BUNDLE = Path(__file__).parents[2] / "examples" / "ml-inference" / "rendered" / "production" / "kubernetes"
COMPONENTS = ("vpc-cni", "kube-proxy", "coredns", "metrics-server", "aws-load-balancer-controller")
ZONES = ("ap-southeast-2a", "ap-southeast-2b", "ap-southeast-2a")


class VirtualWorld:
    """What ``world`` assembles, without processes, without HTTP, and without a wall clock."""

    def __init__(self, seed: int = 7) -> None:
        self.engine = Engine(seed=seed)
        self.cluster: Cluster = new_cluster(self.engine)
        options = FleetOptions(network_ready=NetworkPlugin(self.cluster))
        self.fleet = Fleet(self.cluster, ModelledRuntime(self.engine), options)
        StandIns(self.cluster, ModelledLoadBalancers())
        metrics = FleetMetrics(self.cluster, self.fleet)
        start_controllers(self.cluster, metrics=metrics, heartbeats=self.fleet.last_heartbeat_seconds)
        Scheduler(self.cluster).start()
        for zone in ZONES:
            self.fleet.start(template(zone=zone))
        for name in COMPONENTS:
            install(self.cluster, name, "v1")
        for file in sorted(BUNDLE.glob("*.yaml")):
            for obj in yaml.safe_load_all(file.read_text()):
                if obj["apiVersion"] != "monitoring.coreos.com/v1":  # nobody installed Prometheus here
                    self.cluster.create(obj)

    def available(self) -> int:
        deployment = self.cluster.get("deployments.apps", "ml-inference", "ml-inference-api")
        return int(deployment["status"].get("availableReplicas", 0))

    def account(self) -> tuple[list[str], str]:
        """All that happened, and all that is."""
        objects: dict[str, list[Obj]] = {
            key: list(self.cluster.store.all(key)) for key in self.cluster.store.resource_keys()
        }
        return [str(entry) for entry in self.engine.journal], json.dumps(objects, sort_keys=True, default=str)


def fate(world: VirtualWorld) -> VirtualWorld:
    """Half an hour, in which the machine of the first pod dies."""
    world.engine.run_for(300)
    pod = next(p for p in world.cluster.list("pods", "ml-inference"))
    world.fleet.fail(pod["spec"]["nodeName"])
    world.engine.run_for(1500)
    return world


def test_the_rendered_example_becomes_ready_with_its_load_balancer() -> None:
    world = VirtualWorld()
    world.engine.run_for(240)
    assert world.available() == 2
    service = world.cluster.get("services", "ml-inference", "ml-inference-lb")
    ingress: list[dict[str, Any]] = service["status"]["loadBalancer"]["ingress"]
    assert ingress[0]["ip"].startswith("127.")
    autoscaler = world.cluster.get("horizontalpodautoscalers.autoscaling", "ml-inference", "ml-inference-api")
    assert autoscaler["status"]["currentMetrics"][0]["resource"]["name"] == "cpu"


def test_without_a_network_plugin_no_node_becomes_ready() -> None:
    """Nothing works that was not installed."""
    engine = Engine(seed=7)
    cluster = new_cluster(engine)
    fleet = Fleet(cluster, ModelledRuntime(engine), FleetOptions(network_ready=NetworkPlugin(cluster)))
    start_controllers(cluster, heartbeats=fleet.last_heartbeat_seconds)
    fleet.start(template())
    engine.run_for(600)
    (node,) = cluster.list("nodes")
    assert {c["type"]: c["status"] for c in node["status"]["conditions"]}["Ready"] == "False"


def test_a_dead_machine_s_pods_run_elsewhere_after_the_grace_of_unreachable_nodes() -> None:
    world = fate(VirtualWorld())
    assert world.available() == 2
    alive = {machine.name for machine in world.fleet.machines}
    ready = [p for p in world.cluster.list("pods", "ml-inference") if "deletionTimestamp" not in p["metadata"]]
    assert {p["spec"]["nodeName"] for p in ready} <= alive


def test_the_same_seed_and_script_give_the_same_journal_and_the_same_objects() -> None:
    first, second = fate(VirtualWorld()).account(), fate(VirtualWorld()).account()
    assert first == second
    assert len(first[0]) > 10
