"""Trials on the scheduler's picture of the cluster."""

from __future__ import annotations

from typing import Any

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.engine import Engine
from wavetank.twin.scheduler.pod_info import PodInfo, pod_info
from wavetank.twin.scheduler.simulation import Simulation

ZONE = "topology.kubernetes.io/zone"


def node(name: str, *, cpu: str = "2", zone: str = "a", **spec: object) -> Obj:
    status = {"allocatable": {"cpu": cpu, "memory": "8Gi", "pods": "20"}}
    labels = {"kubernetes.io/hostname": name, ZONE: zone}
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec, "status": status}


def pod(name: str, *, cpu: str = "1500m", app: str = "web", node_name: str = "", **spec: object) -> Obj:
    container = {"name": "app", "image": "web:1", "resources": {"requests": {"cpu": cpu}}}
    metadata = {"name": name, "namespace": "default", "labels": {"app": app}, "uid": f"uid-{name}"}
    full = {"containers": [container], **({"nodeName": node_name} if node_name else {}), **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": full}


def waiting(name: str, **more: Any) -> PodInfo:
    return pod_info(pod(name, **more))


def cluster_with(*nodes: Obj) -> Cluster:
    cluster = new_cluster(Engine(seed=1))
    account = {"name": "default", "namespace": "default"}
    cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
    for one in nodes:
        made = cluster.create(one)
        # Ready, so to speak: the API taints a new node.
        cluster.update({**made, "spec": {}})
    return cluster


def test_a_pod_fits_where_there_is_room_and_the_reason_is_the_schedulers() -> None:
    simulation = Simulation.following(cluster_with(node("one"), node("two", cpu="1")))
    web = waiting("web")
    assert simulation.first_fit(web, ["two", "one"]) == "one"
    found = simulation.rejections(web, ["one", "two"])
    assert {name: r.reasons for name, r in found.items()} == {"two": ("Insufficient cpu",)}


def test_what_is_tried_is_undone() -> None:
    simulation = Simulation.following(cluster_with(node("one")))
    with simulation.trial():
        simulation.place(waiting("first"), "one")
        assert simulation.rejection(waiting("second"), "one") is not None
        simulation.add_node(node("made-up"), [waiting("overhead", cpu="1")])
        assert simulation.first_fit(waiting("second"), simulation.nodes) is None
        assert simulation.first_fit(waiting("second", cpu="1"), simulation.nodes) == "made-up"
    assert list(simulation.nodes) == ["one"]
    assert not simulation.nodes["one"].pods
    assert simulation.rejection(waiting("second"), "one") is None


def test_an_inner_trial_leaves_the_outer_one_as_it_was() -> None:
    simulation = Simulation.following(cluster_with(node("one")))
    with simulation.trial():
        simulation.place(waiting("first", cpu="500m"), "one")
        with simulation.trial():
            simulation.place(waiting("second"), "one")
            assert len(simulation.nodes["one"].pods) == 2
        assert [p.name for p in simulation.nodes["one"].pods.values()] == ["first"]


def test_a_node_that_is_taken_away_comes_back_with_its_pods() -> None:
    cluster = cluster_with(node("one"), node("two"))
    cluster.create(pod("web", node_name="one"))
    simulation = Simulation.following(cluster)
    with simulation.trial():
        simulation.remove_node("one")
        assert simulation.first_fit(waiting("next"), simulation.nodes) == "two"
    assert [p.name for p in simulation.nodes["one"].pods.values()] == ["web"]
    cluster.delete("pods", "default", "web", grace_seconds=0)
    assert not simulation.nodes["one"].pods


def test_made_up_nodes_count_as_domains_of_a_spread() -> None:
    spread = {
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": ZONE,
                "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": {"matchLabels": {"app": "web"}},
            }
        ]
    }
    cluster = cluster_with(node("one", zone="a"), node("two", zone="b"))
    cluster.create(pod("web", cpu="100m", node_name="one"))
    simulation = Simulation.following(cluster)
    second, third, fourth = (waiting(name, cpu="1900m", **spread) for name in ("second", "third", "fourth"))
    assert simulation.first_fit(second, ["one", "two"]) == "two"
    with simulation.trial():
        simulation.place(second, "two")
        simulation.add_node(node("made-up", zone="b"), [third])
        simulation.add_node(node("full-zone", zone="b"))
        simulation.add_node(node("another", zone="a"))
        assert simulation.rejection(fourth, "full-zone") is not None
        assert simulation.rejection(fourth, "another") is None
