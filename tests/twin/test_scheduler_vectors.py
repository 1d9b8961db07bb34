"""Scores and verdicts of the scheduler computed by hand from upstream's formulas, where recordings do not go."""

from __future__ import annotations

from typing import Any

import pytest
from tools.decisions.bench import node as ready_node
from tools.decisions.given import complete

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.engine import Engine
from wavetank.twin.scheduler import Outcome, Scheduler
from wavetank.twin.scheduler.cycle import nodes_to_find
from wavetank.twin.scheduler.pod_info import pod_info

ZONE = "topology.kubernetes.io/zone"


def nodes(count: int = 2) -> list[Obj]:
    """Nodes of 4 cores and 16 GiB, each in a zone of its own."""
    room, made = {"cpu": "4", "memory": "16Gi", "pods": "110"}, [ready_node(f"n{i}") for i in range(count)]
    for i, node in enumerate(made):
        node["status"] = {**node["status"], "capacity": room, "allocatable": room}
        node["metadata"]["labels"][ZONE] = f"z{i}"
    return made


def pod(name: str = "p", cpu: str = "", memory: str = "", **spec: Any) -> Obj:
    requests = {name: amount for name, amount in (("cpu", cpu), ("memory", memory)) if amount}
    container = {"name": "c", "image": "app:1", "resources": {"requests": requests}}
    metadata = {"name": name, "labels": {"app": "a"}}
    return complete({"kind": "Pod", "metadata": metadata, "spec": {"containers": [container], **spec}})


def decided(places: list[Obj], wanted: Obj, *held: tuple[Obj, str]) -> tuple[Outcome, str]:
    """What comes of an attempt, and its message when there is no node."""
    cluster = Cluster(Engine())
    for node in places:
        cluster.create(node)
    for there, node_name in held:
        made = cluster.create(there)
        cluster.bind(made["metadata"]["namespace"], made["metadata"]["name"], node_name)
    scheduler = Scheduler(cluster)
    scheduler.view.follow()
    info = pod_info(cluster.create(wanted))
    outcome = scheduler.cycle.attempt(info)
    found = None if outcome.node else scheduler.preemption_for(info, outcome)
    return outcome, scheduler.message(outcome, found) if found else ""


@pytest.mark.parametrize(
    ("held", "wanted", "fit", "balanced"),
    [
        (("", ""), ("1", "2Gi"), 81, 71),
        (("", ""), ("", ""), 97, None),
        (("3", "4Gi"), ("500m", "8Gi"), 18, 84),
        (("1", "12Gi"), ("2", "1Gi"), 21, 85),
    ],
)
def test_scores_of_room_and_balance(
    held: tuple[str, str], wanted: tuple[str, str], fit: int, balanced: int | None
) -> None:
    there = [(pod(f"held-{i}", *held), f"n{i}") for i in range(2) if any(held)]
    outcome, _ = decided(nodes(), pod("p", *wanted), *there)
    assert list(outcome.scores["NodeResourcesFit"]) == [fit, fit]
    found = outcome.scores.get("NodeResourcesBalancedAllocation")
    assert (list(found) if found is not None else None) == ([balanced, balanced] if balanced else None)


def test_spreading_prefers_the_emptier_zone() -> None:
    constraint = {"maxSkew": 1, "topologyKey": ZONE, "whenUnsatisfiable": "ScheduleAnyway"}
    spread: Obj = {"topologySpreadConstraints": [{**constraint, "labelSelector": {"matchLabels": {"app": "a"}}}]}
    held = [(pod(f"held-{i}"), f"n{node}") for i, node in enumerate((0, 0, 0, 1, 2, 2))]
    outcome, _ = decided(nodes(3), pod(**spread), *held)
    assert list(outcome.scores["PodTopologySpread"]) == [2 * raw for raw in (40, 100, 80)]


@pytest.mark.parametrize(("count", "found"), [(99, 99), (100, 100), (500, 230), (1000, 420), (5000, 500), (10000, 500)])
def test_not_all_nodes_of_a_large_cluster_are_looked_at(count: int, found: int) -> None:
    assert min(count, nodes_to_find(count)) == found


@pytest.mark.parametrize(
    "more",
    [
        {"overhead": {"cpu": "3500m"}},
        {"resources": {"requests": {"cpu": "5"}}},
        {
            "initContainers": [
                {"name": "s", "image": "s", "restartPolicy": "Always", "resources": {"requests": {"cpu": "1"}}},
                {"name": "i", "image": "i", "resources": {"requests": {"cpu": "3500m"}}},
            ]
        },
    ],
    ids=["overhead", "the pod's own requests", "an init container beside a sidecar"],
)
def test_all_that_a_pod_asks_for_counts(more: Obj) -> None:
    _, message = decided(nodes(), pod("p", "1", "1Gi", **more))
    assert message.startswith("0/2 nodes are available: 2 Insufficient cpu. ")


@pytest.mark.parametrize(
    ("expression", "node"),
    [
        ({"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["n0"]}]}, "n1"),
        ({"matchExpressions": [{"key": "generation", "operator": "Gt", "values": ["6"]}]}, "n1"),
        ({"matchExpressions": [{"key": "generation", "operator": "Lt", "values": ["6"]}]}, "n0"),
        ({"matchExpressions": [{"key": "generation", "operator": "DoesNotExist"}]}, ""),
    ],
)
def test_node_affinity_compares_numbers_and_names(expression: Obj, node: str) -> None:
    places = nodes()
    for place, generation in zip(places, ("5", "7"), strict=True):
        place["metadata"]["labels"]["generation"] = generation
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [expression]}}
    outcome, _ = decided(places, pod(affinity={"nodeAffinity": required}))
    assert outcome.node == node


def test_an_image_that_is_there_is_worth_something() -> None:
    """600 MiB on one of two nodes count as 300; 100 x (300 - 23) // (1000 - 23)."""
    places = nodes()
    places[1]["status"]["images"] = [{"names": ["app:1"], "sizeBytes": 600 * 2**20}]
    outcome, _ = decided(places, pod("p", "1", "1Gi"))
    assert list(outcome.scores["ImageLocality"]) == [0, 28]


def test_a_port_on_one_address_is_taken_for_all_addresses() -> None:
    def with_port(name: str, **more: str) -> Obj:
        ports = [{"containerPort": 80, "hostPort": 80, **more}]
        return {**pod(name), "spec": {"containers": [{"name": "c", "image": "app:1", "ports": ports}]}}

    _, message = decided(nodes(1), with_port("p"), (with_port("held", hostIP="127.0.0.1"), "n0"))
    assert "1 node(s) didn't have free ports for the requested pod ports" in message
    outcome, _ = decided(nodes(1), with_port("p", protocol="UDP"), (with_port("held"), "n0"))
    assert outcome.node == "n0"


def test_a_pod_that_never_preempts_says_so() -> None:
    _, message = decided(nodes(1), pod("p", "100", preemptionPolicy="Never"))
    assert message.endswith("preemption: not eligible due to preemptionPolicy=Never.")
