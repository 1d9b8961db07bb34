"""S3 buckets: what lies there by class, and requests.

Objects that expire are taken to be of every age alike, so a life-cycle rule for the whole bucket says how much of them lies in
which class. Where nothing expires, nobody can say that, and all of it counts as standard.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from wavetank.cost.readings import Range, Reading, plain
from wavetank.plan.model import Plan
from wavetank.plan.model.serverless import Bucket

CLASSES = (("kept", "s3StandardGBMonth"), ("infrequent", "s3IAGBMonth"), ("in Glacier", "s3GlacierGBMonth"))


def readings(plan: Plan, on: date) -> list[Reading]:
    buckets = plan.serverless.buckets if plan.serverless else ()
    return [reading for bucket in buckets for reading in (*_stored(bucket), *_asked(bucket))]


def _stored(bucket: Bucket) -> Iterator[Reading]:
    for (what, meter), share in zip(CLASSES, class_shares(bucket), strict=True):
        gigabytes = bucket.size_gb * share
        if gigabytes:
            how = f"{plain(bucket.size_gb)} GB expected" + (f", {share * 100:.0f} % of it" if share != 1 else "")
            path = f"serverless.buckets[{bucket.name}].sizeGb"
            quantity = Range.up_to(gigabytes, gigabytes)
            yield Reading("serverless", f"{bucket.name}: {what}", meter, quantity, "GB-months", how, path)


def class_shares(bucket: Bucket) -> tuple[Decimal, Decimal, Decimal]:
    """Shares of what lies in the bucket: standard, infrequent access, Glacier; they add up to 1."""
    rules = [rule for rule in bucket.lifecycle if not rule.prefix and rule.expire_after_days]
    if not rules or not rules[0].expire_after_days:
        return Decimal(1), Decimal(0), Decimal(0)
    rule, end = rules[0], rules[0].expire_after_days
    glacier_from = min(end, rule.glacier_after_days if rule.glacier_after_days is not None else end)
    infrequent_from = min(glacier_from, rule.infrequent_after_days or glacier_from)
    infrequent = Decimal(glacier_from - infrequent_from) / end
    glacier = Decimal(end - glacier_from) / end
    return 1 - infrequent - glacier, infrequent, glacier


def _asked(bucket: Bucket) -> Iterator[Reading]:
    for what, meter, requests, key in (
        ("reads", "s3GetPer1000", bucket.reads_per_month, "readsPerMonth"),
        ("writes", "s3PutPer1000", bucket.writes_per_month, "writesPerMonth"),
    ):
        if requests:
            path, how = f"serverless.buckets[{bucket.name}].{key}", f"{plain(requests)} requests a month"
            quantity = Range.up_to(requests / 1000, requests / 1000)
            yield Reading("serverless", f"{bucket.name}: {what}", meter, quantity, "thousand", how, path)
