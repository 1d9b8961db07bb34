"""Failures of a Job's pods: what counts as one, what its ``podFailurePolicy`` makes of it, how long to wait after it.

Pure functions. Upstream: ``pkg/controller/job/{pod_failure_policy,backoff_utils}.go``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wavetank.kube import conditions
from wavetank.kube.pod_phase import is_terminating, phase
from wavetank.kube.times import parse
from wavetank.kube.types import Obj

FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS = 10, 600


@dataclass(frozen=True)
class Judged:
    """What the policy says of a failed pod: the ``action`` ("" when no rule fits), and why it ends the Job, if it does."""

    action: str = ""
    message: str = ""

    @property
    def counts(self) -> bool:
        return self.action != "Ignore"


@dataclass(frozen=True)
class Backoff:
    """Failures since the last success, and when the last of them was."""

    failures: int = 0
    last: datetime | None = None

    @property
    def until(self) -> datetime | None:
        """When pods may be made again; None at once."""
        if not self.failures or self.last is None:
            return None
        return self.last + timedelta(seconds=backoff_seconds(self.failures))

    def after(self, succeeded: Sequence[Obj], failed: Sequence[Obj]) -> Backoff:
        """The record when these pods have ended since (``newBackoffRecord``)."""
        ends = sorted(map(finished_at, failed))
        if not succeeded:
            return Backoff(self.failures + len(ends), ends[-1]) if ends else self
        success = max(map(finished_at, succeeded))
        later = [end for end in ends if end > success]
        return Backoff(len(later), later[-1]) if later else Backoff()


def backoff_seconds(failures: int) -> int:
    return min(int(FIRST_BACKOFF_SECONDS * 2 ** min(failures - 1, 30)), LONGEST_BACKOFF_SECONDS)


def replaces_only_failed(job: Obj) -> bool:
    """A pod that is going keeps its place until it has ended (``onlyReplaceFailedPods``)."""
    policy = job["spec"].get("podReplacementPolicy")
    return bool(policy == "Failed") if policy else job["spec"].get("podFailurePolicy") is not None


def has_failed(job: Obj, pod: Obj) -> bool:
    """Ended badly, or was deleted before it ended, unless the Job waits for the end (``isPodFailed``)."""
    if phase(pod) == "Failed":
        return True
    return not replaces_only_failed(job) and is_terminating(pod) and phase(pod) != "Succeeded"


def finished_at(pod: Obj) -> datetime:
    """When the last container ended, else when the pod lost readiness, else when it was deleted or made."""
    ended = [(s.get("state") or {}).get("terminated") for s in (pod.get("status") or {}).get("containerStatuses") or ()]
    times = [t["finishedAt"] for t in ended if t and t.get("finishedAt")]
    if ended and len(times) == len(ended):
        return max(map(parse, times))
    ready, metadata = conditions.condition(pod, "Ready") or {}, pod["metadata"]
    if ready.get("status") == "False" and ready.get("lastTransitionTime"):
        return parse(ready["lastTransitionTime"])
    if metadata.get("deletionTimestamp"):
        return parse(metadata["deletionTimestamp"]) - timedelta(seconds=metadata.get("deletionGracePeriodSeconds") or 0)
    return parse(metadata["creationTimestamp"])


def judged(job: Obj, pod: Obj) -> Judged:
    """The first rule that fits decides (``matchPodFailurePolicy``)."""
    metadata = pod["metadata"]
    place = f"{metadata['namespace']}/{metadata['name']}"
    for number, rule in enumerate((job["spec"].get("podFailurePolicy") or {}).get("rules") or ()):
        found, action = _reason(rule, pod, place), rule["action"]
        if found:
            message = f"{found} matching {action} rule at index {number}"
            return Judged(action, message if action == "FailJob" else "")
    return Judged()


def _reason(rule: Obj, pod: Obj, place: str) -> str:
    """In which words the pod fits the rule; "" when it does not."""
    if rule.get("onExitCodes"):
        status = _matching_exit(rule["onExitCodes"], pod)
        code = status["state"]["terminated"]["exitCode"] if status else 0
        return f"Container {status['name']} for pod {place} failed with exit code {code}" if status else ""
    patterns = [(p["type"], p.get("status", "True")) for p in rule.get("onPodConditions") or ()]
    listed = (pod.get("status") or {}).get("conditions") or ()
    kind = next((c["type"] for c in listed if (c["type"], c["status"]) in patterns), "")
    return f"Pod {place} has condition {kind}" if kind else ""


def _matching_exit(wanted: Obj, pod: Obj) -> Obj | None:
    status = pod.get("status") or {}
    for container in [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]:
        code = ((container.get("state") or {}).get("terminated") or {}).get("exitCode", 0)
        named = wanted.get("containerName") in (None, container["name"])
        if named and code != 0 and (code in wanted["values"]) == (wanted["operator"] == "In"):
            found: Obj = container
            return found
    return None
