"""Memory on a machine: stated use, kills beyond limits, pressure, and the order and words of evictions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nodes_kit import GIB, World, container, pod

from wavetank.kube.types import Obj
from wavetank.twin.nodes import FleetOptions
from wavetank.twin.nodes.kubelet import Registry
from wavetank.twin.nodes.kubelet.memory import (
    EvictionSettings,
    PodMemory,
    eviction_message,
    eviction_order,
    kernel_victim,
    oom_score_adjustment,
)
from wavetank.twin.nodes.runtime.stated_use import MEMORY, StatedUseError, stated_use

MIB = 1024**2
INSTANT = Registry(size_bytes=0, check_seconds=0.0)


def using(name: str, memory: str, *, priority: int = 0, tolerations: list[Obj] | None = None, **resources: Any) -> Obj:
    obj = pod(name, container(resources=resources), priority=priority, tolerations=tolerations or [])
    return {**obj, "metadata": {**obj["metadata"], "annotations": {MEMORY: memory}}}


def world(**settings: Any) -> World:
    return World(options=FleetOptions(registry=INSTANT, eviction=EvictionSettings(**settings)))


def annotate(there: World, name: str, memory: str) -> None:
    live = there.pod(name)
    there.cluster.update({**live, "metadata": {**live["metadata"], "annotations": {MEMORY: memory}}})


def node_condition(there: World) -> Obj:
    node = there.cluster.get("nodes", "", there.machine.name)
    found: Obj = next(c for c in node["status"]["conditions"] if c["type"] == "MemoryPressure")
    return found


def test_a_container_beyond_its_limit_is_killed_and_restarted_with_back_off() -> None:
    there = world()
    there.run(using("web", "100Mi+2Mi/s", limits={"memory": "200Mi"}, requests={"memory": "100Mi"}))
    there.after(45)
    assert there.container()["restartCount"] == 0
    there.after(60)
    status = there.container()
    assert status["restartCount"] == 1
    ended = status["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (137, "OOMKilled")
    there.after(300)
    assert there.container()["restartCount"] >= 3
    assert "BackOff" in there.reasons()


def test_a_node_that_runs_short_evicts_who_uses_most_beyond_its_request() -> None:
    there = world()
    there.run(using("modest", "900Mi", requests={"memory": "1Gi"}))
    there.run(using("greedy", "1100Mi", requests={"memory": "64Mi"}))
    there.run(using("growing", "500Mi+10Mi/s", requests={"memory": "512Mi"}))
    there.after(40)
    assert there.pod("greedy")["status"]["phase"] == "Running"
    there.after(80)
    status = there.pod("greedy")["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "Evicted")
    start = "The node was low on resource: memory. Threshold quantity: 100Mi, available: "
    assert status["message"].startswith(start)
    assert "Container app was using 1100Mi, request is 64Mi, has larger consumption of memory. " in status["message"]
    assert {"type": "DisruptionTarget", "status": "True"}.items() <= next(
        c.items() for c in status["conditions"] if c["type"] == "DisruptionTarget"
    )
    assert there.pod("modest")["status"]["phase"] == "Running"
    assert there.messages("Evicted") == [status["message"]]
    condition = node_condition(there)
    assert (condition["status"], condition["reason"]) == ("True", "KubeletHasInsufficientMemory")
    reasons = {event["reason"] for event in there.events()}
    assert {"NodeHasInsufficientMemory", "EvictionThresholdMet"} <= reasons


def test_under_pressure_best_effort_pods_are_not_taken_and_the_condition_stays_five_minutes() -> None:
    there = world()
    there.run(using("greedy", "3100Mi"))
    there.after(30)
    assert there.pod("greedy")["status"]["reason"] == "Evicted"
    there.run(pod("effortless"))
    toleration = {"key": "node.kubernetes.io/memory-pressure", "operator": "Exists", "effect": "NoSchedule"}
    there.run(pod("tolerant", tolerations=[toleration]))
    there.run(pod("asking", container(resources={"requests": {"memory": "64Mi"}})))
    there.after(60)
    status = there.pod("effortless")["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "Evicted")
    assert status["message"] == "Pod was rejected: The node had condition: [MemoryPressure]. "
    assert there.pod("tolerant")["status"]["phase"] == "Running"
    assert there.pod("asking")["status"]["phase"] == "Running"
    there.after(290)
    assert node_condition(there)["status"] == "True"
    there.after(330)
    assert node_condition(there)["status"] == "False"


def test_a_soft_threshold_waits_for_its_grace_period() -> None:
    there = world(soft_bytes=GIB, soft_grace_seconds=90, max_pod_grace_seconds=20)
    there.run(using("web", "2200Mi"))
    there.after(60)
    assert node_condition(there)["status"] == "True"
    assert there.pod()["status"]["phase"] == "Running"
    there.after(130)
    assert there.pod()["status"]["reason"] == "Evicted"


def test_what_an_annotation_states_can_change_while_the_pod_runs() -> None:
    there = world()
    there.run(using("web", "100Mi", limits={"memory": "300Mi"}))
    there.after(20)
    annotate(there, "web", "app=400Mi,sidecar=1Mi")
    there.after(22)
    assert there.container()["lastState"]["terminated"]["reason"] == "OOMKilled"
    annotate(there, "web", "plenty")
    there.after(25)
    assert there.messages("InvalidUse") == [f"{MEMORY}: 'plenty' is no quantity such as 300Mi or 100Mi+2Mi/s"]


def test_a_machine_without_any_memory_left_kills_by_score() -> None:
    there = world()
    there.run(
        using("guaranteed", "500Mi", requests={"cpu": "1", "memory": "1Gi"}, limits={"cpu": "1", "memory": "1Gi"})
    )
    there.run(using("effortless", "200Mi"))
    there.after(20)
    annotate(there, "guaranteed", "1Gi")
    annotate(there, "effortless", "6Gi")
    there.after(22)
    assert there.container("app", "effortless")["lastState"]["terminated"]["reason"] == "OOMKilled"
    assert there.container("app", "guaranteed")["restartCount"] == 0
    assert there.messages("SystemOOM") == ["System OOM encountered, victim process: app"]


@pytest.mark.parametrize("text", ["much", "1Gi+", "1Gi+2Mi", "=", "app=x"])
def test_uses_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(StatedUseError):
        stated_use(using("web", text), "app")


# --- pure ----------------------------------------------------------------------------------------------------------


def weighed(name: str, used: int, request: int, priority: int = 0) -> PodMemory:
    resources = {"requests": {"memory": str(request)}} if request else {}
    return PodMemory(pod(name, container(resources=resources), priority=priority), {"app": used})


@given(st.lists(st.tuples(st.integers(0, 4 * GIB), st.integers(0, 2 * GIB), st.integers(0, 3)), max_size=12))
def test_the_order_of_eviction(rows: list[tuple[int, int, int]]) -> None:
    pods = [weighed(f"p{i}", used, request, priority) for i, (used, request, priority) in enumerate(rows)]
    ordered = eviction_order(pods)
    keys = [(p.over_request <= 0, p.priority, -p.over_request) for p in ordered]
    assert keys == sorted(keys)
    assert len(ordered) == len(pods)


def test_the_message_names_only_who_is_over_its_request() -> None:
    text = eviction_message(weighed("p", 500 * MIB, 100 * MIB), 100 * MIB, 44108 * 1024)
    assert text == (
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 44108Ki. "
        "Container app was using 500Mi, request is 104857600, has larger consumption of memory. "
    )
    assert eviction_message(weighed("p", 50, 100), 100 * MIB, 0).endswith("available: 0. ")


def test_scores_follow_quality_of_service() -> None:
    effortless, burstable = pod("a"), pod("b", container(resources={"requests": {"memory": "1Gi"}}))
    assert oom_score_adjustment(effortless, effortless["spec"]["containers"][0], 4 * GIB) == 1000
    assert oom_score_adjustment(burstable, burstable["spec"]["containers"][0], 4 * GIB) == 750
    victim = kernel_victim([PodMemory(effortless, {"app": MIB}), PodMemory(burstable, {"app": GIB // 2})], 4 * GIB)
    assert victim is not None
    assert victim[0].pod is effortless
