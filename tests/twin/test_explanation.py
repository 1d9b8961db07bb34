"""Why a pod is where it is: every way in which a pod can be somewhere or nowhere has its own sentence and its own facts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from wavetank.kube.types import Obj
from wavetank.twin.bare import BareOptions, BareWorld, usual_nodes
from wavetank.twin.nodes.scripted import ScriptedNode
from wavetank.twin.scheduler import decisions
from wavetank.twin.scheduler.explanation import explanation

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
SMALL = {"cpu": "2", "memory": "4Gi", "pods": "10"}


def world(*nodes: ScriptedNode) -> BareWorld:
    made = BareWorld(BareOptions(nodes=nodes or usual_nodes(), kubelet="scripted", epoch=EPOCH))
    made.engine.run_for(1)
    return made


def pod(name: str, cpu: str = "100m", **spec: Any) -> Obj:
    main = {"name": "main", "image": "x", "resources": {"requests": {"cpu": cpu}}}
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [main], **spec}}


def told(here: BareWorld, obj: Obj, *, seconds: float = 5) -> Obj:
    """What is said of a pod some time after its creation."""
    name = here.cluster.create(obj)["metadata"]["name"]
    here.engine.run_for(seconds)
    return explanation(here.scheduler, here.cluster.get("pods", "default", name))


def test_a_bound_pod_has_the_points_of_the_moment_it_was_decided() -> None:
    here = world()
    here.cluster.create(pod("first", cpu="2"))
    here.engine.run_for(3)
    found = told(here, pod("second"))
    assert found["source"] == "recorded"
    assert found["decidedAt"] == "2026-01-01T00:00:04Z"
    assert found["summary"].startswith("default/second is on node-2: with ")
    assert "level with 1 other node of 3" in found["summary"]
    best, other, worst = found["nodes"]
    assert (best["name"], best["chosen"], other["chosen"]) == ("node-2", True, False)
    assert best["total"] == other["total"] > worst["total"]
    assert sum(worst["scores"].values()) == worst["total"]
    assert worst["scores"]["NodeResourcesFit"] < best["scores"]["NodeResourcesFit"]
    # Points are those of then: what is full by now changes nothing.
    here.cluster.create(pod("third", cpu="3"))
    here.engine.run_for(3)
    assert explanation(here.scheduler, here.cluster.get("pods", "default", "second"))["nodes"] == found["nodes"]


def test_a_pending_pod_has_the_filter_that_refuses_it_on_every_node() -> None:
    tainted = ScriptedNode("b", "10.0.0.2", SMALL, taints=[{"key": "gpu", "effect": "NoSchedule"}])
    found = told(world(ScriptedNode("a", "10.0.0.1", SMALL), tainted), pod("big", cpu="3"))
    assert found["state"] == "pending"
    assert {n["name"]: (n["plugin"], n["reasons"]) for n in found["nodes"]} == {
        "a": ("NodeResourcesFit", ["Insufficient cpu"]),
        "b": ("TaintToleration", ["node(s) had untolerated taint(s)"]),
    }
    assert found["preemption"]["message"] == "0/2 nodes are available: 2 Preemption is not helpful for scheduling."
    assert found["queue"]["waitsFor"] == ["a change of nodes", "pods that leave"]
    assert found["queue"]["attempts"] == 1


def test_a_pod_that_would_fit_by_now_says_when_it_is_tried_again() -> None:
    here = world(ScriptedNode("a", "10.0.0.1", SMALL))
    assert told(here, pod("big", cpu="3"))["summary"].startswith("default/big has no node: its only node refuses it")
    node = here.cluster.get("nodes", "", "a")
    larger = {**SMALL, "cpu": "8"}
    here.cluster.set_status(node, {**node["status"], "capacity": larger, "allocatable": larger})
    found = explanation(here.scheduler, here.cluster.get("pods", "default", "big"))
    assert "a could take it now" in found["summary"]
    assert [n["feasible"] for n in found["nodes"]] == [True]


def test_a_gated_pod_names_its_gates() -> None:
    found = told(world(), pod("held", schedulingGates=[{"name": "example.com/quota"}]))
    assert (found["state"], found["gates"]) == ("gated", ["example.com/quota"])
    assert found["summary"].endswith("it is held by 1 scheduling gate (example.com/quota).")


def test_a_pod_of_another_scheduler_says_so() -> None:
    found = told(world(), pod("foreign", schedulerName="volcano"))
    assert found["summary"] == (
        'default/foreign asks for the scheduler "volcano"; this cluster runs only "default-scheduler".'
    )


def test_a_pod_with_a_claim_that_does_not_exist_is_refused_whatever_the_node() -> None:
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    found = told(world(), pod("claiming", volumes=[volume]))
    assert found["summary"] == 'default/claiming has no node: persistentvolumeclaim "data" not found.'
    assert found["preemption"] == {"message": "not considered: the pod is refused whatever the node"}


def test_who_had_to_go_is_told_while_the_pod_waits_and_afterwards() -> None:
    here = world(ScriptedNode("a", "10.0.0.1", SMALL))
    told(here, pod("low", cpu="2"))
    important = pod("high", cpu="2", priorityClassName="system-cluster-critical")
    here.cluster.create({**important, "metadata": {**important["metadata"], "namespace": "kube-system"}})
    here.engine.run_for(0.1)
    waiting = explanation(here.scheduler, here.cluster.get("pods", "kube-system", "high"))
    assert waiting["nominatedNode"] == "a"
    assert "It is promised room on a" in waiting["summary"]
    here.engine.run_for(5)
    bound = explanation(here.scheduler, here.cluster.get("pods", "kube-system", "high"))
    assert bound["preempted"] == {"node": "a", "victims": ["default/low"]}
    assert "of 1 node the only one that could take it" in bound["summary"]


def test_a_decision_that_is_not_remembered_is_worked_out_anew_and_marked_so() -> None:
    here = world()
    here.cluster.create(pod("placed", nodeName="node-3"))
    here.engine.run_for(3)
    found = explanation(here.scheduler, here.cluster.get("pods", "default", "placed"))
    assert (found["source"], found["node"]) == ("recomputed", "node-3")
    assert "the decision is not remembered" in found["summary"]
    assert [n["name"] for n in found["nodes"] if n["chosen"]] == ["node-3"]


def test_asking_changes_nothing() -> None:
    """A world that is asked all the time goes on like one that nobody asks."""

    def run(*, asking: bool) -> list[str]:
        here = world()
        for number in range(12):
            here.cluster.create(pod(f"p{number}", cpu="900m"))
            here.engine.run_for(0.4)
            for each in here.cluster.list("pods") if asking else ():
                explanation(here.scheduler, each)
        here.engine.run_for(30)
        placed = [(p["metadata"]["name"], p["spec"].get("nodeName")) for p in here.cluster.list("pods")]
        return [*map(str, here.engine.journal), *map(str, placed)]

    assert run(asking=True) == run(asking=False)


def test_old_decisions_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "MOST_DECISIONS", 2)
    here = world()
    sources = [told(here, pod(f"p{number}"))["source"] for number in range(3)]
    assert sources == ["recorded"] * 3
    first = here.cluster.get("pods", "default", "p0")
    assert explanation(here.scheduler, first)["source"] == "recomputed"


def test_in_a_cluster_of_many_nodes_points_are_worked_out_when_asked() -> None:
    """Keeping them would cost every decision; the one that asks can wait."""
    here = world(*usual_nodes(decisions.SCORES_UP_TO_NODES + 1))
    found = told(here, pod("one"))
    assert (found["source"], found["state"]) == ("recomputed", "bound")
    chosen = next(n for n in found["nodes"] if n.get("chosen"))
    assert chosen["name"] == found["node"]
    assert sum(chosen["scores"].values()) == chosen["total"]
