"""When a Job ends and why, and what its status says of it. Pure functions.

Upstream: ``pkg/controller/job/{job_controller,success_policy}.go``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wavetank.kube import conditions
from wavetank.kube.pod_phase import phase
from wavetank.kube.times import parse, rfc3339
from wavetank.kube.types import Obj

from .job_failures import has_failed, judged
from .job_indexes import indexes_in

#: ``backoffLimit`` where limits count per index and the total is open.
NO_LIMIT = 2**31 - 1


@dataclass(frozen=True)
class Verdict:
    """Why a Job ends. ``failed``: it did not do what it should."""

    failed: bool
    reason: str
    message: str


COMPLETED = Verdict(False, "CompletionsReached", "Reached expected number of succeeded pods")


@dataclass(frozen=True)
class Tally:
    """What a pass knows of a Job's pods: totals, and for an indexed Job the indexes that are done and given up."""

    succeeded: int
    failed: int
    completed: frozenset[int] = frozenset()
    broken: frozenset[int] | None = None


def ended(job: Obj) -> bool:
    return conditions.is_true(job, "Complete") or conditions.is_true(job, "Failed")


def verdict(job: Obj, pods: Sequence[Obj], tally: Tally, now: datetime) -> Verdict | None:
    """Whether the Job ends now, in the order in which upstream asks; completions are asked when pods were managed."""
    return (
        _earlier(job)
        or _policy_failure(job, pods)
        or _limit_exceeded(job, pods, tally, now)
        or _broken_indexes(job, tally)
        or _policy_success(job, tally.completed)
    )


def _earlier(job: Obj) -> Verdict | None:
    """A verdict that was noted before the pods were gone."""
    for kind in ("SuccessCriteriaMet", "FailureTarget"):
        found = conditions.condition(job, kind)
        if found is not None and found["status"] == "True":
            return Verdict(kind == "FailureTarget", found.get("reason", ""), found.get("message", ""))
    return None


def _policy_failure(job: Obj, pods: Sequence[Obj]) -> Verdict | None:
    """A pod failure that the ``podFailurePolicy`` says ends the Job."""
    found = (judged(job, pod).message for pod in pods if has_failed(job, pod))
    text = next(filter(None, found), "")
    return Verdict(True, "PodFailurePolicy", text) if text else None


def _limit_exceeded(job: Obj, pods: Sequence[Obj], tally: Tally, now: datetime) -> Verdict | None:
    spec = job["spec"]
    if tally.failed > spec.get("backoffLimit", NO_LIMIT) or _restarted_too_often(spec, pods):
        return Verdict(True, "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    due = deadline_of(job)
    if due is not None and now >= due:
        return Verdict(True, "DeadlineExceeded", "Job was active longer than specified deadline")
    return None


def deadline_of(job: Obj) -> datetime | None:
    """When ``activeDeadlineSeconds`` are over; never while it is suspended."""
    started, limit = (job.get("status") or {}).get("startTime"), job["spec"].get("activeDeadlineSeconds")
    if limit is None or not started or job["spec"].get("suspend"):
        return None
    return parse(started) + timedelta(seconds=limit)


def _broken_indexes(job: Obj, tally: Tally) -> Verdict | None:
    spec, broken = job["spec"], tally.broken
    if not broken:
        return None
    if spec.get("maxFailedIndexes") is not None and len(broken) > spec["maxFailedIndexes"]:
        text = "Job has exceeded the specified maximal number of failed indexes"
        return Verdict(True, "MaxFailedIndexesExceeded", text)
    if len(broken) + len(tally.completed) >= spec["completions"]:
        return Verdict(True, "FailedIndexes", "Job has failed indexes")
    return None


def _policy_success(job: Obj, completed: Collection[int]) -> Verdict | None:
    """A rule of the ``successPolicy`` that the completed indexes satisfy."""
    if not completed:
        return None
    for number, rule in enumerate((job["spec"].get("successPolicy") or {}).get("rules") or ()):
        named, count = rule.get("succeededIndexes"), rule.get("succeededCount")
        wanted = set(completed) if named is None else indexes_in(named, job["spec"]["completions"])
        met = len(wanted.intersection(completed))
        whole = named is not None and bool(wanted) and met == len(wanted)
        if whole or (count is not None and bool(wanted) and met >= count):
            return Verdict(False, "SuccessPolicy", f"Matched rules at index {number}")
    return None


def is_complete(job: Obj, succeeded: int, active: int) -> bool:
    """No pod is left, and enough have succeeded; one is enough where the number is open."""
    wanted = job["spec"].get("completions")
    return active == 0 and (succeeded > 0 if wanted is None else succeeded >= wanted)


def _restarted_too_often(spec: Obj, pods: Sequence[Obj]) -> bool:
    if spec["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    statuses = [p.get("status") or {} for p in pods if phase(p) in ("Running", "Pending")]
    lists = [s.get(kind) or () for s in statuses for kind in ("containerStatuses", "initContainerStatuses")]
    restarts, limit = (
        sum(c.get("restartCount", 0) for listed in lists for c in listed),
        spec.get("backoffLimit", NO_LIMIT),
    )
    return bool(restarts > 0 if limit == 0 else restarts >= limit)


def with_job_condition(
    listed: Sequence[Obj], kind: str, status: str, reason: str, message: str, now: datetime
) -> list[Obj]:
    """``listed`` with this condition; one that says the same already stays as it is (``ensureJobConditionStatus``)."""
    old = next((c for c in listed if c["type"] == kind), None)
    stated = {"type": kind, "status": status, "reason": reason, "message": message}
    if old is not None and all(old.get(key, "") == value for key, value in stated.items()):
        return list(listed)
    moment = rfc3339(now)
    new = {**stated, "lastProbeTime": moment, "lastTransitionTime": moment}
    return [new if c is old else c for c in listed] if old is not None else [*listed, new]


def wanted_active(job: Obj, active: int, succeeded: int) -> int:
    """How many pods should run now."""
    spec = job["spec"]
    parallelism = spec.get("parallelism", 1)
    if spec.get("completions") is None:
        return active if succeeded > 0 else int(parallelism)
    return max(0, min(int(parallelism), int(spec["completions"]) - succeeded))
