"""S3 buckets: what lies there, and requests. What life-cycle rules move is not estimated: all of it counts as standard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from wavetank.cost.readings import Range, Reading
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    return list(_readings(plan))


def _readings(plan: Plan) -> Iterator[Reading]:
    for bucket in plan.serverless.buckets if plan.serverless else ():
        path = f"serverless.buckets[{bucket.name}]"
        amounts = (
            ("kept", "s3StandardGBMonth", bucket.size_gb, "GB-months", f"{bucket.size_gb} GB expected", "sizeGb"),
            ("reads", "s3GetPer1000", bucket.reads_per_month / 1000, "thousand", "GET requests", "readsPerMonth"),
            ("writes", "s3PutPer1000", bucket.writes_per_month / 1000, "thousand", "PUT requests", "writesPerMonth"),
        )
        for what, meter, amount, unit, how, key in amounts:
            if amount:
                name, quantity = f"{bucket.name}: {what}", Range.up_to(amount, amount)
                yield Reading("serverless", name, meter, quantity, unit, how, f"{path}.{key}")
