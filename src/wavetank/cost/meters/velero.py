"""Velero's bucket: objects of the cluster, kept as long as the longest schedule says, the older ones in Glacier if told so."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from wavetank.cost.meters.snapshots import days_of
from wavetank.cost.readings import Range, Reading
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    if plan.backup is None or plan.backup.bucket is None or not plan.cost.backup_gb:
        return []
    bucket, gigabytes = plan.backup.bucket, plan.cost.backup_gb
    days = bucket.expire_after_days or max((days_of(each) for each in plan.backup.schedules), default=30)
    standard = Decimal(1)
    if bucket.glacier_after_days is not None and bucket.glacier_after_days < days:
        standard = Decimal(bucket.glacier_after_days) / days
    lying = [("kept", "s3StandardGBMonth", gigabytes * standard)]
    if standard < 1:
        lying.append(("in Glacier", "s3GlacierGBMonth", gigabytes * (1 - standard)))
    how = f"{gigabytes} GB assumed, {days} days kept"
    return [
        Reading(
            "backup", f"backups of objects: {what}", meter, Range.up_to(each, each), "GB-months", how, "cost.backupGb"
        )
        for what, meter, each in lying
    ]
