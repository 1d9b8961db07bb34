"""AWS Backup of file systems and tables, copies in other regions included. Volumes of EBS are in ``snapshots``.

Backups of EFS are incremental; those of DynamoDB are full each time. Old ones may lie in a colder, cheaper tier.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from wavetank.catalog import limit
from wavetank.cost.copies import changed_gb_per_day, incremental_gb, runs_per_day
from wavetank.cost.readings import DAYS_PER_MONTH, Range, Reading, plain
from wavetank.plan.model import Plan
from wavetank.plan.model.backup import BackupPlan


@dataclass(frozen=True)
class Kept:
    """Backups of one thing: how long they are kept, how many days of it warm, how often they are made."""

    days: int
    warm_days: int
    a_day: Decimal
    region: str
    path: str


def readings(plan: Plan, on: date) -> list[Reading]:
    return [*_file_systems(plan), *_tables(plan), *_automatic(plan)]


def _kept(backup: BackupPlan) -> Iterator[Kept]:
    a_day, path = runs_per_day(backup.schedule), f"backup.plans[{backup.name}]"
    yield Kept(backup.retention_days, _warm(backup.retention_days, backup.cold_storage_after_days), a_day, "", path)
    copy = backup.copy
    if copy is not None:
        warm = _warm(copy.retention_days, copy.cold_storage_after_days)
        yield Kept(copy.retention_days, warm, a_day, copy.region, f"{path}.copyTo")


def _warm(days: int, cold_after: int | None) -> int:
    return days if cold_after is None else min(days, cold_after)


def _file_systems(plan: Plan) -> Iterator[Reading]:
    sizes = {each.name: each.size_gb for each in plan.file_systems}
    for backup in plan.backup.plans if plan.backup else ():
        for resource in backup.resources:
            if resource.kind == "fileSystem" and resource.value in sizes:
                for kept in _kept(backup):
                    yield from _file_system(plan, resource.value, sizes[resource.value], kept)


def _automatic(plan: Plan) -> Iterator[Reading]:
    """EFS' own automatic backups, made every day."""
    days = limit("efsAutomaticBackupDays").value
    for each in plan.file_systems:
        if each.backup:
            kept = Kept(days, days, Decimal(1), "", f"fileSystems[{each.name}].backup")
            yield from _file_system(plan, each.name, each.size_gb, kept)


def _file_system(plan: Plan, name: str, gigabytes: Decimal, kept: Kept) -> Iterator[Reading]:
    percent = plan.cost.change_percent_per_day
    warm = incremental_gb(gigabytes, percent, kept.warm_days)
    cold = changed_gb_per_day(gigabytes, percent) * (kept.days - kept.warm_days)
    how = f"{plain(gigabytes)} GB in full + {percent} % of it on each of {kept.warm_days} days"
    yield _reading(name, "backups", "backupEfsGBMonth", warm, how, kept)
    if cold:
        how = f"{percent} % of {plain(gigabytes)} GB on each of {kept.days - kept.warm_days} days"
        yield _reading(name, "cold backups", "backupEfsColdGBMonth", cold, how, kept)
    if kept.region:
        yield _sent(name, changed_gb_per_day(gigabytes, percent) * DAYS_PER_MONTH, kept)


def _tables(plan: Plan) -> Iterator[Reading]:
    sizes = {each.name: each.size_gb for each in plan.serverless.tables} if plan.serverless else {}
    for backup in plan.backup.plans if plan.backup else ():
        for resource in backup.resources:
            if resource.kind == "table" and sizes.get(resource.value):
                for kept in _kept(backup):
                    yield from _table(resource.value, sizes[resource.value], kept)


def _table(name: str, gigabytes: Decimal, kept: Kept) -> Iterator[Reading]:
    warm, cold = kept.warm_days * kept.a_day, (kept.days - kept.warm_days) * kept.a_day
    how = f"{plain(warm)} full backups of {plain(gigabytes)} GB"
    yield _reading(name, "backups", "backupDynamodbGBMonth", gigabytes * warm, how, kept)
    if cold:
        how = f"{plain(cold)} full backups of {plain(gigabytes)} GB"
        yield _reading(name, "cold backups", "backupDynamodbColdGBMonth", gigabytes * cold, how, kept)
    if kept.region:
        yield _sent(name, gigabytes * kept.a_day * DAYS_PER_MONTH, kept)


def _sent(name: str, gigabytes: Decimal, kept: Kept) -> Reading:
    quantity, how = Range.up_to(gigabytes, gigabytes), "what each backup adds, in a month"
    text = f"{name}: backups sent to {kept.region}"
    return Reading("backup", text, "dataTransferInterRegionGB", quantity, "GB", how, kept.path)


def _reading(name: str, what: str, meter: str, gigabytes: Decimal, how: str, kept: Kept) -> Reading:
    where = f" in {kept.region}" if kept.region else ""
    quantity = Range.up_to(gigabytes, gigabytes)
    text = f"{name}: {what}{where}"
    return Reading("backup", text, meter, quantity, "GB-months", how, kept.path, region=kept.region)
