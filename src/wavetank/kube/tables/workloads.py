"""Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs, CronJobs and what they leave behind."""

from __future__ import annotations

from datetime import datetime

from ..conditions import is_true
from ..types import Obj
from .cells import (
    AGE,
    CONTAINERS,
    IMAGES,
    NAME,
    NONE,
    SELECTOR,
    UNSET,
    Cell,
    Column,
    Printer,
    age,
    between,
    container_cells,
    is_terminating,
    labels_text,
    name_of,
    selector_text,
    since,
    spec_of,
    status_of,
    template_spec,
)


def _count(obj: Obj, field: str) -> int:
    return int(status_of(obj).get(field) or 0)


def _desired(obj: Obj) -> int:
    replicas = spec_of(obj).get("replicas")
    return int(replicas) if replicas is not None else 0


def _deployment(obj: Obj, now: datetime) -> list[Cell]:
    ready = f"{_count(obj, 'readyReplicas')}/{_desired(obj)}"
    progress: list[Cell] = [name_of(obj), ready, _count(obj, "updatedReplicas"), _count(obj, "availableReplicas")]
    return [*progress, age(obj, now), *container_cells(template_spec(obj)), selector_text(spec_of(obj).get("selector"))]


def _replica_set(obj: Obj, now: datetime) -> list[Cell]:
    counts: list[Cell] = [name_of(obj), _desired(obj), _count(obj, "replicas"), _count(obj, "readyReplicas")]
    return [*counts, age(obj, now), *container_cells(template_spec(obj)), selector_text(spec_of(obj).get("selector"))]


def _replication_controller(obj: Obj, now: datetime) -> list[Cell]:
    return [*_replica_set(obj, now)[:-1], labels_text(spec_of(obj).get("selector"))]


def _stateful_set(obj: Obj, now: datetime) -> list[Cell]:
    ready = f"{_count(obj, 'readyReplicas')}/{_desired(obj)}"
    return [name_of(obj), ready, age(obj, now), *container_cells(template_spec(obj))]


_DAEMON_COUNTS = (
    "desiredNumberScheduled",
    "currentNumberScheduled",
    "numberReady",
    "updatedNumberScheduled",
    "numberAvailable",
)


def _daemon_set(obj: Obj, now: datetime) -> list[Cell]:
    template = template_spec(obj)
    counts = [_count(obj, field) for field in _DAEMON_COUNTS]
    where = labels_text(template.get("nodeSelector"))
    tail = [*container_cells(template), selector_text(spec_of(obj).get("selector"))]
    return [name_of(obj), *counts, where, age(obj, now), *tail]


def _job(obj: Obj, now: datetime) -> list[Cell]:
    tail = [*container_cells(template_spec(obj)), selector_text(spec_of(obj).get("selector"))]
    return [name_of(obj), _job_status(obj), _job_completions(obj), _job_duration(obj, now), age(obj, now), *tail]


def _job_completions(obj: Obj) -> str:
    succeeded, spec = _count(obj, "succeeded"), spec_of(obj)
    if spec.get("completions") is not None:
        return f"{succeeded}/{spec['completions']}"
    parallelism = spec.get("parallelism") or 0
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _job_duration(obj: Obj, now: datetime) -> str:
    status = status_of(obj)
    if not status.get("startTime"):
        return ""
    if status.get("completionTime"):
        return between(status["startTime"], status["completionTime"])
    return since(status["startTime"], now)


def _job_status(obj: Obj) -> str:
    for kind in ("Complete", "Failed"):
        if is_true(obj, kind):
            return kind
    if is_terminating(obj):
        return "Terminating"
    for kind in ("Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if is_true(obj, kind):
            return kind
    return "Running"


def _cron_job(obj: Obj, now: datetime) -> list[Cell]:
    spec, status = spec_of(obj), status_of(obj)
    job_spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    suspend = spec.get("suspend")
    last = status.get("lastScheduleTime")
    return [
        name_of(obj),
        spec.get("schedule", ""),
        spec.get("timeZone") or NONE,
        UNSET if suspend is None else str(bool(suspend)),
        len(status.get("active") or ()),
        since(last, now) if last else NONE,
        age(obj, now),
        *container_cells((job_spec.get("template") or {}).get("spec")),
        selector_text(job_spec.get("selector")),
    ]


def _controller_revision(obj: Obj, now: datetime) -> list[Cell]:
    owners = (obj.get("metadata") or {}).get("ownerReferences") or ()
    owner = next((o for o in owners if o.get("controller")), None)
    return [name_of(obj), _qualified(owner) if owner else NONE, obj.get("revision", 0), age(obj, now)]


def _qualified(owner: Obj) -> str:
    group = owner["apiVersion"].rpartition("/")[0]
    kind = f"{owner['kind']}.{group}" if group else owner["kind"]
    return f"{kind.lower()}/{owner['name']}"


def _pod_template(obj: Obj, now: datetime) -> list[Cell]:
    template = obj.get("template") or {}
    return [
        name_of(obj),
        *container_cells(template.get("spec")),
        labels_text((template.get("metadata") or {}).get("labels")),
    ]


_DESIRED, _CURRENT, _READY = (Column(name, "integer") for name in ("Desired", "Current", "Ready"))
_REPLICA_COLUMNS = (NAME, _DESIRED, _CURRENT, _READY, AGE, CONTAINERS, IMAGES, SELECTOR)
_TEMPLATE_COLUMNS = (CONTAINERS, IMAGES, SELECTOR)

DEPLOYMENTS = Printer(
    (
        NAME,
        Column("Ready", description="Number of pods that are ready, of those wanted."),
        Column("Up-to-date"),
        Column("Available"),
        AGE,
        *_TEMPLATE_COLUMNS,
    ),
    _deployment,
)
REPLICA_SETS = Printer(_REPLICA_COLUMNS, _replica_set)
REPLICATION_CONTROLLERS = Printer(_REPLICA_COLUMNS, _replication_controller)
STATEFUL_SETS = Printer((NAME, Column("Ready"), AGE, CONTAINERS, IMAGES), _stateful_set)
DAEMON_SETS = Printer(
    (
        NAME,
        _DESIRED,
        _CURRENT,
        _READY,
        Column("Up-to-date", "integer"),
        Column("Available", "integer"),
        Column("Node Selector"),
        AGE,
        *_TEMPLATE_COLUMNS,
    ),
    _daemon_set,
)
JOBS = Printer(
    (NAME, Column("Status"), Column("Completions"), Column("Duration"), AGE, *_TEMPLATE_COLUMNS),
    _job,
)
CRON_JOBS = Printer(
    (
        NAME,
        Column("Schedule"),
        Column("Timezone"),
        Column("Suspend", "boolean"),
        Column("Active", "integer"),
        Column("Last Schedule"),
        AGE,
        *_TEMPLATE_COLUMNS,
    ),
    _cron_job,
)
CONTROLLER_REVISIONS = Printer((NAME, Column("Controller"), Column("Revision"), AGE), _controller_revision)
POD_TEMPLATES = Printer((NAME, Column("Containers"), Column("Images"), Column("Pod Labels")), _pod_template)
