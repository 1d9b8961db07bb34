"""Metrics exist while metrics-server runs, every 15 seconds, after two scrapes; and they are measured where pods are real."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from nodes_kit import World, container, pod
from real_kit import RealWorld, get, until

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.nodes.metrics import SYSTEM_MEMORY_BYTES, FleetMetrics
from wavetank.twin.nodes.runtime import Behaviour, Launch, Use

MIB = 1024**2
LABELS = {"app.kubernetes.io/name": "metrics-server"}


def install_server(cluster: Cluster, node: str) -> None:
    """A Deployment and one pod of it, as its controllers would make it."""
    containers = [container("metrics-server")]
    template: Obj = {"metadata": {"labels": LABELS}, "spec": {"containers": containers}}
    metadata = {"name": "metrics-server", "namespace": "kube-system"}
    spec = {"selector": {"matchLabels": LABELS}, "template": template}
    cluster.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})
    accounts = cluster.find("serviceaccounts", "kube-system", "default")
    if accounts is None:
        account = {"name": "default", "namespace": "kube-system"}
        cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
    identity = {"name": "metrics-server-x", "namespace": "kube-system", "labels": LABELS}
    pod_spec = {"containers": containers, "nodeName": node, "restartPolicy": "Always"}
    cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": identity, "spec": pod_spec})


def busy(launch: Launch) -> Behaviour:
    use = Use(400.0, 100 * MIB) if launch.container["name"] == "app" else Use(10.0, 50 * MIB)
    return Behaviour(use=lambda seconds: use)


def test_without_metrics_server_there_are_no_metrics() -> None:
    world = World()
    metrics = FleetMetrics(world.cluster, world.fleet)
    world.run(pod())
    world.after(120.0)
    assert not metrics.available()
    assert metrics.pods() == []
    assert metrics.nodes() == []


def test_a_pod_appears_with_its_second_scrape() -> None:
    world = World(busy)
    metrics = FleetMetrics(world.cluster, world.fleet)
    install_server(world.cluster, world.machine.name)
    world.after(10.0)
    assert metrics.available()
    world.run(pod())
    world.after(29.0)
    assert metrics.pods("default") == []
    world.after(30.0)
    (usage,) = metrics.pods("default")
    assert usage.containers["app"].cpu_milli == pytest.approx(400)
    assert usage.containers["app"].memory_bytes == 100 * MIB
    assert usage.window_seconds == 15
    assert usage.seconds == world.engine.now


def test_a_restarted_container_needs_two_scrapes_again() -> None:
    world = World(lambda launch: Behaviour(exit_after_seconds=50.0 if launch.restart_count == 0 else None))
    metrics = FleetMetrics(world.cluster, world.fleet)
    install_server(world.cluster, world.machine.name)
    world.run(pod())
    world.after(46.0)
    assert metrics.pods("default")
    world.after(61.0)
    assert metrics.pods("default") == []
    world.after(76.0)
    assert metrics.pods("default")


def test_a_node_uses_what_its_pods_use_and_the_system() -> None:
    world = World(busy)
    metrics = FleetMetrics(world.cluster, world.fleet)
    install_server(world.cluster, world.machine.name)
    world.run(pod())
    world.after(60.0)
    (node,) = metrics.nodes()
    assert node.name == world.machine.name
    assert node.usage.memory_bytes == 150 * MIB + SYSTEM_MEMORY_BYTES
    assert node.usage.cpu_milli == pytest.approx(410 + 40)


def test_metrics_end_with_metrics_server() -> None:
    world = World(busy)
    metrics = FleetMetrics(world.cluster, world.fleet)
    install_server(world.cluster, world.machine.name)
    world.run(pod())
    world.after(60.0)
    assert metrics.pods()
    world.cluster.delete("pods", "kube-system", "metrics-server-x", grace_seconds=0)
    assert not metrics.available()
    assert metrics.pods() == []


def test_a_real_process_is_measured(tmp_path: Path) -> None:
    world = RealWorld(tmp_path)

    async def story() -> None:
        world.create()
        await until(world.ready)
        address = world.pod()["status"]["podIP"]
        await get(address, 8080, "/burn")
        (kubelet,) = world.fleet.kubelets
        (worker,) = kubelet.workers.values()
        process = worker.records["app"].process
        assert process is not None
        first = process.counter()
        await asyncio.sleep(1.0)
        second = process.counter()
        assert first is not None
        assert second is not None
        cores = (second.cpu_seconds - first.cpu_seconds) / (second.seconds - first.seconds)
        assert 0.3 < cores < 1.5
        assert 4 * MIB < second.memory_bytes < 200 * MIB

    world.run(story)
