"""EventBridge: events that an application sends are billed by the million; schedules and events of AWS services are free."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from wavetank.cost.readings import MILLION, Range, Reading
from wavetank.plan.model import Plan
from wavetank.plan.model.serverless import EventRule


def readings(plan: Plan, on: date) -> list[Reading]:
    return list(_readings(plan))


def _readings(plan: Plan) -> Iterator[Reading]:
    for rule in plan.serverless.events if plan.serverless else ():
        if rule.events_per_month and not _is_free(rule):
            millions = rule.events_per_month / MILLION
            yield Reading(
                component="serverless",
                name=f"{rule.name}: events",
                meter="eventBridgePerMillion",
                quantity=Range.up_to(millions, millions),
                unit="million",
                how=f"{rule.events_per_month} events a month",
                path=f"serverless.events[{rule.name}]",
            )


def _is_free(rule: EventRule) -> bool:
    if rule.pattern is None:
        return True
    sources = rule.pattern.get("source") or []
    return bool(sources) and all(str(source).startswith("aws.") for source in sources)
