"""KUB028: Jobs that run without end, or stay for ever when they have ended."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import is_hook
from wavetank.checks.workloads import Workload


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        if workload.is_batch and not is_hook(workload):
            gaps = list(_gaps(workload))
            if gaps:
                yield Mistake(
                    at=workload.at("spec"),
                    message=f"{workload.title}: {'; '.join(gaps)}",
                    remedy="set activeDeadlineSeconds to the longest run that makes sense, and ttlSecondsAfterFinished",
                    numbers={"open": len(gaps)},
                )


def _gaps(workload: Workload) -> Iterator[str]:
    spec = workload.manifest.spec
    job = mapping(mapping(spec.get("jobTemplate")).get("spec")) if workload.kind == "CronJob" else spec
    if job.get("activeDeadlineSeconds") is None and workload.spec.get("activeDeadlineSeconds") is None:
        yield f"nothing ends a run that hangs (no activeDeadlineSeconds, backoffLimit {job.get('backoffLimit', 6)})"
    if workload.kind == "Job" and job.get("ttlSecondsAfterFinished") is None:
        yield "it and its pods stay when it has ended (no ttlSecondsAfterFinished)"


RULE = Rule(
    id="KUB028",
    severity=Severity.INFO,
    title="Jobs without an end",
    source="kubernetes.io/docs/concepts/workloads/controllers/job",
    check=check,
)
