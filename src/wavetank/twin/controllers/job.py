"""The Job controller: pods until enough of them succeeded. Upstream: ``pkg/controller/job/job_controller.go``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from wavetank.kube import conditions
from wavetank.kube.errors import ApiError, Cause, invalid
from wavetank.kube.pod_phase import is_terminal, is_terminating, phase
from wavetank.kube.selectors import LabelSelector
from wavetank.kube.times import parse, rfc3339
from wavetank.kube.types import Obj

from .base import LONG_AGO, Context, Controller, Key
from .informer import address, controller_of
from .job_failures import Backoff, backoff_seconds, finished_at, has_failed, judged, replaces_only_failed
from .job_indexes import (
    FAILURES_NOTE,
    IGNORED_NOTE,
    INDEX_NOTE,
    has_valid_index,
    index_of,
    index_text,
    indexes_in,
    is_indexed,
    is_limited_per_index,
    note_of,
    pending_indexes,
    surplus,
    with_index_variable,
)
from .job_rules import COMPLETED, Tally, Verdict, deadline_of, ended, is_complete, verdict, wanted_active
from .job_rules import with_job_condition as with_condition
from .ownership import claimed
from .pod_control import create_all, delete
from .pods import is_active, pod_of_template

RESOURCE = "jobs.batch"
FINALIZER = "batch.kubernetes.io/job-tracking"
OWN_NAME = "kubernetes.io/job-controller"
BURST = 500
#: Changes of pods and of the status within this time are seen in one pass (``syncJobBatchPeriod``); others at once.
BATCH_SECONDS = 1.0


@dataclass
class Pass:
    """One pass over one Job: its pods, what they come to, and what the status will say of those that run."""

    job: Obj
    pods: list[Obj]
    tally: Tally
    succeeded: list[Obj]
    failed: list[Obj]
    active: int
    ready: int
    terminating: int
    backoff: Backoff
    conditions: list[Obj] = field(default_factory=list)
    start_time: str = ""

    @property
    def running(self) -> list[Obj]:
        return [pod for pod in self.pods if is_active(pod)]

    def take_out(self, pods: Sequence[Obj]) -> None:
        """These pods were deleted in this pass: they do not run any more, but they are not gone either."""
        self.active -= len(pods)
        self.terminating += len(pods)
        self.ready -= sum(map(conditions.is_pod_ready, pods))


class JobController(Controller):
    name = "job-controller"
    first_retry_seconds, longest_retry_seconds = 1.0, 60.0

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._backoffs: dict[Key, Backoff] = {}

    def watch(self) -> None:
        self.on(RESOURCE, self.itself, relevant=_generation)
        self.on(RESOURCE, self.itself, after_seconds=BATCH_SECONDS)
        self.on("pods", self.owner_of_kind("Job"), after_seconds=BATCH_SECONDS)

    def reconcile(self, key: Key) -> None:
        job = self.cluster.find(RESOURCE, *key)
        self._let_orphans_go(key, job)
        if job is None or job["spec"].get("managedBy") not in (None, OWN_NAME):
            self._backoffs.pop(key, None)
            return
        pods = self._pods_of(job)
        if job["metadata"].get("deletionTimestamp") or ended(job):
            self._backoffs.pop(key, None)
            self._release(pods)
            self._clean_up(key, job)
            return
        self._synchronize(key, self._pass_over(key, job, pods))

    def _pass_over(self, key: Key, job: Obj, pods: list[Obj]) -> Pass:
        status, active = job.get("status") or {}, [pod for pod in pods if is_active(pod)]
        new = [p for p in pods if _is_tracked(p) and has_valid_index(job, p)]
        succeeded, failed = [p for p in new if phase(p) == "Succeeded"], [p for p in new if has_failed(job, p)]
        started = status.get("startTime") or ("" if job["spec"].get("suspend") else rfc3339(self.now))
        return Pass(
            job,
            pods,
            _tally(job, succeeded, failed),
            succeeded,
            failed,
            active=len(active),
            ready=sum(map(conditions.is_pod_ready, active)),
            terminating=sum(1 for p in pods if is_terminating(p) and not is_terminal(p)),
            backoff=self._backoffs.get(key, Backoff()).after(succeeded, failed),
            conditions=list(status.get("conditions") or ()),
            start_time=started,
        )

    def _synchronize(self, key: Key, now: Pass) -> None:
        end, failure = verdict(now.job, now.pods, now.tally, self.now), None
        if end is not None:
            doomed = now.running
            self._delete(now.job, doomed)
            now.take_out(doomed)
        else:
            failure = self._manage(key, now)
            if is_complete(now.job, now.tally.succeeded, now.active):
                end = COMPLETED
            else:
                self._note_suspension(now)
        self._track(key, now, end)
        self._watch_deadline(key)
        if failure is not None:
            raise failure

    # --- pods --------------------------------------------------------------------------------------------------

    def _pods_of(self, job: Obj) -> list[Obj]:
        """By selector where the Job states one; pods of a generated selector are known by their owner."""
        if not job["spec"].get("selector"):
            return self.informer.by_controller("pods")[job["metadata"]["uid"]]
        return claimed(self.cluster, self.informer, "pods", job, LabelSelector.from_object(job["spec"]["selector"]))

    def _manage(self, key: Key, now: Pass) -> ApiError | None:
        """Bring the number of active pods to what is wanted; deletions come before creations (``manageJob``)."""
        job, running = now.job, now.running
        if job["spec"].get("suspend"):
            self._remove(now, running)
            return None
        wanted = wanted_active(job, now.active, now.tally.succeeded)
        excess = surplus(job, running, max(0, now.active - wanted), self.now)[:BURST]
        if excess:
            self._remove(now, excess)
            return None
        missing = wanted - now.active - (now.terminating if replaces_only_failed(job) else 0)
        return self._add(key, now, min(missing, BURST)) if missing > 0 else None

    def _add(self, key: Key, now: Pass, count: int) -> ApiError | None:
        job, delayed = now.job, _awaiting_replacement(now)
        due = None if is_limited_per_index(job) else now.backoff.until
        indexes = self._indexes_to_add(now, count) if is_indexed(job) else []
        if is_limited_per_index(job):
            moments = {i: _index_backoff(delayed.get(i)) for i in indexes}
            free = [i for i, moment in moments.items() if moment is None or moment <= self.now]
            due = None if free else min(filter(None, moments.values()), default=None)
            indexes = free
        if due is not None and due > self.now:
            self.enqueue(key, max((due - self.now).total_seconds(), BATCH_SECONDS))
            # Upstream gives back no number here: for as long as it waits, the Job counts as having no active pod.
            now.active = 0
            return None
        made = [partial(self._indexed_pod, now, i, delayed.get(i)) for i in indexes] if is_indexed(job) else []
        failure = create_all(self, job, made if is_indexed(job) else [partial(self._pod, job)] * count)
        now.active = sum(map(is_active, self._pods_of(job)))
        return failure

    @staticmethod
    def _indexes_to_add(now: Pass, count: int) -> list[int]:
        taken = {index_of(pod) for pod in now.running} | now.tally.completed | (now.tally.broken or frozenset())
        if replaces_only_failed(now.job):
            taken |= {index_of(pod) for pod in now.pods if is_terminating(pod) and not is_terminal(pod)}
        return pending_indexes(now.job, taken, count)

    def _pod(self, job: Obj) -> Obj:
        pod = pod_of_template(job["spec"]["template"], job)
        finalizers = [f for f in pod["metadata"].get("finalizers") or () if f != FINALIZER]
        metadata = {**pod["metadata"], "finalizers": [*finalizers, FINALIZER]}
        metadata["labels"] = {**(metadata.get("labels") or {}), **_own_labels(job)}
        return {**pod, "metadata": metadata}

    def _indexed_pod(self, now: Pass, index: int, replaced: Obj | None) -> Obj:
        pod, name = self._pod(now.job), f"{now.job['metadata']['name']}-{index}"
        metadata = {**pod["metadata"], "generateName": f"{name}-"}
        notes = {**(metadata.get("annotations") or {}), INDEX_NOTE: str(index)}
        metadata["annotations"] = notes | (_failure_notes(now.job, replaced) if is_limited_per_index(now.job) else {})
        metadata["labels"] = {**metadata["labels"], INDEX_NOTE: str(index)}
        return {**pod, "metadata": metadata, "spec": {**with_index_variable(pod["spec"]), "hostname": name}}

    def _delete(self, job: Obj, pods: Sequence[Obj]) -> None:
        for pod in pods:
            delete(self, job, pod)

    def _remove(self, now: Pass, pods: Sequence[Obj]) -> None:
        """Delete pods that are too many: they are let go first, so that they count as nothing."""
        self._release(pods, every=True)
        self._delete(now.job, pods)
        now.take_out(pods)

    def _release(self, pods: Sequence[Obj], *, every: bool = False) -> None:
        """Let go of pods that have been counted."""
        for pod in pods:
            live = self.cluster.find("pods", *address(pod))
            if live is not None and _is_tracked(live) and (every or is_terminal(live) or is_terminating(live)):
                self.cluster.update(_untracked(live))

    def _let_orphans_go(self, key: Key, job: Obj | None) -> None:
        """Pods of a Job of this name that is no more are counted by nobody (``syncOrphanPod``)."""
        for pod in self.informer.index("pods", "tracked by job", _tracking_job)[key]:
            owner = controller_of(pod)
            if job is None or (owner is not None and owner["uid"] != job["metadata"]["uid"]):
                self.cluster.update(_untracked(pod))

    # --- status ------------------------------------------------------------------------------------------------

    def _note_suspension(self, now: Pass) -> None:
        suspended = bool(now.job["spec"].get("suspend"))
        if not suspended and conditions.condition(now.job, "Suspended") is None:
            return
        words = ("JobSuspended", "Job suspended") if suspended else ("JobResumed", "Job resumed")
        listed = with_condition(now.conditions, "Suspended", "True" if suspended else "False", *words, self.now)
        if listed == now.conditions:
            return
        now.conditions = listed
        self.event(now.job, "Normal", "Suspended" if suspended else "Resumed", words[1])
        # A Job that is held has no start: its deadline and its duration begin when it is let go on.
        now.start_time = "" if suspended else rfc3339(self.now)

    def _track(self, key: Key, now: Pass, end: Verdict | None) -> None:
        """Count what has ended and let go of it; the end of the Job is told when no pod is left (``trackJobStatus...``)."""
        job, delayed = now.job, _awaiting_replacement(now)
        over = [p for p in now.pods if _is_tracked(p) and _may_go(now, p, end, delayed)]
        counted = [p for p in over if _counts_as_failed(now, p, end)]
        if end is not None:
            interim = "FailureTarget" if end.failed else "SuccessCriteriaMet"
            now.conditions = with_condition(now.conditions, interim, "True", end.reason, end.message, self.now)
            job = self._write(job, _status(now, 0))
        final = end is not None and now.terminating == 0
        status = _status(now, len(counted), counted_all=True)
        if end is not None and final:
            kind = "Failed" if end.failed else "Complete"
            status["conditions"] = with_condition(now.conditions, kind, "True", end.reason, end.message, self.now)
            status |= {} if end.failed else {"completionTime": rfc3339(self.now)}
        self._write(job, status)
        self._backoffs[key] = now.backoff
        self._release(over, every=True)
        if end is not None and final:
            self._tell(now, end)

    def _write(self, job: Obj, status: Obj) -> Obj:
        """Raises ApiError as the API refuses a Job of which more pods are ready than active (``ValidateJobStatus``)."""
        ready = status["ready"]
        if ready != (job.get("status") or {}).get("ready") and ready > status.get("active", 0):
            why = f"Invalid value: {ready}: cannot set more ready pods than active"
            raise invalid("batch", "Job", job["metadata"]["name"], [Cause("FieldValueInvalid", why, "status.ready")])
        return self.write_status(job, status)

    def _tell(self, now: Pass, end: Verdict) -> None:
        if end.failed:
            self.event(now.job, "Warning", end.reason, end.message)
            return
        wanted = now.job["spec"].get("completions")
        if wanted is not None and now.tally.succeeded > wanted:
            text = "Too many succeeded pods running after completion count reached"
            self.event(now.job, "Warning", "TooManySucceededPods", text)
        self.event(now.job, "Normal", "Completed", "Job completed")

    def _watch_deadline(self, key: Key) -> None:
        live = self.cluster.find(RESOURCE, *key)
        due = deadline_of(live) if live is not None and not ended(live) else None
        if due is not None and due > self.now:
            self.enqueue(key, (due - self.now).total_seconds())

    def _clean_up(self, key: Key, job: Obj) -> None:
        """Delete a finished Job when its time to live is over."""
        seconds = job["spec"].get("ttlSecondsAfterFinished")
        if seconds is None or job["metadata"].get("deletionTimestamp"):
            return
        final = next(
            c for c in job["status"]["conditions"] if c["type"] in ("Complete", "Failed") and c["status"] == "True"
        )
        left = (
            parse(final.get("lastTransitionTime") or LONG_AGO) + timedelta(seconds=seconds) - self.now
        ).total_seconds()
        if left > 0:
            self.enqueue(key, left)
        else:
            self.cluster.delete(RESOURCE, *key, propagation="Foreground", uid=job["metadata"]["uid"])


def _generation(job: Obj) -> object:
    metadata = job["metadata"]
    return metadata.get("generation"), metadata.get("deletionTimestamp"), metadata["uid"]


def _tally(job: Obj, succeeded: Sequence[Obj], failed: Sequence[Obj]) -> Tally:
    """The totals of the status and of the pods that have ended since."""
    status = job.get("status") or {}
    total_failed = status.get("failed", 0) + sum(judged(job, pod).counts for pod in failed)
    if not is_indexed(job):
        return Tally(status.get("succeeded", 0) + len(succeeded), total_failed)
    wanted = job["spec"]["completions"]
    completed = indexes_in(status.get("completedIndexes", ""), wanted) | {index_of(pod) for pod in succeeded}
    broken = None
    if is_limited_per_index(job):
        new = {index_of(pod) for pod in failed if _gives_up_index(job, pod)}
        broken = frozenset(indexes_in(status.get("failedIndexes", ""), wanted) | new)
    return Tally(len(completed), total_failed, frozenset(completed), broken)


def _gives_up_index(job: Obj, pod: Obj) -> bool:
    found = judged(job, pod)
    too_often = note_of(pod, FAILURES_NOTE) >= job["spec"]["backoffLimitPerIndex"]
    return found.action == "FailIndex" or (found.counts and too_often)


def _awaiting_replacement(now: Pass) -> dict[int, Obj]:
    """By index the failed pod that stays until the next one has taken over its count of failures."""
    if not is_limited_per_index(now.job):
        return {}
    busy = {index_of(p) for p in now.running} | now.tally.completed | (now.tally.broken or frozenset())
    ordered = sorted(now.failed, key=lambda p: (_failures_of(p), finished_at(p)))
    return {index_of(pod): pod for pod in ordered if index_of(pod) not in busy}


def _failures_of(pod: Obj) -> int:
    return note_of(pod, FAILURES_NOTE) + note_of(pod, IGNORED_NOTE)


def _failure_notes(job: Obj, replaced: Obj | None) -> dict[str, str]:
    if replaced is None:
        return {FAILURES_NOTE: "0"}
    counts = judged(job, replaced).counts
    failures, ignored = note_of(replaced, FAILURES_NOTE) + counts, note_of(replaced, IGNORED_NOTE) + (not counts)
    return {FAILURES_NOTE: str(failures)} | ({IGNORED_NOTE: str(ignored)} if ignored else {})


def _index_backoff(replaced: Obj | None) -> datetime | None:
    if replaced is None:
        return None
    return finished_at(replaced) + timedelta(seconds=backoff_seconds(_failures_of(replaced) + 1))


def _may_go(now: Pass, pod: Obj, end: Verdict | None, delayed: Mapping[int, Obj]) -> bool:
    """Whether the pod is done with and can be let go of (``canRemoveFinalizer``)."""
    if end is not None or phase(pod) == "Succeeded":
        return True
    return has_failed(now.job, pod) and delayed.get(index_of(pod)) is not pod


def _counts_as_failed(now: Pass, pod: Obj, end: Verdict | None) -> bool:
    """A pod that is let go of and did not succeed; all that still run when the Job fails are."""
    if phase(pod) == "Succeeded" or not has_valid_index(now.job, pod) or not judged(now.job, pod).counts:
        return False
    return has_failed(now.job, pod) or (end is not None and end.failed)


def _status(now: Pass, newly_failed: int, *, counted_all: bool = False) -> Obj:
    """The status with the pods that run as they are, and the totals before or after this pass has counted."""
    job, old, tally = now.job, now.job.get("status") or {}, now.tally
    status: Obj = {"startTime": now.start_time} if now.start_time else {}
    succeeded = tally.succeeded if counted_all or is_indexed(job) else old.get("succeeded", 0)
    numbers = {"active": now.active, "succeeded": succeeded, "failed": old.get("failed", 0) + newly_failed}
    status |= {name: number for name, number in numbers.items() if number}
    status |= {"terminating": now.terminating, "ready": now.ready, "uncountedTerminatedPods": {}}
    if is_indexed(job):
        status |= {"completedIndexes": index_text(tally.completed)} if tally.completed else {}
        status |= {"failedIndexes": index_text(tally.broken)} if tally.broken is not None else {}
    return {**status, "conditions": now.conditions} if now.conditions else status


def _own_labels(job: Obj) -> dict[str, str]:
    """What the labels of a Job's pods say of it, in the newer and the older spelling."""
    uid, name = job["metadata"]["uid"], job["metadata"]["name"]
    newer = {"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name}
    return newer | {"controller-uid": uid, "job-name": name}


def _is_tracked(pod: Obj) -> bool:
    return FINALIZER in (pod["metadata"].get("finalizers") or ())


def _untracked(pod: Obj) -> Obj:
    rest = [f for f in pod["metadata"]["finalizers"] if f != FINALIZER]
    metadata = {k: v for k, v in pod["metadata"].items() if k != "finalizers"}
    return {**pod, "metadata": {**metadata, "finalizers": rest} if rest else metadata}


def _tracking_job(pod: Obj) -> Iterable[Key]:
    """The Job that is to count the pod."""
    owner = controller_of(pod)
    if owner is None or owner["kind"] != "Job" or not _is_tracked(pod):
        return ()
    return ((pod["metadata"]["namespace"], owner["name"]),)
