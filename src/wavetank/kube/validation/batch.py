"""Rules of Jobs and CronJobs (``pkg/apis/batch/validation``)."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import available_timezones

from ..errors import Cause
from ..selectors import InvalidSelectorError, LabelSelector
from ..types import Obj
from .amounts import not_negative
from .causes import invalid, not_supported, required
from .internal import pod_template
from .job_policies import indexed_only, policies
from .metadata import IMMUTABLE, immutable, metadata, metadata_update
from .names import dns_subdomain
from .pods import template
from .schedules import schedule_problem
from .selectors import label_selector

_MAX_CRON_JOB_NAME = 52
_POLICIES = ("Allow", "Forbid", "Replace")
_MODES = ("NonIndexed", "Indexed")
#: What may change in the template of a Job that is suspended and has not started.
_DIRECTIVES = ("nodeSelector", "tolerations", "affinity", "schedulingGates")


def job(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    spec = obj.get("spec") or {}
    yield from _made_selector(spec, obj.get("metadata") or {})
    yield from _job_spec(spec, "spec")
    yield from _own_selector(spec)


def _made_selector(spec: Obj, meta: Obj) -> Iterator[Cause]:
    """A selector that the server makes asks for the Job's uid and for nothing else."""
    selector = spec.get("selector")
    if selector is None or spec.get("manualSelector"):
        return
    uid, name, prefix = meta.get("uid", ""), meta.get("name", ""), "batch.kubernetes.io/"
    made = {f"{prefix}controller-uid": uid, f"{prefix}job-name": name, "controller-uid": uid, "job-name": name}
    if not _selects(selector, made):
        yield invalid("spec.selector", selector, "`selector` not auto-generated")


def _selects(selector: Obj, labels: Obj) -> bool:
    """A selector that cannot be read is judged elsewhere."""
    try:
        return LabelSelector.from_object(selector).matches(labels)
    except InvalidSelectorError:
        return True


def _own_selector(spec: Obj) -> Iterator[Cause]:
    """A selector that somebody wrote. One that the server makes itself is right, and there only after validation."""
    selector = spec.get("selector")
    if selector is None and not spec.get("manualSelector"):
        return
    if selector is None:
        yield required("spec.selector")
    yield from label_selector(selector, "spec.selector")
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    if selector is None or not _selects(selector, labels):
        yield invalid("spec.template.metadata.labels", labels or None, "`selector` does not match template `labels`")


def _job_spec(spec: Obj, path: str) -> Iterator[Cause]:
    for key in ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"):
        yield from not_negative(spec.get(key), f"{path}.{key}")
    for key in ("backoffLimitPerIndex", "maxFailedIndexes"):
        yield from not_negative(spec.get(key), f"{path}.{key}")
    mode = spec.get("completionMode", "NonIndexed")
    if mode not in _MODES:
        yield not_supported(f"{path}.completionMode", mode, _MODES)
    yield from indexed_only(spec, path)
    yield from policies(spec, path)
    stated = spec.get("template") or {}
    yield from template(stated, f"{path}.template")
    policy = (stated.get("spec") or {}).get("restartPolicy")
    if policy == "Always":
        yield required(f"{path}.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        yield not_supported(f"{path}.template.spec.restartPolicy", policy, ("OnFailure", "Never"))
    elif policy != "Never" and spec.get("podFailurePolicy") is not None:
        why = 'only "Never" is supported when podFailurePolicy is specified'
        yield invalid(f"{path}.template.spec.restartPolicy", policy, why)


def job_update(new: Obj, old: Obj) -> Iterator[Cause]:
    after, before = new["spec"], old["spec"]
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _job_spec(after, "spec")
    yield from _own_selector(after)
    yield from _completions_change(after, before)
    yield from immutable(after.get("selector"), before.get("selector"), "spec.selector")
    if _fixed_template(new, old) != _fixed_template(old, old):
        yield invalid("spec.template", pod_template(after.get("template") or {}), IMMUTABLE)
    for key in ("completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"):
        yield from immutable(after.get(key), before.get(key), f"spec.{key}")


def _completions_change(after: Obj, before: Obj) -> Iterator[Cause]:
    new, old = after.get("completions"), before.get("completions")
    # An indexed Job may be resized as long as parallelism moves with it.
    elastic = before.get("completionMode") == "Indexed" and new == after.get("parallelism") and new is not None
    if new != old and not elastic:
        yield invalid("spec.completions", new, IMMUTABLE)


def _fixed_template(obj: Obj, old: Obj) -> Obj:
    template_ = obj["spec"].get("template") or {}
    waiting = old["spec"].get("suspend") and not (old.get("status") or {}).get("startTime")
    if not waiting:
        return dict(template_)
    spec = {k: v for k, v in (template_.get("spec") or {}).items() if k not in _DIRECTIVES}
    return {"spec": spec}


def cron_job(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {}, _cron_job_name)
    yield from _cron_job_spec(obj.get("spec") or {})


def _cron_job_name(name: str) -> list[str]:
    long = [f"must be no more than {_MAX_CRON_JOB_NAME} characters"] if len(name) > _MAX_CRON_JOB_NAME else []
    return dns_subdomain(name) + long


def _cron_job_spec(spec: Obj) -> Iterator[Cause]:
    yield from _schedule(spec.get("schedule", ""))
    yield from not_negative(spec.get("startingDeadlineSeconds"), "spec.startingDeadlineSeconds")
    policy = spec.get("concurrencyPolicy")
    if policy not in _POLICIES:
        yield not_supported("spec.concurrencyPolicy", policy, _POLICIES)
    zone = spec.get("timeZone")
    if zone is not None and zone not in available_timezones():
        yield invalid(
            "spec.timeZone", zone, f"unknown time zone {zone}" if zone else "timeZone must be nil or non-empty string"
        )
    yield from _job_spec((spec.get("jobTemplate") or {}).get("spec") or {}, "spec.jobTemplate.spec")
    yield from _generated_selector((spec.get("jobTemplate") or {}).get("spec") or {}, "spec.jobTemplate.spec")
    for key in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        yield from not_negative(spec.get(key), f"spec.{key}")


def _generated_selector(spec: Obj, path: str) -> Iterator[Cause]:
    if spec.get("selector") is not None:
        yield invalid(f"{path}.selector", spec["selector"], "`selector` will be auto-generated")
    if spec.get("manualSelector"):
        yield not_supported(f"{path}.manualSelector", True, ("nil", "false"))


def _schedule(schedule: str) -> Iterator[Cause]:
    if not schedule:
        yield required("spec.schedule")
        return
    problem = schedule_problem(schedule)
    if problem:
        yield invalid("spec.schedule", schedule, problem)
    if "TZ" in schedule:
        yield invalid("spec.schedule", schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")


def cron_job_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _cron_job_spec(new["spec"])
