"""Budgets count what their pods' controllers want, and forget evictions that led to nothing."""

from __future__ import annotations

import pytest
from controllers_kit import Bench, pod, template
from hypothesis import given
from hypothesis import strategies as st

from wavetank.kube.conditions import condition, status_of
from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.controllers.disruption_counts import Counts, desired_healthy

BUDGETS = "poddisruptionbudgets.policy"


def budget(**spec: object) -> Obj:
    metadata = {"name": "pdb", "namespace": "default"}
    selector = {"matchLabels": {"app": "app"}}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata,
        "spec": {"selector": selector, **spec},
    }


def workload(kind: str, replicas: int) -> Obj:
    selector = {"matchLabels": {"app": "app"}}
    spec = {"replicas": replicas, "selector": selector, "template": template()}
    metadata = {"name": "app", "namespace": "default"}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": spec}


def status(bench: Bench) -> Obj:
    found: Obj = bench.cluster.get(BUDGETS, "default", "pdb")["status"]
    return found


def ready_deployment(replicas: int) -> Bench:
    bench = Bench()
    bench.cluster.create(workload("Deployment", replicas))
    bench.settle()
    bench.make_all_ready()
    return bench


def test_expects_what_the_deployment_wants_not_what_there_is() -> None:
    bench = ready_deployment(4)
    bench.cluster.create(budget(maxUnavailable=1))
    bench.settle()
    bench.cluster.set_replicas("deployments.apps", "default", "app", 6)
    bench.settle()
    assert (status(bench)["expectedPods"], status(bench)["desiredHealthy"]) == (6, 5)
    assert (status(bench)["currentHealthy"], status(bench)["disruptionsAllowed"]) == (4, 0)


def test_a_deployment_in_the_middle_of_a_rollout_counts_once() -> None:
    bench = ready_deployment(4)
    bench.cluster.create(budget(minAvailable="50%"))
    bench.set_template("deployments.apps", "app", template("2"))
    bench.settle()
    assert len(bench.cluster.list("replicasets.apps")) == 2
    assert status(bench)["expectedPods"] == 4


def test_pods_of_a_daemonset_cannot_be_counted_and_nothing_is_allowed() -> None:
    bench = Bench()
    spec = {k: v for k, v in workload("DaemonSet", 1)["spec"].items() if k != "replicas"}
    owner = bench.cluster.create({**workload("DaemonSet", 1), "spec": spec})
    made = pod("p")
    reference = {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "app", "uid": owner["metadata"]["uid"]}
    made["metadata"]["ownerReferences"] = [{**reference, "controller": True}]
    made["spec"]["nodeName"] = "n1"
    bench.cluster.create(made)
    bench.cluster.create(budget(maxUnavailable=1))
    bench.settle()
    failed = condition({"status": status(bench)}, "DisruptionAllowed") or {}
    assert (failed["status"], failed["reason"]) == ("False", "SyncFailed")
    assert failed["message"] == "daemonsets.apps default/app does not implement the scale subresource"
    assert status(bench)["disruptionsAllowed"] == 0


def test_an_eviction_that_is_not_confirmed_is_forgotten_after_two_minutes() -> None:
    bench = ready_deployment(3)
    bench.cluster.create(budget(maxUnavailable=1))
    bench.settle()
    charged = status(bench)
    name = bench.pods()[0]["metadata"]["name"]
    disrupted = {name: "2026-01-01T00:00:00Z"}
    live = bench.cluster.get(BUDGETS, "default", "pdb")
    bench.cluster.set_status(live, {**charged, "disruptionsAllowed": 0, "disruptedPods": disrupted})
    bench.make_ready(bench.pods()[1]["metadata"]["name"], ready=False)
    bench.make_ready(bench.pods()[1]["metadata"]["name"])
    bench.settle()
    assert status(bench)["disruptionsAllowed"] == 0
    bench.settle(130)
    assert status(bench)["disruptionsAllowed"] == 1
    assert "disruptedPods" not in status(bench)
    assert "NotDeleted" in bench.event_reasons(name)


def test_the_mark_of_a_pod_that_was_not_deleted_is_taken_back_after_two_minutes() -> None:
    bench = ready_deployment(1)
    found = bench.pods()[0]
    marked = [*found["status"]["conditions"], {"type": "DisruptionTarget", "status": "True"}]
    marked[-1]["lastTransitionTime"] = "2026-01-01T00:00:00Z"
    bench.cluster.set_status(found, {**found["status"], "conditions": marked})
    bench.settle(100)
    assert status_of(bench.pods()[0], "DisruptionTarget") == "True"
    bench.settle(30)
    assert status_of(bench.pods()[0], "DisruptionTarget") == "False"


def test_a_budget_that_the_controller_has_not_seen_yet_asks_for_patience() -> None:
    bench = ready_deployment(2)
    bench.cluster.create(budget(maxUnavailable=1))
    with pytest.raises(ApiError) as refused:
        bench.cluster.evict("default", bench.pods()[0]["metadata"]["name"])
    assert (refused.value.code, refused.value.retry_after_seconds) == (429, 10)


@given(expected=st.integers(0, 10_000), percent=st.integers(0, 100))
def test_percentages_round_up_on_both_sides(expected: int, percent: int) -> None:
    at_least = desired_healthy({"minAvailable": f"{percent}%"}, expected)
    assert 100 * (at_least - 1) < percent * expected <= 100 * at_least
    at_most = expected - desired_healthy({"maxUnavailable": f"{percent}%"}, expected)
    assert 100 * (at_most - 1) < percent * expected <= 100 * at_most


@given(expected=st.integers(0, 100), desired=st.integers(0, 100), current=st.integers(0, 100))
def test_never_allows_what_would_go_below_the_wanted_health(expected: int, desired: int, current: int) -> None:
    allowed = Counts(expected, desired, current).allowed
    assert allowed >= 0
    assert allowed == 0 or (current - allowed == desired and expected > 0)
