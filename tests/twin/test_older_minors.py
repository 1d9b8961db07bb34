"""Clusters of an older minor decide as that minor did, as far as it is known."""

from __future__ import annotations

import pytest
from tools.decisions.bench import node as ready_node
from tools.decisions.given import complete

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.controllers.settings import ControllerSettings, NodeLifecycleSettings, as_of
from wavetank.twin.engine import Engine
from wavetank.twin.scheduler import Outcome, Scheduler
from wavetank.twin.scheduler.pod_info import PodInfo, pod_info


def attempt(version: str, nodes: list[Obj], requests: Obj) -> tuple[Scheduler, Outcome]:
    cluster = Cluster(Engine(), version=version)
    for node in nodes:
        cluster.create(node)
    scheduler = Scheduler(cluster)
    scheduler.view.follow()
    container = {"name": "c", "image": "app:1", "resources": {"requests": requests}}
    made = cluster.create(complete({"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container]}}))
    return scheduler, scheduler.cycle.attempt(pod_info(made))


@pytest.mark.parametrize(
    ("version", "words"),
    [("1.36", "node(s) had untolerated taint(s)"), ("1.35", "node(s) had untolerated taint {team: ml}")],
)
def test_the_taint_was_named_before_1_36(version: str, words: str) -> None:
    taint = {"key": "team", "value": "ml", "effect": "NoSchedule"}
    scheduler, outcome = attempt(version, [{**ready_node("a"), "spec": {"taints": [taint]}}], {})
    assert f"1 {words}" in scheduler.message(outcome, scheduler.preemption_for(pod_info_of(scheduler), outcome))


def pod_info_of(scheduler: Scheduler) -> PodInfo:
    return pod_info(scheduler.cluster.list("pods")[0])


@pytest.mark.parametrize(("version", "score"), [("1.36", 71), ("1.35", 93)])
def test_balance_was_the_score_before_1_36(version: str, score: int) -> None:
    """A node of 4 cores and 16 GiB and a pod of 1 core and 2 GiB: shares of 25 and 12.5 percent."""
    room = {"cpu": "4", "memory": "16Gi", "pods": "110"}
    nodes = [ready_node(name) for name in ("a", "b")]
    nodes = [{**n, "status": {**n["status"], "capacity": room, "allocatable": room}} for n in nodes]
    _, outcome = attempt(version, nodes, {"cpu": "1", "memory": "2Gi"})
    assert list(outcome.scores["NodeResourcesBalancedAllocation"]) == [score, score]


@pytest.mark.parametrize(("minor", "seconds"), [(36, 50.0), (32, 50.0), (31, 40.0)])
def test_silent_nodes_were_given_40_seconds_up_to_1_31(minor: int, seconds: float) -> None:
    assert as_of(ControllerSettings(), minor).nodes.monitor_grace_seconds == seconds


def test_a_grace_that_somebody_set_stays() -> None:
    own = ControllerSettings(nodes=NodeLifecycleSettings(monitor_grace_seconds=8.0))
    assert as_of(own, 31).nodes.monitor_grace_seconds == 8.0
