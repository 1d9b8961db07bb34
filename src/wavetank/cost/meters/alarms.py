"""CloudWatch alarms: a month's fee for each metric that one watches."""

from __future__ import annotations

from datetime import date

from wavetank.cost.readings import Range, Reading
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    count = len(plan.observability.alarms) if plan.observability else 0
    if count == 0:
        return []
    how = f"{count} alarm{'s' if count > 1 else ''} of one metric each"
    path = "observability.alarms"
    return [Reading("logs", "alarms", "cloudwatchAlarmMonth", Range.fixed(count), "alarm-months", how, path)]
