"""Indexes of Jobs whose pods are numbered: as text, which are still to do, which pods are too many. Pure functions.

Upstream: ``pkg/controller/job/indexed_job_utils.go``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from wavetank.kube.types import Obj

from .pods import deletion_order

INDEX_NOTE = "batch.kubernetes.io/job-completion-index"
#: How often pods of this index have failed before, on the pod that tries it next.
FAILURES_NOTE = "batch.kubernetes.io/job-index-failure-count"
IGNORED_NOTE = "batch.kubernetes.io/job-index-ignored-failure-count"
INDEX_VARIABLE = "JOB_COMPLETION_INDEX"
NO_INDEX = -1


def is_indexed(job: Obj) -> bool:
    return bool(job["spec"].get("completionMode") == "Indexed")


def is_limited_per_index(job: Obj) -> bool:
    return job["spec"].get("backoffLimitPerIndex") is not None


def index_of(pod: Obj) -> int:
    return note_of(pod, INDEX_NOTE, NO_INDEX)


def note_of(pod: Obj, name: str, default: int = 0) -> int:
    """The whole number that an annotation holds; ``default`` when it is none."""
    text = str((pod["metadata"].get("annotations") or {}).get(name, ""))
    return int(text) if text.isdigit() else default


def has_valid_index(job: Obj, pod: Obj) -> bool:
    """The pod counts: its Job is not indexed, or its index is one of those wanted."""
    return not is_indexed(job) or 0 <= index_of(pod) < job["spec"]["completions"]


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


def indexes_in(text: str, below: int | None = None) -> set[int]:
    """The inverse of :func:`index_text`; ``below`` leaves out those that are not wanted any more."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found if below is None else {index for index in found if index < below}


def pending_indexes(job: Obj, taken: Collection[int], count: int) -> list[int]:
    """The first ``count`` indexes that nobody works on and that are neither done nor given up."""
    return [i for i in range(job["spec"]["completions"]) if i not in taken][:count]


def surplus(job: Obj, active: Sequence[Obj], at_least: int, now: datetime) -> list[Obj]:
    """The active pods to delete: those of indexes that are taken twice or not wanted, then the least useful."""
    removed: list[Obj] = []
    if is_indexed(job):
        by_index: dict[int, list[Obj]] = {}
        for pod in active:
            by_index.setdefault(index_of(pod) if has_valid_index(job, pod) else NO_INDEX, []).append(pod)
        removed = by_index.pop(NO_INDEX, [])
        for same in by_index.values():
            removed += deletion_order(same, now, coarse=False)[:-1]
    if len(removed) >= at_least:
        return removed
    gone = {pod["metadata"]["name"] for pod in removed}
    left = [pod for pod in active if pod["metadata"]["name"] not in gone]
    return removed + deletion_order(left, now, coarse=False)[: at_least - len(removed)]


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
