"""The twin decides what Kubernetes 1.36.2 decided: replays of recorded scheduling, autoscaling and rollouts.

Floors are what is reached; a change that lowers one has changed a decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from cron_replay import CronReplay
from decision_judge import Case, Report, judge_hpa, judge_rollout, judge_scheduler, recorded_cases
from hpa_replay import HpaReplay
from job_replay import JobReplay
from rollout_replay import RolloutReplay
from scheduler_replay import SchedulerReplay

Judge = Callable[[Case, Any], tuple[int, Report]]
Play = Callable[[Case], Any]


def differences(cases: Iterable[Case], play: Play, judge: Judge) -> tuple[int, list[str]]:
    """How many decisions there are, and each that differs, with where."""
    total, wrong = 0, []
    for case in cases:
        count, report = judge(case, play(case))
        total += count
        wrong += [
            f"{case['name']}[{i}]: {[d[1:] for d in report.differences if d[0] == i]}" for i in sorted(report.wrong)
        ]
    return total, wrong


def schedule(case: Case) -> Any:
    return SchedulerReplay(dict(case)).observed()


def autoscale(case: Case) -> Any:
    return HpaReplay(dict(case)).observed()


def roll_out(case: Case) -> Any:
    return RolloutReplay(dict(case)).observed()


def run_job(case: Case) -> Any:
    return JobReplay(dict(case)).observed()


def run_cron(case: Case) -> Any:
    return CronReplay(dict(case)).observed()


def cases_of_kind(*kinds: str) -> list[Case]:
    return [c for c in recorded_cases("rollout") if c["given"]["object"]["kind"] in kinds]


def test_every_seventh_recorded_case_is_scheduled_as_it_was() -> None:
    total, wrong = differences(recorded_cases("scheduler")[::7], schedule, judge_scheduler)
    assert total > 900
    assert wrong == []


@pytest.mark.slow
def test_all_recorded_pods_are_scheduled_as_they_were() -> None:
    total, wrong = differences(recorded_cases("scheduler"), schedule, judge_scheduler)
    assert total == 6549
    assert wrong == []


def test_all_recorded_autoscalers_take_the_same_sizes_at_the_same_times() -> None:
    total, wrong = differences(recorded_cases("hpa"), autoscale, judge_hpa)
    assert total == 49
    assert wrong == []


#: Two controllers raced, and the ReplicaSet's status overtook the Deployment's: no progress was noticed.
RACED = {
    "deploy-1-surge-100%-unavailable-0[1]",
    "deploy-2-surge-1-unavailable-0[1]",
    "history-limit-1[1]",
    "history-limit-1[4]",
}


def test_recorded_deployments_go_through_the_same_states() -> None:
    total, wrong = differences(cases_of_kind("Deployment"), roll_out, judge_rollout)
    assert total > 250
    assert {text.partition(":")[0] for text in wrong} <= RACED


def test_recorded_stateful_and_daemon_sets_go_through_the_same_states() -> None:
    total, wrong = differences(cases_of_kind("StatefulSet", "DaemonSet"), roll_out, judge_rollout)
    assert total > 90
    assert wrong == []


#: Recorded while the controller was still gathering changes: the status did not know of the failure yet.
LAGGED = {"job-work-queue-one-fails[2]", "job-indexed-retry[3]"}


def test_recorded_jobs_go_through_the_same_states() -> None:
    total, wrong = differences(cases_of_kind("Job"), run_job, judge_rollout)
    assert total == 53
    assert {text.partition(":")[0] for text in wrong} <= LAGGED


def test_recorded_cron_jobs_start_the_same_jobs_at_the_same_times() -> None:
    cases = cases_of_kind("CronJob")
    total, wrong = differences(cases, run_cron, judge_rollout)
    assert total == 24
    # Here the recording caught a Job between its creation and its entry in the status; ours are one write.
    assert {text.partition("[")[0] for text in wrong} <= {"cron-short-history-1"}
