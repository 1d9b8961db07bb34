"""KUB027: CronJobs whose runs overlap, or start long after their time."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity


def check(case: Case) -> Iterator[Mistake]:
    for cron in case.manifests.of_kind("CronJob", group="batch"):
        gaps = []
        if cron.spec.get("concurrencyPolicy", "Allow") == "Allow":
            gaps.append("a run starts beside one that has not ended (concurrencyPolicy Allow)")
        if cron.spec.get("startingDeadlineSeconds") is None:
            gaps.append("a run that was missed starts however late (no startingDeadlineSeconds)")
        if gaps:
            yield Mistake(
                at=cron.at("spec"),
                message=f"{cron.title} ({cron.spec.get('schedule')}) leaves {len(gaps)} of 2 things open: {'; '.join(gaps)}",
                remedy="set concurrencyPolicy: Forbid (or Replace) and a startingDeadlineSeconds shorter than the interval",
                numbers={"schedule": str(cron.spec.get("schedule")), "open": len(gaps)},
            )


RULE = Rule(
    id="KUB027",
    severity=Severity.INFO,
    title="Runs of a CronJob overlap or pile up",
    source="kubernetes.io/docs/concepts/workloads/controllers/cron-jobs",
    check=check,
)
