"""API Gateway (HTTP APIs): a fee for a million requests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from wavetank.cost.readings import MILLION, SECONDS_PER_MONTH, Range, Reading
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    return list(_readings(plan))


def _readings(plan: Plan) -> Iterator[Reading]:
    for api in plan.serverless.apis if plan.serverless else ():
        requests = api.requests_per_month / MILLION
        most = api.throttling.rate * SECONDS_PER_MONTH / MILLION
        yield Reading(
            component="serverless",
            name=f"{api.name}: requests",
            meter="apiGatewayHttpPerMillion",
            quantity=Range.up_to(requests, most),
            unit="million",
            how=f"{api.requests_per_month} requests a month; ceiling: {api.throttling.rate} a second all month, as throttled",
            path=f"serverless.apis[{api.name}].requestsPerMonth",
        )
