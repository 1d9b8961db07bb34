"""The Job controller: pods until enough of them succeeded. Upstream: ``pkg/controller/job/job_controller.go``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from wavetank.kube import conditions
from wavetank.kube.errors import ApiError
from wavetank.kube.pod_phase import is_terminal, is_terminating, phase
from wavetank.kube.selectors import LabelSelector
from wavetank.kube.times import parse, rfc3339
from wavetank.kube.types import Obj

from .base import Controller, Key
from .informer import address, controller_of
from .job_rules import (
    INDEX_NOTE,
    Verdict,
    backoff_until,
    failed_indexes,
    index_of,
    index_text,
    indexes_in,
    is_indexed,
    verdict,
    wanted_active,
    with_index_variable,
    with_job_condition,
)
from .ownership import claimed
from .pod_control import create_all, delete
from .pods import deletion_order, is_active, pod_of_template

RESOURCE = "jobs.batch"
FINALIZER = "batch.kubernetes.io/job-tracking"
BURST = 500
#: Changes of pods within this time are seen in one pass (``syncJobBatchPeriod``); changes of the Job itself at once.
BATCH_SECONDS = 1.0


@dataclass
class Count:
    """What a pass knows of a Job's pods."""

    pods: list[Obj]
    succeeded: int
    failed: int
    completed: set[int]

    @property
    def active(self) -> list[Obj]:
        return [pod for pod in self.pods if is_active(pod)]


