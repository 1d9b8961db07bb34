"""When a Job has ended and why, which indexes it still needs, and how long it waits after failures. Pure functions.

Upstream: ``pkg/controller/job/{job_controller,indexed_job_utils,backoff_utils,pod_failure_policy,success_policy}.go``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wavetank.kube import conditions
from wavetank.kube.pod_phase import is_terminal, is_terminating, phase
from wavetank.kube.times import parse, rfc3339
from wavetank.kube.types import Obj

INDEX_NOTE = "batch.kubernetes.io/job-completion-index"
FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 10, 600
#: ``backoffLimit`` where limits count per index and the total is open.
NO_LIMIT = 2**31 - 1


@dataclass(frozen=True)
class Verdict:
    """Why a Job ends. ``failed``: it did not do what it should."""

    failed: bool
    reason: str
    message: str


def is_indexed(job: Obj) -> bool:
    return bool(job["spec"].get("completionMode") == "Indexed")


def index_of(pod: Obj) -> int:
    return int((pod["metadata"].get("annotations") or {}).get(INDEX_NOTE, -1))


def index_text(indexes: Iterable[int]) -> str:
    """Indexes as a status shows them: ``0,1,3-5``."""
    parts: list[str] = []
    run: list[int] = []
    for index in [*sorted(indexes), None]:
        if run and (index is None or index != run[-1] + 1):
            parts.append(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)))
            run = []
        if index is not None:
            run.append(index)
    return ",".join(parts)


def indexes_in(text: str) -> set[int]:
    """The inverse of :func:`index_text`."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def finished_at(pod: Obj) -> datetime:
    """When the last container ended, else when the pod lost readiness, else when it was made."""
    ended = [(s.get("state") or {}).get("terminated") for s in (pod.get("status") or {}).get("containerStatuses") or ()]
    times = [t["finishedAt"] for t in ended if t and t.get("finishedAt")]
    if ended and len(times) == len(ended):
        return max(map(parse, times))
    ready = conditions.condition(pod, "Ready") or {}
    return parse(ready.get("lastTransitionTime") or pod["metadata"]["creationTimestamp"])


def backoff_until(pods: Sequence[Obj]) -> datetime | None:
    """When pods may be made again after the failures since the last success; None at once."""
    ended = sorted((p for p in pods if is_terminal(p)), key=finished_at)
    failures = 0
    for pod in reversed(ended):
        if phase(pod) == "Succeeded":
            break
        failures += 1
    if not failures:
        return None
    seconds = min(FIRST_BACKOFF_SECONDS * 2 ** (failures - 1), LONGEST_BACKOFF_SECONDS)
    return finished_at(ended[-1]) + timedelta(seconds=seconds)


def failed_indexes(job: Obj, pods: Sequence[Obj]) -> set[int] | None:
    """Indexes that failed more often than they may; None when no such limit is set."""
    limit = job["spec"].get("backoffLimitPerIndex")
    if limit is None:
        return None
    counts: dict[int, int] = {}
    for pod in pods:
        if phase(pod) == "Failed":
            counts[index_of(pod)] = counts.get(index_of(pod), 0) + 1
    return {index for index, count in counts.items() if count > limit}


def policy_failure(job: Obj, pods: Sequence[Obj]) -> Verdict | None:
    """A pod failure that the ``podFailurePolicy`` says ends the Job."""
    rules = (job["spec"].get("podFailurePolicy") or {}).get("rules") or ()
    for pod in (p for p in pods if phase(p) == "Failed"):
        for number, rule in enumerate(rules):
            match = _matching_exit(rule, pod)
            if match is None:
                continue
            if rule["action"] != "FailJob":
                break
            metadata = pod["metadata"]
            place = f"pod {metadata['namespace']}/{metadata['name']}"
            text = f"Container {match[0]} for {place} failed with exit code {match[1]} matching FailJob rule at index {number}"
            return Verdict(True, "PodFailurePolicy", text)
    return None


