"""The twin decides what Kubernetes 1.36.2 decided: replays of recorded scheduling, autoscaling, rollouts, disruptions, admission.

Each known difference stands here with its cause; a change that adds one has changed a decision.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from tools.decisions.given import Case
from tools.decisions.judge import JUDGES
from tools.decisions.play import played
from tools.decisions.recordings import recorded_cases


def differences(name: str, cases: Iterable[Case]) -> tuple[int, list[str]]:
    """How many decisions there are, and each that differs, with where."""
    total, wrong = 0, []
    for case in cases:
        count, report = JUDGES[name](case, played(name, case))
        total += count
        wrong += [
            f"{case['name']}[{i}]: {[d[1:] for d in report.differences if d[0] == i]}" for i in sorted(report.wrong)
        ]
    return total, wrong


def cases_of_kind(*kinds: str) -> list[Case]:
    return [c for c in recorded_cases("rollout") if c["given"]["object"]["kind"] in kinds]


def test_every_seventh_recorded_case_is_scheduled_as_it_was() -> None:
    total, wrong = differences("scheduler", recorded_cases("scheduler")[::7])
    assert total > 900
    assert wrong == []


@pytest.mark.slow
def test_all_recorded_pods_are_scheduled_as_they_were() -> None:
    assert differences("scheduler", recorded_cases("scheduler")) == (6549, [])


def test_all_recorded_autoscalers_take_the_same_sizes_at_the_same_times() -> None:
    assert differences("hpa", recorded_cases("hpa")) == (49, [])


def test_all_recorded_disruptions_are_answered_as_they_were() -> None:
    assert differences("disruption", recorded_cases("disruption")) == (125, [])


def test_all_recorded_admissions_are_answered_as_they_were() -> None:
    assert differences("admission", recorded_cases("admission")) == (276, [])


#: Two controllers raced, and the ReplicaSet's status overtook the Deployment's: no progress was noticed.
RACED = {
    "deploy-1-surge-100%-unavailable-0[1]",
    "deploy-2-surge-1-unavailable-0[1]",
    "history-limit-1[1]",
    "history-limit-1[4]",
}


def test_recorded_deployments_go_through_the_same_states() -> None:
    total, wrong = differences("rollout", cases_of_kind("Deployment"))
    assert total > 250
    assert {text.partition(":")[0] for text in wrong} <= RACED


def test_recorded_stateful_and_daemon_sets_go_through_the_same_states() -> None:
    total, wrong = differences("rollout", cases_of_kind("StatefulSet", "DaemonSet"))
    assert total > 90
    assert wrong == []


def test_recorded_jobs_go_through_the_same_states() -> None:
    assert differences("rollout", cases_of_kind("Job")) == (53, [])


def test_recorded_cron_jobs_start_the_same_jobs_at_the_same_times() -> None:
    total, wrong = differences("rollout", cases_of_kind("CronJob"))
    assert total == 24
    # Here the recording caught a Job between its creation and its entry in the status; ours are one write.
    assert {text.partition("[")[0] for text in wrong} <= {"cron-short-history-1"}