class JobController(Controller):
    name = "job-controller"

    def watch(self) -> None:
        self.on(RESOURCE, self.itself)
        self.on("pods", self.owner_of_kind("Job"), after_seconds=BATCH_SECONDS)

    def reconcile(self, key: Key) -> None:
        job = self.cluster.find(RESOURCE, *key)
        self._let_orphans_go(key, job)
        if job is None:
            return
        pods = self._pods_of(job)
        if job["metadata"].get("deletionTimestamp") or ended(job):
            self._release(pods)
            self._clean_up(key, job)
            return
        self._synchronize(key, job, pods)

    def _synchronize(self, key: Key, job: Obj, pods: list[Obj]) -> None:
        count = _counted(job, pods)
        end = _earlier_verdict(job) or verdict(job, pods, count.failed, count.succeeded, count.completed, self.now)
        failure = None
        if end is not None:
            self._stop(job, count, end)
        elif job["spec"].get("suspend"):
            self._remove(job, count.active)
        else:
            failure = self._manage(key, job, count)
        self._write(job, count, end)
        self._release(pods)
        self._watch_deadline(key, job)
        if failure is not None:
            raise failure

    # --- pods --------------------------------------------------------------------------------------------------

    def _pods_of(self, job: Obj) -> list[Obj]:
        """By selector where the Job states one; pods of a generated selector are known by their owner."""
        if not job["spec"].get("selector"):
            return self.informer.by_controller("pods")[job["metadata"]["uid"]]
        return claimed(self.cluster, self.informer, "pods", job, LabelSelector.from_object(job["spec"]["selector"]))

    def _manage(self, key: Key, job: Obj, count: Count) -> ApiError | None:
        active = count.active
        wanted = wanted_active(job, len(active), count.succeeded)
        if len(active) > wanted:
            self._remove(job, deletion_order(active, self.now, coarse=False)[: len(active) - wanted])
            return None
        occupied = len(active) + self._still_terminating(job, count)
        missing = min(wanted - occupied, BURST)
        if missing <= 0:
            return None
        if not is_indexed(job):
            ready = missing if self._is_over(key, backoff_until(count.pods)) else 0
            return create_all(self, job, [partial(self._pod, job)] * ready)
        free = [
            i for i in self._free_indexes(job, count)[:missing] if self._is_over(key, _index_backoff(job, count, i))
        ]
        return create_all(self, job, [partial(self._pod, job, index) for index in free])

    def _is_over(self, key: Key, due: datetime | None) -> bool:
        """Whether this moment has passed; else the Job is looked at again then."""
        if due is None or due <= self.now:
            return True
        self.enqueue(key, (due - self.now).total_seconds())
        return False

    @staticmethod
    def _free_indexes(job: Obj, count: Count) -> list[int]:
        taken = {index_of(pod) for pod in count.active} | count.completed | (failed_indexes(job, count.pods) or set())
        return [i for i in range(job["spec"]["completions"]) if i not in taken]

    @staticmethod
    def _still_terminating(job: Obj, count: Count) -> int:
        if job["spec"].get("podReplacementPolicy") != "Failed":
            return 0
        return sum(1 for pod in count.pods if is_terminating(pod) and not is_terminal(pod))

    def _pod(self, job: Obj, index: int | None = None) -> Obj:
        pod = pod_of_template(job["spec"]["template"], job)
        metadata = {**pod["metadata"], "finalizers": [*(pod["metadata"].get("finalizers") or ()), FINALIZER]}
        metadata["labels"] = {**(metadata.get("labels") or {}), **_own_labels(job)}
        if index is None:
            return {**pod, "metadata": metadata}
        name = f"{job['metadata']['name']}-{index}"
        metadata["generateName"] = f"{name}-"
        metadata["annotations"] = {**(metadata.get("annotations") or {}), INDEX_NOTE: str(index)}
        metadata["labels"] = {**metadata["labels"], INDEX_NOTE: str(index)}
        return {**pod, "metadata": metadata, "spec": {**with_index_variable(pod["spec"]), "hostname": name}}

    def _remove(self, job: Obj, pods: Sequence[Obj]) -> None:
        for pod in pods:
            delete(self, job, pod)

    def _stop(self, job: Obj, count: Count, end: Verdict) -> None:
        """Delete what still runs; it counts as failed if the Job did."""
        running = count.active
        self._remove(job, running)
        if end.failed:
            count.failed += len(running)
        count.pods = [pod for pod in count.pods if is_terminal(pod)]

    def _release(self, pods: Sequence[Obj]) -> None:
        """Let go of pods that have been counted."""
        for pod in pods:
            live = self.cluster.find("pods", *address(pod))
            if live is not None and _is_tracked(live) and (is_terminal(live) or is_terminating(live)):
                self.cluster.update(_untracked(live))

    def _let_orphans_go(self, key: Key, job: Obj | None) -> None:
        """Pods of a Job of this name that is no more are counted by nobody (``syncOrphanPod``)."""
        for pod in self.informer.index("pods", "tracked by job", _tracking_job)[key]:
            owner = controller_of(pod)
            if job is None or (owner is not None and owner["uid"] != job["metadata"]["uid"]):
                self.cluster.update(_untracked(pod))

    # --- status ------------------------------------------------------------------------------------------------

    def _write(self, job: Obj, count: Count, end: Verdict | None) -> None:
        active, old = count.active, job.get("status") or {}
        status: Obj = {"startTime": old.get("startTime") or rfc3339(self.now)}
        if job["spec"].get("suspend"):
            status, active = {}, []
        numbers = {"active": len(active), "succeeded": count.succeeded, "failed": count.failed}
        status |= {name: number for name, number in numbers.items() if number}
        status["terminating"] = sum(1 for p in count.pods if is_terminating(p) and not is_terminal(p))
        status["ready"] = sum(map(conditions.is_pod_ready, active))
        status["uncountedTerminatedPods"] = {}
        if is_indexed(job):
            status |= {"completedIndexes": index_text(count.completed)} if count.completed else {}
            broken = failed_indexes(job, count.pods)
            status |= {"failedIndexes": index_text(broken)} if broken is not None else {}
        listed = self._conditions(job, end)
        if end is not None and not end.failed:
            status["completionTime"] = rfc3339(self.now)
        self.write_status(job, {**status, "conditions": listed} if listed else status)
        if end is not None:
            self._tell(job, end)

    def _conditions(self, job: Obj, end: Verdict | None) -> list[Obj]:
        listed: list[Obj] = list((job.get("status") or {}).get("conditions") or ())
        now = self.now
        suspended = bool(job["spec"].get("suspend"))
        if suspended or any(c["type"] == "Suspended" for c in listed):
            words = ("JobSuspended", "Job suspended") if suspended else ("JobResumed", "Job resumed")
            truth: conditions.Status = "True" if suspended else "False"
            listed = with_job_condition(listed, "Suspended", truth, *words, now)
        if end is None:
            return listed
        for kind in ("FailureTarget", "Failed") if end.failed else ("SuccessCriteriaMet", "Complete"):
            listed = with_job_condition(listed, kind, "True", end.reason, end.message, now)
        return listed

    def _tell(self, job: Obj, end: Verdict) -> None:
        if end.failed:
            self.event(job, "Warning", end.reason, end.message)
        else:
            self.event(job, "Normal", "Completed", "Job completed")

    def _watch_deadline(self, key: Key, job: Obj) -> None:
        limit = job["spec"].get("activeDeadlineSeconds")
        live = self.cluster.find(RESOURCE, *key)
        started = ((live or {}).get("status") or {}).get("startTime")
        if limit is None or started is None or (live is not None and ended(live)):
            return
        left = (parse(started) + timedelta(seconds=limit) - self.now).total_seconds()
        if left > 0:
            self.enqueue(key, left)

    def _clean_up(self, key: Key, job: Obj) -> None:
        """Delete a finished Job when its time to live is over."""
        seconds = job["spec"].get("ttlSecondsAfterFinished")
        if seconds is None or job["metadata"].get("deletionTimestamp"):
            return
        final = next(
            c for c in job["status"]["conditions"] if c["type"] in ("Complete", "Failed") and c["status"] == "True"
        )
        left = (parse(final["lastTransitionTime"]) + timedelta(seconds=seconds) - self.now).total_seconds()
        if left > 0:
            self.enqueue(key, left)
        else:
            self.cluster.delete(RESOURCE, *key, propagation="Foreground", uid=job["metadata"]["uid"])


