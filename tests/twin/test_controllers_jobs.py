"""Jobs as kube-controller-manager 1.36 runs them, beyond what the recordings show: limits per index, policies, ends."""

from __future__ import annotations

from typing import Any

from tools.decisions.bench import Bench, PodScript
from tools.decisions.given import NAMESPACE

from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.controllers.job_failures import Backoff, finished_at, judged
from wavetank.twin.controllers.job_indexes import FAILURES_NOTE, INDEX_NOTE, index_of

JOBS = "jobs.batch"


def job(**spec: Any) -> Obj:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "job:1"}]}}
    metadata = {"name": "work", "namespace": NAMESPACE}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template, **spec}}


def started(script: PodScript | None = None, **spec: Any) -> Bench:
    made = Bench(script or PodScript(start=0.1, ready=0.1))
    made.cluster.create(job(**spec))
    made.engine.run_for(3)
    return made


def status(made: Bench) -> Obj:
    found: Obj = made.cluster.get(JOBS, NAMESPACE, "work")["status"]
    return found


def ends(made: Bench) -> list[tuple[str, str]]:
    return [(c["type"], c["reason"]) for c in status(made).get("conditions") or ()]


def running(made: Bench, index: int | None = None) -> list[Obj]:
    pods = [pod for pod in made.pods() if pod["status"].get("phase") == "Running"]
    return [pod for pod in pods if index is None or index_of(pod) == index]


def finish(made: Bench, code: int, index: int | None = None, seconds: float = 3) -> None:
    made.kubelet.finish(running(made, index)[0], code)
    made.engine.run_for(seconds)


def test_a_failure_is_not_told_while_others_are_ready_and_the_job_waits() -> None:
    """The controller counts no active pod while it waits; the API takes no status with more ready than active pods."""
    made = started(parallelism=3, completions=3)
    finish(made, 1)
    assert (status(made)["active"], status(made).get("failed"), status(made)["ready"]) == (3, None, 3)
    made.engine.run_for(10)
    assert (status(made)["active"], status(made)["failed"], status(made)["ready"]) == (3, 1, 3)


def test_a_failure_of_the_only_pod_is_told_at_once() -> None:
    made = started()
    finish(made, 1)
    assert (status(made).get("active"), status(made)["failed"]) == (None, 1)


def test_a_job_has_failed_only_when_its_pods_are_gone() -> None:
    made = started(PodScript(start=0.1, ready=0.1, stop=20), parallelism=2, completions=2, backoffLimit=0)
    finish(made, 1)
    assert ends(made) == [("FailureTarget", "BackoffLimitExceeded")]
    assert (status(made)["failed"], status(made)["terminating"]) == (2, 1)
    made.engine.run_for(25)
    assert ends(made) == [("FailureTarget", "BackoffLimitExceeded"), ("Failed", "BackoffLimitExceeded")]


def test_a_success_policy_is_met_before_the_other_pods_are_gone() -> None:
    policy = {"rules": [{"succeededIndexes": "0"}]}
    script = PodScript(start=0.1, ready=0.1, stop=20)
    made = started(script, parallelism=2, completions=2, completionMode="Indexed", successPolicy=policy)
    finish(made, 0, index=0)
    assert ends(made) == [("SuccessCriteriaMet", "SuccessPolicy")]
    made.engine.run_for(25)
    assert ends(made) == [("SuccessCriteriaMet", "SuccessPolicy"), ("Complete", "SuccessPolicy")]
    assert (status(made)["succeeded"], status(made).get("failed")) == (1, None)


def test_a_pod_that_somebody_deletes_counts_as_failed_and_is_waited_for() -> None:
    made = started()
    made.cluster.delete("pods", NAMESPACE, running(made)[0]["metadata"]["name"])
    made.engine.run_for(5)
    assert (status(made)["failed"], running(made)) == (1, [])
    made.engine.run_for(8)
    assert len(running(made)) == 1


def test_with_replacement_of_failed_pods_only_a_pod_that_is_going_keeps_its_place() -> None:
    script = PodScript(start=0.1, ready=0.1, stop=None)
    made = started(script, podReplacementPolicy="Failed")
    made.cluster.delete("pods", NAMESPACE, running(made)[0]["metadata"]["name"])
    made.engine.run_for(60)
    assert (status(made).get("failed"), status(made)["terminating"], len(made.pods())) == (None, 1, 1)


