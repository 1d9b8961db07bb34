"""Snapshots of EBS volumes, made by Velero or AWS Backup: a full copy, and what changes on each day that is kept.

A volume in several schedules has one chain of snapshots; the longest retention counts. Full means the whole volume, although
blocks that were never written are not copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from wavetank.cost.claims import Claim, claims
from wavetank.cost.copies import changed_gb_per_day, incremental_gb
from wavetank.cost.readings import DAYS_PER_MONTH, Range, Reading, plain
from wavetank.plan.model import Plan
from wavetank.plan.model.backup import BackupPlan, BackupSchedule

_HOURS_PER_DAY = 24


def readings(plan: Plan, on: date) -> list[Reading]:
    return [reading for claim in claims(plan) for reading in _of_claim(plan, claim)]


def _of_claim(plan: Plan, claim: Claim) -> Iterator[Reading]:
    percent = plan.cost.change_percent_per_day if claim.change_percent_per_day is None else claim.change_percent_per_day
    kept = [*_kept_by_velero(plan, claim), *_kept_by_plans(plan)]
    if kept:
        days, path = max(kept, key=lambda each: each[0])
        gigabytes = incremental_gb(claim.gib, percent, days)
        yield _reading(claim, "snapshots", "ebsSnapshotGBMonth", gigabytes, _how(claim, percent, days), path, "")
    for backup in _plans(plan):
        if backup.copy is not None:
            yield from _copied(claim, percent, backup)


def _kept_by_velero(plan: Plan, claim: Claim) -> Iterator[tuple[int, str]]:
    for schedule in plan.backup.schedules if plan.backup else ():
        covers = not schedule.namespaces or "*" in schedule.namespaces or claim.namespace in schedule.namespaces
        if schedule.volumes == "snapshots" and covers:
            yield days_of(schedule), f"backup.schedules[{schedule.name}]"


def days_of(schedule: BackupSchedule) -> int:
    """Days that a Velero schedule keeps its backups; its ttl is a Go duration in hours (720h0m0s)."""
    return int(schedule.ttl.partition("h")[0]) // _HOURS_PER_DAY


def _plans(plan: Plan) -> list[BackupPlan]:
    """Plans of AWS Backup that take volumes: by tag or by ARN. A tag is taken to be on all volumes of the platform."""
    found = plan.backup.plans if plan.backup else ()
    volumes = "arn:aws:ec2:"
    return [
        backup
        for backup in found
        if any(
            each.kind == "tag" or (each.kind == "arn" and each.value.startswith(volumes)) for each in backup.resources
        )
    ]


def _kept_by_plans(plan: Plan) -> Iterator[tuple[int, str]]:
    for backup in _plans(plan):
        yield backup.retention_days, f"backup.plans[{backup.name}]"


def _copied(claim: Claim, percent: Decimal, backup: BackupPlan) -> Iterator[Reading]:
    assert backup.copy is not None, "only plans with a copy come here"
    days, path, region = backup.copy.retention_days, f"backup.plans[{backup.name}].copyTo", backup.copy.region
    gigabytes = incremental_gb(claim.gib, percent, days)
    how = _how(claim, percent, days)
    yield _reading(claim, f"snapshots in {region}", "ebsSnapshotGBMonth", gigabytes, how, path, region)
    sent = changed_gb_per_day(claim.gib, percent) * DAYS_PER_MONTH
    how = f"{plain(claim.gib)} GiB × {percent} % a day; the first full copy is sent once"
    yield _reading(claim, f"snapshots sent to {region}", "dataTransferInterRegionGB", sent, how, path, "")


def _how(claim: Claim, percent: Decimal, days: int) -> str:
    each = f"{plain(claim.gib)} GiB in full + {percent} % of it on each of {days} days"
    return f"{plain(claim.count.expected)} × ({each})" if claim.count.ceiling > 1 else each


def _reading(claim: Claim, what: str, meter: str, each: Decimal, how: str, path: str, region: str) -> Reading:
    unit = "GB" if meter.startswith("dataTransfer") else "GB-months"
    quantity = claim.count.times(each)
    floor = Range(Decimal(0), quantity.expected, quantity.ceiling)
    name = f"{claim.name}: {what}"
    return Reading("backup", name, meter, floor, unit, how, path, workload=claim.workload, region=region)
