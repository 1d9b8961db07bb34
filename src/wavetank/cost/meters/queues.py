"""SQS queues: a fee for a million requests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from wavetank.cost.readings import MILLION, Range, Reading
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    return list(_readings(plan))


def _readings(plan: Plan) -> Iterator[Reading]:
    for queue in plan.serverless.queues if plan.serverless else ():
        if queue.requests_per_month:
            millions = queue.requests_per_month / MILLION
            yield Reading(
                component="serverless",
                name=f"{queue.name}: requests",
                meter="sqsFifoPerMillion" if queue.fifo else "sqsPerMillion",
                quantity=Range.up_to(millions, millions),
                unit="million",
                how=f"{queue.requests_per_month} requests a month",
                path=f"serverless.queues[{queue.name}].requestsPerMonth",
            )
