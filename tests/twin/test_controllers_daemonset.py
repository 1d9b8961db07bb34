"""A DaemonSet keeps one pod on every node that fits, and replaces them as its strategy says."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import pytest
from controllers_kit import Bench, in_default, node, template
from tools.decisions.given import Case
from tools.decisions.recordings import recorded_cases

from wavetank.kube.types import Obj
from wavetank.twin.controllers.daemon_pods import Placement, daemon_pod, target_node, tolerations_of

CASES = [case for case in recorded_cases("rollout") if case["given"]["object"]["kind"] == "DaemonSet"]


def daemon_set(**spec: object) -> Obj:
    metadata = {"name": "agent", "namespace": "default"}
    selector = {"matchLabels": {"app": "app"}}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": metadata,
        "spec": {"selector": selector, "template": template(), **spec},
    }


def bench_with(daemon: Obj, *nodes: Obj) -> Bench:
    bench = Bench()
    for each in nodes:
        bench.cluster.create(each)
    bench.cluster.create(daemon)
    bench.settle()
    bench.bind_all()
    bench.make_all_ready()
    bench.settle()
    return bench


def nodes_of(bench: Bench) -> list[str]:
    return sorted(target_node(pod) for pod in bench.pods())


# --- recorded rollouts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=[str(case["name"]) for case in CASES])
def test_rolls_out_as_recorded(case: Case) -> None:
    assert replayed(case) == [comparable(state) for state in case["observed"]]


def comparable(state: Obj) -> Obj:
    """Which node is next is not defined, so pods are compared by version and readiness."""
    counts = Counter((version, ready) for _, version, _, ready in state["pods"])
    return {"after": state["after"], "pods": counts, "status": state["status"]}


def replayed(case: Case) -> list[Obj]:
    given = case["given"]
    bench = bench_with(in_default(given["object"]), *(node(name) for name in given["nodes"]))
    states = [observed(bench, "initial")]
    for action in given["actions"]:
        act(bench, action)
        states.append(observed(bench, json.dumps({k: v for k, v in action.items() if k not in ("steps", "mode")})))
        for _ in range(action["steps"]):
            waiting = [pod for pod in bench.pods() if not is_ready(pod)]
            if not waiting:
                break
            newest = min(waiting, key=lambda pod: (-int(pod["metadata"]["labels"]["v"]), target_node(pod)))
            bench.make_ready(newest["metadata"]["name"])
            quieten(bench)
            states.append(observed(bench, "1 pod(s) ready"))
    return states


def act(bench: Bench, action: Obj) -> None:
    if "update" in action:
        bench.set_template("daemonsets.apps", "app", template(str(action["update"])))
    for pod in sorted(bench.pods(), key=target_node)[: action.get("unready", 0)]:
        bench.make_ready(pod["metadata"]["name"], ready=False)
    quieten(bench)


def quieten(bench: Bench) -> None:
    for _ in range(6):
        bench.settle()
        bench.finish_terminating()
        bench.bind_all()


def is_ready(pod: Obj) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions") or ())


def observed(bench: Bench, after: str) -> Obj:
    pods = [[target_node(p), p["metadata"]["labels"]["v"], p["status"]["phase"], is_ready(p)] for p in bench.pods()]
    status = bench.cluster.get("daemonsets.apps", "default", "app")["status"]
    shown = {k: v for k, v in status.items() if k != "observedGeneration"}
    return comparable({"after": after, "pods": pods, "status": shown})


# --- which nodes -----------------------------------------------------------------------------------------------------


def test_runs_on_every_node_that_fits_and_on_nodes_that_join_later() -> None:
    selected = {**template(), "spec": {**template()["spec"], "nodeSelector": {"disk": "ssd"}}}
    bench = bench_with(daemon_set(template=selected), node("n1", labels={"disk": "ssd"}), node("n2"))
    bench.cluster.create(node("n3", labels={"disk": "ssd"}))
    bench.settle()
    assert nodes_of(bench) == ["n1", "n3"]


def test_a_node_that_is_not_ready_or_cordoned_still_gets_its_pod() -> None:
    taints = [
        {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"},
        {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"},
    ]
    tolerations = [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoSchedule"}]
    bench = bench_with(daemon_set(template=template(tolerations=tolerations)), node("n1", taints=taints))
    assert nodes_of(bench) == ["n1"]


def test_pods_leave_a_node_that_does_not_fit_any_more() -> None:
    bench = bench_with(daemon_set(), node("n1"), node("n2"))
    taint = {"key": "dedicated", "value": "gpu", "effect": "NoExecute"}
    bench.cluster.modify("nodes", "", "n2", lambda n: {**n, "spec": {"taints": [taint]}})
    bench.settle()
    leaving = [target_node(pod) for pod in bench.pods() if pod["metadata"].get("deletionTimestamp")]
    assert leaving == ["n2"]


def test_a_new_noschedule_taint_leaves_running_pods_alone_and_counts_them_as_misscheduled() -> None:
    bench = bench_with(daemon_set(), node("n1"), node("n2"))
    taint = {"key": "dedicated", "value": "gpu", "effect": "NoSchedule"}
    bench.cluster.modify("nodes", "", "n2", lambda n: {**n, "spec": {"taints": [taint]}})
    bench.settle()
    status = bench.cluster.get("daemonsets.apps", "default", "agent")["status"]
    assert nodes_of(bench) == ["n1", "n2"]
    assert (status["desiredNumberScheduled"], status["numberMisscheduled"]) == (1, 1)


def test_a_pod_names_its_node_and_its_revision_so_that_the_scheduler_binds_it_there() -> None:
    made = daemon_pod(daemon_set(template=template(hostNetwork=True)) | {"metadata": _stored()}, "n7", "abc")
    assert target_node(made) == "n7"
    assert made["metadata"]["labels"]["controller-revision-hash"] == "abc"
    keys = [t["key"].removeprefix("node.kubernetes.io/") for t in made["spec"]["tolerations"]]
    assert keys[-1] == "network-unavailable"
    assert len(keys) == 7


def test_an_automatic_toleration_takes_the_place_of_one_with_a_time_limit() -> None:
    limited = {
        "key": "node.kubernetes.io/not-ready",
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 5,
    }
    assert all("tolerationSeconds" not in toleration for toleration in tolerations_of({"tolerations": [limited]}))


def test_a_template_that_names_its_node_fits_no_other() -> None:
    placement = Placement(template(nodeName="n1"))
    assert placement.on(node("n1")).should_run
    assert not placement.on(node("n2")).may_continue


def _stored() -> Obj:
    return {"name": "agent", "namespace": "default", "uid": "u"}


# --- pods that end, revisions ----------------------------------------------------------------------------------------


def test_a_failed_pod_is_replaced_and_a_node_where_pods_keep_failing_waits_longer() -> None:
    bench = bench_with(daemon_set(), node("n1"))
    gone_at = []
    for _ in range(4):
        failed = bench.pods()[0]["metadata"]["name"]
        bench.set_phase(failed, "Failed")
        while any(pod["metadata"]["name"] == failed for pod in bench.pods()):
            bench.settle()
        gone_at.append(bench.engine.now)
        bench.settle()
        bench.bind_all()
    gaps = [later - earlier for earlier, later in pairwise(gone_at)]
    assert gaps == pytest.approx([1, 2, 4], abs=0.3)


def test_revisions_are_counted_and_old_ones_forgotten_beyond_the_limit() -> None:
    bench = bench_with(daemon_set(revisionHistoryLimit=1), node("n1"))
    for version in ("2", "3", "4"):
        bench.set_template("daemonsets.apps", "agent", template(version))
        quieten(bench)
        bench.make_all_ready()
        quieten(bench)
    assert [r["revision"] for r in bench.cluster.list("controllerrevisions.apps")] == [3, 4]


def test_going_back_to_an_old_template_brings_its_revision_to_the_front() -> None:
    bench = bench_with(daemon_set(), node("n1"))
    for version in ("2", "1"):
        bench.set_template("daemonsets.apps", "agent", template(version))
        quieten(bench)
    assert sorted(r["revision"] for r in bench.cluster.list("controllerrevisions.apps")) == [2, 3]


def test_only_the_oldest_of_two_pods_on_a_node_stays() -> None:
    bench = bench_with(daemon_set(), node("n1"))
    first = bench.pods()[0]
    bench.engine.run_for(5)
    metadata = {"name": "twin", "namespace": "default", "labels": first["metadata"]["labels"]}
    metadata["ownerReferences"] = first["metadata"]["ownerReferences"]
    bench.cluster.create({**first, "metadata": metadata})
    bench.settle()
    bench.finish_terminating()
    assert [pod["metadata"]["name"] for pod in bench.pods()] == [first["metadata"]["name"]]
