"""How quantities grow with requests: the ceiling of data is the month at the peak's rate."""

from __future__ import annotations

from decimal import Decimal

from wavetank.cost.readings import Range
from wavetank.plan.model import Plan

#: Without requests stated there is no ratio of peak to mean to take the ceiling from.
NO_GROWTH = Decimal(1)


def peak_factor(plan: Plan) -> Decimal:
    """Peak requests over mean requests, at least 1."""
    mean, peak = plan.traffic.requests_per_second, plan.traffic.peak_requests_per_second
    return max(NO_GROWTH, peak / mean) if mean else NO_GROWTH


def growing(plan: Plan, expected: Decimal) -> Range:
    """Nothing without traffic, the assumption as expected, and the assumption at the peak's rate as ceiling."""
    return Range.up_to(expected, expected * peak_factor(plan))
