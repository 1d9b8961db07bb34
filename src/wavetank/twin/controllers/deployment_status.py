"""What a Deployment says of itself: counts, and the conditions Available, Progressing and ReplicaFailure.

Pure functions; the clock is a parameter. Upstream: ``pkg/controller/deployment/{sync,progress}.go``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from wavetank.kube import conditions
from wavetank.kube.times import parse, rfc3339
from wavetank.kube.types import Obj

from .base import LONG_AGO
from .rolling import NO_DEADLINE, Limits

AVAILABLE, PROGRESSING, FAILURE = "Available", "Progressing", "ReplicaFailure"
COMPLETE, TIMED_OUT = "NewReplicaSetAvailable", "ProgressDeadlineExceeded"


def replicas_of(obj: Obj) -> int:
    """``spec.replicas``, 1 when it is not stated."""
    value = obj["spec"].get("replicas")
    return 1 if value is None else int(value)


def counted(replica_set: Obj | None, field: str) -> int:
    return int(((replica_set or {}).get("status") or {}).get(field) or 0)


def has_deadline(deployment: Obj) -> bool:
    return int(deployment["spec"].get("progressDeadlineSeconds") or NO_DEADLINE) != NO_DEADLINE


def with_deployment_condition(
    listed: Sequence[Obj] | None, kind: str, status: conditions.Status, now: datetime, reason: str, message: str
) -> list[Obj]:
    """``SetDeploymentCondition``."""
    return conditions.with_condition(
        listed,
        kind,
        status,
        now,
        reason=reason,
        message=message,
        order="last changed last",
        lastUpdateTime=rfc3339(now),
    )


def calculated_status(deployment: Obj, every: Sequence[Obj], newest: Obj | None, limits: Limits, now: datetime) -> Obj:
    """Counts and the Available condition; the other conditions as they were (``calculateStatus``)."""
    old = deployment.get("status") or {}
    available = sum(counted(rs, "availableReplicas") for rs in every)
    numbers = {
        "replicas": sum(counted(rs, "replicas") for rs in every),
        "updatedReplicas": counted(newest, "replicas"),
        "readyReplicas": sum(counted(rs, "readyReplicas") for rs in every),
        "availableReplicas": available,
        "unavailableReplicas": max(0, sum(map(replicas_of, every)) - available),
    }
    status: Obj = {"observedGeneration": deployment["metadata"].get("generation", 1)}
    status |= {k: n for k, n in numbers.items() if n}
    status["terminatingReplicas"] = sum(counted(rs, "terminatingReplicas") for rs in every)
    if old.get("collisionCount") is not None:
        status["collisionCount"] = old["collisionCount"]
    status["conditions"] = _with_availability(old.get("conditions"), available >= limits.min_available, now)
    return status


def _with_availability(listed: Sequence[Obj] | None, enough: bool, now: datetime) -> list[Obj]:
    if enough:
        words = ("MinimumReplicasAvailable", "Deployment has minimum availability.")
        return with_deployment_condition(listed, AVAILABLE, "True", now, *words)
    words = ("MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    return with_deployment_condition(listed, AVAILABLE, "False", now, *words)


def is_complete(deployment: Obj, status: Obj) -> bool:
    """Every wanted pod is new and available, and there is no other (``DeploymentComplete``)."""
    replicas = replicas_of(deployment)
    fields = ("updatedReplicas", "replicas", "availableReplicas")
    up_to_date = status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 1)
    return up_to_date and all(status.get(field, 0) == replicas for field in fields)


def made_progress(old: Obj, new: Obj) -> bool:
    """``DeploymentProgressing``."""
    old_rest, new_rest = (s.get("replicas", 0) - s.get("updatedReplicas", 0) for s in (old, new))
    rising = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return new_rest < old_rest or any(new.get(f, 0) > old.get(f, 0) for f in rising)


def has_timed_out(deployment: Obj, status: Obj, now: datetime) -> bool:
    """``DeploymentTimedOut``; a timeout stays one until there is progress."""
    condition = _progressing(status)
    if not has_deadline(deployment) or condition is None or condition.get("reason") == COMPLETE:
        return False
    return condition.get("reason") == TIMED_OUT or deadline_of(deployment, condition) < now


def deadline_of(deployment: Obj, condition: Obj) -> datetime:
    seconds = deployment["spec"]["progressDeadlineSeconds"]
    return parse(condition.get("lastUpdateTime") or LONG_AGO) + timedelta(seconds=seconds)


def _progressing(status: Obj) -> Obj | None:
    return next((c for c in status.get("conditions") or () if c["type"] == PROGRESSING), None)


def rollout_status(deployment: Obj, every: Sequence[Obj], newest: Obj | None, limits: Limits, now: datetime) -> Obj:
    """The status during a rollout, with progress and failures judged (``syncRolloutStatus``)."""
    status = calculated_status(deployment, every, newest, limits, now)
    listed: list[Obj] = status["conditions"]
    current = conditions.condition(deployment, PROGRESSING)
    if not has_deadline(deployment):
        listed = conditions.without_condition(listed, PROGRESSING)
    finished = current is not None and current.get("reason") == COMPLETE
    finished = finished and status.get("replicas", 0) == status.get("updatedReplicas", 0)
    if has_deadline(deployment) and not finished:
        listed = _with_progress(deployment, status, listed, newest, now)
    status["conditions"] = _with_failure(listed, every, newest, now)
    return status


def _with_progress(deployment: Obj, status: Obj, listed: list[Obj], newest: Obj | None, now: datetime) -> list[Obj]:
    kind, about = ("ReplicaSet", newest) if newest is not None else ("Deployment", deployment)
    subject = f'{kind} "{about["metadata"]["name"]}"'
    if is_complete(deployment, status):
        text = f"{subject} has successfully progressed."
        return with_deployment_condition(listed, PROGRESSING, "True", now, COMPLETE, text)
    if made_progress(deployment.get("status") or {}, status):
        return _refreshed(deployment, listed, f"{subject} is progressing.", now)
    if has_timed_out(deployment, {**status, "conditions": listed}, now):
        text = f"{subject} has timed out progressing."
        return with_deployment_condition(listed, PROGRESSING, "False", now, TIMED_OUT, text)
    return listed


def _refreshed(deployment: Obj, listed: list[Obj], text: str, now: datetime) -> list[Obj]:
    current = conditions.condition(deployment, PROGRESSING)
    since = current.get("lastTransitionTime") if current and current["status"] == "True" else rfc3339(now)
    fresh = {
        "type": PROGRESSING,
        "status": "True",
        "lastUpdateTime": rfc3339(now),
        "lastTransitionTime": since,
        "reason": "ReplicaSetUpdated",
        "message": text,
    }
    return [*conditions.without_condition(listed, PROGRESSING), fresh]


def _with_failure(listed: list[Obj], every: Sequence[Obj], newest: Obj | None, now: datetime) -> list[Obj]:
    """The newest ReplicaSet's failure, else that of any other (``getReplicaFailures``)."""
    sources = ([newest] if newest is not None else []) + [rs for rs in every if rs is not newest]
    found = next((c for c in (conditions.condition(rs, FAILURE) for rs in sources) if c is not None), None)
    if found is None:
        return conditions.without_condition(listed, FAILURE)
    words = (found.get("reason", ""), found.get("message", ""))
    return with_deployment_condition(listed, FAILURE, found["status"], now, *words)
