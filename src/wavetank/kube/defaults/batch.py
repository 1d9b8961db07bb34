"""Defaults of Jobs and CronJobs. The selector that a Job is given on creation needs its uid and is not a default."""

from __future__ import annotations

from ..types import Obj
from .pods import fill_template

_UNLIMITED = 2**31 - 1


def _fill_job(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    fill_template(spec.setdefault("template", {}))
    _fill_counts(spec)
    spec.setdefault("backoffLimit", _UNLIMITED if spec.get("backoffLimitPerIndex") is not None else 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("manualSelector", False)
    rules = (spec.get("podFailurePolicy") or {}).get("rules")
    spec.setdefault("podReplacementPolicy", "Failed" if spec.get("podFailurePolicy") else "TerminatingOrFailed")
    for rule in rules or ():
        for condition in rule.get("onPodConditions") or ():
            condition["status"] = condition.get("status") or "True"
    labels = spec["template"]["metadata"].get("labels")
    if labels and not obj["metadata"].get("labels"):
        obj["metadata"]["labels"] = dict(labels)
    obj.setdefault("status", {})


def _fill_counts(spec: Obj) -> None:
    # A Job with parallelism alone is a work queue: it has no number of completions.
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = 1
    spec.setdefault("parallelism", 1)


def _fill_cron_job(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    spec["concurrencyPolicy"] = spec.get("concurrencyPolicy") or "Allow"
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)
    job = spec.setdefault("jobTemplate", {})
    job.setdefault("metadata", {})
    fill_template(job.setdefault("spec", {}).setdefault("template", {}))
    obj.setdefault("status", {})


FILLERS = {"Job": _fill_job, "CronJob": _fill_cron_job}
