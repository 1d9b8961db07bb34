"""The CronJob controller: a Job at each scheduled minute. Upstream: ``pkg/controller/cronjob/cronjob_controllerv2.go``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from wavetank.kube import conditions
from wavetank.kube.errors import ApiError
from wavetank.kube.times import parse, rfc3339
from wavetank.kube.types import Obj

from .base import Controller, Key
from .cron_schedule import Every, InvalidScheduleError, Schedule, UnknownTimeZoneError, schedule_of
from .job_rules import ended
from .ownership import owner_reference

RESOURCE, JOBS = "cronjobs.batch", "jobs.batch"
#: More missed times than this are told, not made up for.
MOST_MISSED = 100


class CronJobController(Controller):
    name = "cronjob-controller"

    def watch(self) -> None:
        self.on(RESOURCE, self.itself)
        self.on(JOBS, self.owner_of_kind("CronJob"))

    def reconcile(self, key: Key) -> None:
        cron = self.cluster.find(RESOURCE, *key)
        if cron is None or cron["metadata"].get("deletionTimestamp"):
            return
        jobs = self.informer.by_controller(JOBS)[cron["metadata"]["uid"]]
        cron = self._forget_ended(cron, jobs)
        self._tell_of_strangers(cron, jobs)
        self._trim(cron, jobs)
        if cron["spec"].get("suspend"):
            return
        try:
            schedule = schedule_of(cron["spec"]["schedule"], cron["spec"].get("timeZone"))
        except UnknownTimeZoneError as error:
            text = f'invalid timeZone: "{cron["spec"].get("timeZone", "")}": {error}'
            self.event(cron, "Warning", "UnknownTimeZone", text)
            return
        except InvalidScheduleError as error:
            text = f'unparseable schedule: "{cron["spec"]["schedule"]}" : {error}'
            self.event(cron, "Warning", "UnparseableSchedule", text)
            return
        self._start_if_due(cron, schedule)
        self._come_back(key, cron, schedule)

    def _come_back(self, key: Key, cron: Obj, schedule: Schedule | Every) -> None:
        since = _last_start(cron)
        due = schedule.next_after(_missed(since, schedule, self.now)[1] or since)
        if due is not None:
            self.enqueue(key, (due - self.now).total_seconds() + self.settings.cron_job_delay_seconds)

    # --- jobs that are over ------------------------------------------------------------------------------------

    def _forget_ended(self, cron: Obj, jobs: Sequence[Obj]) -> Obj:
        """Take ended and vanished Jobs off the list of active ones."""
        status = cron.get("status") or {}
        by_uid = {job["metadata"]["uid"]: job for job in jobs}
        kept: list[Obj] = []
        changed: Obj = dict(status)
        for reference in status.get("active") or ():
            job = by_uid.get(reference["uid"])
            if job is not None and not ended(job):
                kept.append(reference)
            elif job is not None:
                changed |= self._noted_end(cron, job)
            else:
                self.event(cron, "Normal", "MissingJob", f"Active job went missing: {reference['name']}")
        changed = {k: v for k, v in changed.items() if k != "active"} | ({"active": kept} if kept else {})
        return self.write_status(cron, changed)

    def _tell_of_strangers(self, cron: Obj, jobs: Sequence[Obj]) -> None:
        """Jobs that run and that the status does not know of: somebody else made them, or it was forgotten."""
        known = {reference["uid"] for reference in (cron.get("status") or {}).get("active") or ()}
        for job in jobs:
            if job["metadata"]["uid"] not in known and not ended(job):
                text = f"Saw a job that the controller did not create or forgot: {job['metadata']['name']}"
                self.event(cron, "Warning", "UnexpectedJob", text)

    def _noted_end(self, cron: Obj, job: Obj) -> Obj:
        successful = conditions.is_true(job, "Complete")
        kind = "Complete" if successful else "Failed"
        self.event(
            cron, "Normal", "SawCompletedJob", f"Saw completed job: {job['metadata']['name']}, condition: {kind}"
        )
        return {"lastSuccessfulTime": job["status"].get("completionTime")} if successful else {}

    def _trim(self, cron: Obj, jobs: Sequence[Obj]) -> None:
        """Delete the oldest ended Jobs beyond the limits."""
        spec = cron["spec"]
        for kind, limit in (
            ("Complete", spec.get("successfulJobsHistoryLimit", 3)),
            ("Failed", spec.get("failedJobsHistoryLimit", 1)),
        ):
            over = sorted((j for j in jobs if conditions.is_true(j, kind)), key=_age)
            for job in over[: max(0, len(over) - limit)]:
                self._delete(cron, job)

    def _delete(self, cron: Obj, job: Obj) -> None:
        name = job["metadata"]["name"]
        if self.deleted(JOBS, (job["metadata"]["namespace"], name)):
            self.event(cron, "Normal", "SuccessfulDelete", f"Deleted job {name}")

    # --- a new job ---------------------------------------------------------------------------------------------

    def _start_if_due(self, cron: Obj, schedule: Schedule | Every) -> None:
        due = self._latest_due(cron, schedule)
        if due is None:
            return
        deadline = cron["spec"].get("startingDeadlineSeconds")
        if deadline is not None and due + timedelta(seconds=deadline) < self.now:
            text = f"Missed scheduled time to start a job: {due:%a, %d %b %Y %H:%M:%S +0000}"
            self.event(cron, "Warning", "MissSchedule", text)
            return
        active = (cron.get("status") or {}).get("active") or ()
        policy = cron["spec"].get("concurrencyPolicy", "Allow")
        if policy == "Forbid" and active:
            text = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self.event(cron, "Normal", "JobAlreadyActive", text)
            return
        if policy == "Replace":
            self._replace(cron, active)
            active = ()
        self._start(cron, due, active)

    def _latest_due(self, cron: Obj, schedule: Schedule | Every) -> datetime | None:
        """The last scheduled time that has no Job yet."""
        since = _last_start(cron)
        deadline = cron["spec"].get("startingDeadlineSeconds")
        if deadline is not None:
            since = max(since, self.now - timedelta(seconds=deadline))
        missed, found = _missed(since, schedule, self.now)
        if missed > MOST_MISSED:
            text = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
            self.event(cron, "Warning", "TooManyMissedTimes", text)
        return found

    def _replace(self, cron: Obj, active: Sequence[Obj]) -> None:
        for reference in active:
            job = self.cluster.find(JOBS, cron["metadata"]["namespace"], reference["name"])
            if job is not None:
                self._delete(cron, job)

    def _start(self, cron: Obj, due: datetime, active: Sequence[Obj]) -> None:
        job = _job_of(cron, due)
        try:
            created = self.cluster.create(job, manager="kube-controller-manager")
        except ApiError as error:
            if error.reason != "AlreadyExists":
                self.event(cron, "Warning", "FailedCreate", f"Error creating job: {error.message}")
                raise
            return
        name = created["metadata"]["name"]
        self.event(cron, "Normal", "SuccessfulCreate", f"Created job {name}")
        metadata = created["metadata"]
        place = {"kind": "Job", "namespace": metadata["namespace"], "name": name, "uid": metadata["uid"]}
        reference = {**place, "apiVersion": "batch/v1", "resourceVersion": metadata["resourceVersion"]}
        status = {**(cron.get("status") or {}), "active": [*active, reference], "lastScheduleTime": rfc3339(due)}
        self.write_status(cron, status)


def _last_start(cron: Obj) -> datetime:
    """The scheduled time of the last Job; before the first one, when the CronJob was made."""
    return parse((cron.get("status") or {}).get("lastScheduleTime") or cron["metadata"]["creationTimestamp"])


def _missed(since: datetime, schedule: Schedule | Every, now: datetime) -> tuple[int, datetime | None]:
    """How many scheduled times there were after ``since`` and up to now, and the last of them."""
    missed, found = 0, None
    while (due := schedule.next_after(found or since)) is not None and due <= now:
        missed, found = missed + 1, due
    return missed, found


def _scheduled_text(cron: Obj, due: datetime) -> str:
    """The scheduled time as the CronJob's own clock shows it."""
    zone = cron["spec"].get("timeZone")
    return due.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds") if zone else rfc3339(due)


def _age(job: Obj) -> tuple[str, str]:
    return (job.get("status") or {}).get("startTime") or "", job["metadata"]["name"]


def _job_of(cron: Obj, due: datetime) -> Obj:
    """The Job of a scheduled minute, named after it."""
    template = cron["spec"]["jobTemplate"]
    own, metadata = template.get("metadata") or {}, cron["metadata"]
    notes = {
        **(own.get("annotations") or {}),
        "batch.kubernetes.io/cronjob-scheduled-timestamp": _scheduled_text(cron, due),
    }
    made: Obj = {"name": f"{metadata['name']}-{int(due.timestamp()) // 60}", "namespace": metadata["namespace"]}
    if own.get("labels"):
        made["labels"] = own["labels"]
    made |= {"annotations": notes, "ownerReferences": [owner_reference(cron)]}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": made, "spec": template["spec"]}