def test_pods_of_a_suspended_job_count_as_nothing_and_its_time_begins_anew() -> None:
    made = started(parallelism=2, completions=2)
    first = status(made)["startTime"]
    made.cluster.modify(JOBS, NAMESPACE, "work", lambda live: {**live, "spec": {**live["spec"], "suspend": True}})
    made.engine.run_for(3)
    assert made.pods() == []
    assert (status(made).get("failed"), ends(made)) == (None, [("Suspended", "JobSuspended")])
    assert "startTime" not in status(made), "as kubectl shows: no duration while it is held"
    made.cluster.modify(JOBS, NAMESPACE, "work", lambda live: {**live, "spec": {**live["spec"], "suspend": False}})
    made.engine.run_for(3)
    assert len(running(made)) == 2
    assert status(made)["startTime"] > first
    told = {e["reason"] for e in made.cluster.list("events") if e["involvedObject"]["kind"] == "Job"}
    assert told >= {"Suspended", "Resumed"}


def test_each_index_waits_for_its_own_failures_and_knows_their_number() -> None:
    made = started(parallelism=2, completions=2, completionMode="Indexed", backoffLimitPerIndex=1)
    finish(made, 1, index=0)
    assert [index_of(pod) for pod in running(made)] == [1]
    made.engine.run_for(10)
    (retry,) = running(made, index=0)
    assert retry["metadata"]["annotations"][FAILURES_NOTE] == "1"
    finish(made, 1, index=0)
    assert status(made)["failedIndexes"] == "0"
    finish(made, 0, index=1)
    assert ends(made) == [("FailureTarget", "FailedIndexes"), ("Failed", "FailedIndexes")]


def test_a_rule_may_give_an_index_up_at_once() -> None:
    rule = {"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [7]}}
    made = started(
        parallelism=1,
        completions=2,
        completionMode="Indexed",
        backoffLimitPerIndex=3,
        podFailurePolicy={"rules": [rule]},
    )
    finish(made, 7, index=0)
    assert status(made)["failedIndexes"] == "0"
    assert [index_of(pod) for pod in running(made)] == [1]


def test_an_ignored_failure_does_not_count() -> None:
    rule = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    made = started(backoffLimit=0, podFailurePolicy={"rules": [rule]})
    (pod,), now = running(made), rfc3339(made.engine.utc)
    listed = [*pod["status"]["conditions"], {"type": "DisruptionTarget", "status": "True", "lastTransitionTime": now}]
    made.cluster.set_status(pod, {**pod["status"], "conditions": listed})
    finish(made, 1, seconds=20)
    assert (status(made).get("failed"), ends(made), len(running(made))) == (None, [], 1)


def test_a_rule_about_conditions_names_the_pod_and_the_condition() -> None:
    rule = {"action": "FailJob", "onPodConditions": [{"type": "ConfigIssue", "status": "True"}]}
    pod = {
        "metadata": {"namespace": "a", "name": "p"},
        "status": {"phase": "Failed", "conditions": [{"type": "ConfigIssue", "status": "True"}]},
    }
    found = judged(job(podFailurePolicy={"rules": [rule]}), pod)
    assert found.message == "Pod a/p has condition ConfigIssue matching FailJob rule at index 0"


def test_fewer_completions_take_the_higher_indexes_away() -> None:
    made = started(parallelism=3, completions=3, completionMode="Indexed")
    smaller = {"parallelism": 2, "completions": 2}
    made.cluster.modify(JOBS, NAMESPACE, "work", lambda live: {**live, "spec": {**live["spec"], **smaller}})
    made.engine.run_for(3)
    assert sorted(index_of(pod) for pod in running(made)) == [0, 1]
    assert status(made).get("failed") is None


def test_a_job_of_another_controller_is_left_alone() -> None:
    assert started(managedBy="example.com/queue").pods() == []


def test_backoff_starts_again_after_a_success() -> None:
    def pod(second: int) -> Obj:
        ended = {"exitCode": 1, "finishedAt": f"2026-01-01T00:00:{second:02}Z"}
        return {"status": {"containerStatuses": [{"name": "main", "state": {"terminated": ended}}]}, "metadata": {}}

    twice = Backoff().after([], [pod(1)]).after([], [pod(20)])
    assert twice.failures == 2
    assert twice.until is not None
    assert (twice.until - finished_at(pod(20))).total_seconds() == 20
    assert twice.after([pod(30)], [pod(30)]) == Backoff()
    assert twice.after([pod(30)], [pod(31)]).failures == 1


def test_pods_of_an_index_say_which() -> None:
    made = started(parallelism=1, completions=1, completionMode="Indexed")
    (pod,) = running(made)
    assert (pod["metadata"]["annotations"][INDEX_NOTE], pod["spec"]["hostname"]) == ("0", "work-0")