def _index_backoff(job: Obj, count: Count, index: int) -> datetime | None:
    """With a limit per index each index waits for its own failures, else all wait together."""
    if job["spec"].get("backoffLimitPerIndex") is None:
        return backoff_until(count.pods)
    return backoff_until([pod for pod in count.pods if index_of(pod) == index])


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


def ended(job: Obj) -> bool:
    return conditions.is_true(job, "Complete") or conditions.is_true(job, "Failed")


def _earlier_verdict(job: Obj) -> Verdict | None:
    """A verdict that was noted before the pods were gone."""
    for kind in ("SuccessCriteriaMet", "FailureTarget"):
        found = conditions.condition(job, kind)
        if found is not None and found["status"] == "True":
            return Verdict(kind == "FailureTarget", found.get("reason", ""), found.get("message", ""))
    return None


def _counted(job: Obj, pods: list[Obj]) -> Count:
    """The totals of the status and of the pods that have ended since."""
    status = job.get("status") or {}
    new = [p for p in pods if FINALIZER in (p["metadata"].get("finalizers") or ())]
    completed = indexes_in(status.get("completedIndexes", ""))
    if is_indexed(job):
        completed |= {index_of(p) for p in pods if phase(p) == "Succeeded"}
    succeeded = status.get("succeeded", 0) + sum(1 for p in new if phase(p) == "Succeeded")
    failed = status.get("failed", 0) + sum(1 for p in new if phase(p) == "Failed" or _was_removed(p))
    return Count(pods, len(completed) if is_indexed(job) else succeeded, failed, completed)


def _was_removed(pod: Obj) -> bool:
    """A running pod that somebody deleted counts as failed."""
    return is_terminating(pod) and not is_terminal(pod)