def _matching_exit(rule: Obj, pod: Obj) -> tuple[str, int] | None:
    wanted = rule.get("onExitCodes")
    if not wanted:
        return None
    for status in (pod.get("status") or {}).get("containerStatuses") or ():
        code = ((status.get("state") or {}).get("terminated") or {}).get("exitCode", 0)
        named = wanted.get("containerName") in (None, status["name"])
        if named and code != 0 and (code in wanted["values"]) == (wanted["operator"] == "In"):
            return status["name"], code
    return None


def policy_success(job: Obj, completed: set[int]) -> Verdict | None:
    """A rule of the ``successPolicy`` that the completed indexes satisfy."""
    for number, rule in enumerate((job["spec"].get("successPolicy") or {}).get("rules") or ()):
        relevant = completed
        named = rule.get("succeededIndexes")
        if named is not None:
            relevant = completed & indexes_in(named)
        enough = rule.get("succeededCount", len(indexes_in(named)) if named is not None else 0)
        if enough and len(relevant) >= enough:
            return Verdict(False, "SuccessPolicy", f"Matched rules at index {number}")
    return None


def verdict(
    job: Obj, pods: Sequence[Obj], failed: int, succeeded: int, completed: set[int], now: datetime
) -> Verdict | None:
    """Whether the Job ends now, in the order in which upstream asks."""
    spec = job["spec"]
    by_policy = policy_failure(job, pods)
    if by_policy is not None:
        return by_policy
    if failed > spec.get("backoffLimit", NO_LIMIT) or _restarted_too_often(spec, pods):
        return Verdict(True, "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    started, limit = (job.get("status") or {}).get("startTime"), spec.get("activeDeadlineSeconds")
    if started and limit is not None and now >= parse(started) + timedelta(seconds=limit):
        return Verdict(True, "DeadlineExceeded", "Job was active longer than specified deadline")
    broken = failed_indexes(job, pods)
    if broken and spec.get("maxFailedIndexes") is not None and len(broken) > spec["maxFailedIndexes"]:
        text = "Job has exceeded the specified maximal number of failed indexes"
        return Verdict(True, "MaxFailedIndexesExceeded", text)
    wanted = spec.get("completions")
    if broken and wanted is not None and len(broken | completed) >= wanted:
        return Verdict(True, "FailedIndexes", "Job has failed indexes")
    return policy_success(job, completed) or _completion(spec, pods, succeeded)


def _completion(spec: Obj, pods: Sequence[Obj], succeeded: int) -> Verdict | None:
    wanted, active = spec.get("completions"), any(not is_terminal(p) and not is_terminating(p) for p in pods)
    done = succeeded > 0 and not active if wanted is None else succeeded >= wanted
    return Verdict(False, "CompletionsReached", "Reached expected number of succeeded pods") if done else None


def _restarted_too_often(spec: Obj, pods: Sequence[Obj]) -> bool:
    if spec["template"]["spec"].get("restartPolicy") != "OnFailure":
        return False
    running = (p for p in pods if phase(p) in ("Running", "Pending"))
    statuses = (s for p in running for s in (p.get("status") or {}).get("containerStatuses") or ())
    restarts, limit = sum(s.get("restartCount", 0) for s in statuses), spec.get("backoffLimit", NO_LIMIT)
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


INDEX_VARIABLE = "JOB_COMPLETION_INDEX"


def with_index_variable(spec: Obj) -> Obj:
    """A pod's specification whose containers are told their index (``addCompletionIndexEnvVariables``)."""
    source = {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.labels['{INDEX_NOTE}']"}}
    variable = {"name": INDEX_VARIABLE, "valueFrom": source}

    def told(container: Obj) -> Obj:
        stated = container.get("env") or []
        if any(v["name"] == INDEX_VARIABLE for v in stated):
            return container
        return {**container, "env": [*stated, variable]}

    lists = {key: [told(c) for c in spec[key]] for key in ("initContainers", "containers") if spec.get(key)}
    return {**spec, **lists}


def wanted_active(job: Obj, active: int, succeeded: int) -> int:
    """How many pods should run now."""
    spec = job["spec"]
    parallelism = spec.get("parallelism", 1)
    if spec.get("completions") is None:
        return active if succeeded > 0 else int(parallelism)
    return max(0, min(int(parallelism), int(spec["completions"]) - succeeded))
