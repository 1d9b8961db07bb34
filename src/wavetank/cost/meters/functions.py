"""Lambda: requests, and memory times duration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from wavetank.cost.readings import MILLION, SECONDS_PER_MONTH, Range, Reading
from wavetank.plan.model import Plan
from wavetank.plan.model.serverless import Function

MIB_PER_GB = 1024


def readings(plan: Plan, on: date) -> list[Reading]:
    functions = plan.serverless.functions if plan.serverless else ()
    return [reading for function in functions for reading in _function(function)]


def _function(function: Function) -> Iterator[Reading]:
    path = f"serverless.functions[{function.name}]"
    seconds = function.duration_ms / 1000
    most = _most(function, seconds)
    invokes = Range.up_to(function.invokes_per_month, most)
    yield Reading(
        component="serverless",
        name=f"{function.name}: requests",
        meter="lambdaRequestsPerMillion",
        quantity=invokes.times(1 / MILLION),
        unit="million",
        how=f"{function.invokes_per_month} invocations a month",
        path=f"{path}.invokesPerMonth",
    )
    gigabytes = Decimal(function.memory_mib) / MIB_PER_GB
    yield Reading(
        component="serverless",
        name=f"{function.name}: duration",
        meter="lambdaArmGBSecond" if function.architecture == "arm64" else "lambdaGBSecond",
        quantity=invokes.times(seconds * gigabytes),
        unit="GB-seconds",
        how=f"{function.invokes_per_month} invocations × {function.duration_ms} ms × {function.memory_mib} MiB",
        path=f"{path}.durationMs",
    )


def _most(function: Function, seconds: Decimal) -> Decimal:
    """Invocations when as many as may run at once run all month; without such a limit the expectation."""
    if function.concurrency is None or not seconds:
        return function.invokes_per_month
    return function.concurrency * SECONDS_PER_MONTH / seconds
