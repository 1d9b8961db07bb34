"""CronJobs beyond the recordings: missed times, zones, and Jobs that come and go beside them."""

from __future__ import annotations

from typing import Any

import pytest
from tools.decisions.bench import Bench, PodScript
from tools.decisions.given import NAMESPACE

from wavetank.kube.types import Obj

CRONS, JOBS = "cronjobs.batch", "jobs.batch"


def cron(schedule: str = "* * * * *", **spec: Any) -> Obj:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "job:1"}]}}
    metadata = {"name": "cron", "namespace": NAMESPACE}
    full = {"schedule": schedule, "jobTemplate": {"spec": {"template": template}}, **spec}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": full}


def started(seconds: float, *, complete: float | None = 5, **spec: Any) -> Bench:
    made = Bench(PodScript(start=0.1, ready=0.1, complete=complete))
    made.cluster.create(cron(**spec))
    made.engine.run_for(seconds)
    return made


def set_spec(made: Bench, **spec: Any) -> None:
    made.cluster.modify(CRONS, NAMESPACE, "cron", lambda live: {**live, "spec": {**live["spec"], **spec}})


def told(made: Bench) -> dict[str, str]:
    about = [e for e in made.cluster.list("events") if e["involvedObject"]["kind"] == "CronJob"]
    return {e["reason"]: e["message"] for e in about}


def test_every_counts_from_the_last_start() -> None:
    made = started(400, schedule="@every 90s")
    times = [job["metadata"]["creationTimestamp"][11:19] for job in made.cluster.list(JOBS)]
    assert len(times) == 3  # of four, as many as are kept
    assert [int(t[3:5]) * 60 + int(t[6:]) for t in times][-1] == 360


def test_of_many_missed_times_only_the_last_is_made_up_for() -> None:
    made = started(65)
    set_spec(made, suspend=True)
    made.engine.run_for(3 * 3600)
    set_spec(made, suspend=False)
    made.engine.run_for(2)
    assert len(made.cluster.list(JOBS)) == 2
    assert told(made)["TooManyMissedTimes"].startswith("too many missed start times. Set or decrease")


def test_a_start_that_comes_too_late_is_left_out_and_told() -> None:
    made = started(65, suspend=True, schedule="0 * * * *", startingDeadlineSeconds=30)
    made.engine.run_until(3600 + 40)
    set_spec(made, suspend=False)
    made.engine.run_for(10)
    assert made.cluster.list(JOBS) == []


@pytest.mark.parametrize(
    ("policy", "running"), [("Allow", 3), ("Forbid", 1), ("Replace", 1)], ids=lambda value: str(value)
)
def test_what_happens_while_the_last_job_still_runs(policy: str, running: int) -> None:
    made = started(185, complete=None, concurrencyPolicy=policy)
    assert len(made.cluster.get(CRONS, NAMESPACE, "cron")["status"]["active"]) == running


def test_a_job_that_vanished_is_told() -> None:
    made = started(65, complete=None)
    (job,) = made.cluster.list(JOBS)
    made.cluster.delete(JOBS, NAMESPACE, job["metadata"]["name"])
    made.engine.run_for(5)
    assert told(made)["MissingJob"] == f"Active job went missing: {job['metadata']['name']}"


def test_the_scheduled_time_is_written_in_the_zone_of_the_cron_job() -> None:
    made = started(65, timeZone="Asia/Tokyo")
    (job,) = made.cluster.list(JOBS)
    assert job["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"].endswith("+09:00")
