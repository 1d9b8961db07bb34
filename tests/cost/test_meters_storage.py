"""Volumes, file systems, snapshots and backups: what lies there, in the classes and steps that AWS charges."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from cost_platforms import ON, billed, expected, line, planned, workload
from hypothesis import given
from hypothesis import strategies as st

from wavetank.cost import bill
from wavetank.cost.copies import incremental_gb, runs_per_day
from wavetank.plan.model import Plan
from wavetank.plan.model.backup import BackedUp, Backup, BackupBucket, BackupCopy, BackupPlan, BackupSchedule

percents = st.decimals(min_value=0, max_value=100, places=2)
sizes = st.decimals(min_value=0, max_value=10_000, places=1)


def database(size: str = "100Gi", storage_class: str | None = None, **more: Any) -> dict[str, Any]:
    storage = {
        "name": "data",
        "mountPath": "/data",
        "size": size,
        **({"storageClass": storage_class} if storage_class else {}),
    }
    return workload("db", kind="StatefulSet", replicas=3, storage=[{**storage, **more}])


def test_a_stateful_set_claims_a_volume_for_each_pod() -> None:
    priced = billed(workloads=[database(storage_class="fast")], storageClasses=[{"name": "fast", "type": "gp3"}])
    found = line(priced, "db-data: volume")
    assert found.reading.quantity.expected == 300
    assert expected(priced, "db-data: volume") == Decimal("24.00")
    assert found.reading.workload == "db"


def test_a_claim_without_a_class_lies_on_the_one_that_eks_makes() -> None:
    assert line(billed(workloads=[database()]), "db-data: volume").reading.meter == "ebsGp2GBMonth"


def test_gp3_pays_for_what_exceeds_the_iops_and_throughput_that_come_with_it() -> None:
    fast = {"name": "fast", "type": "gp3", "iops": 6000, "throughput": 250}
    priced = billed(workloads=[database(storage_class="fast")], storageClasses=[fast])
    assert expected(priced, "db-data: IOPS") == Decimal("45.00")  # 3 × 3000 × 0.005
    assert expected(priced, "db-data: throughput") == Decimal("15.00")  # 3 × 125 × 0.04


def test_io2_pays_each_step_of_a_volume_for_its_share() -> None:
    priced = billed(
        workloads=[database("1000Gi", storage_class="io")],
        storageClasses=[{"name": "io", "type": "io2", "iops": 80_000}],
    )
    steps = [expected(priced, f"db-data: IOPS above {below}") for below in (0, 32000, 64000)]
    assert steps == [Decimal("6240.00"), Decimal("4368.00"), Decimal("1528.80")]


def test_what_lies_on_efs_is_paid_with_its_file_system() -> None:
    priced = billed(
        fileSystems=[{"name": "shared", "sizeGb": 200}],
        storageClasses=[{"name": "shared", "type": "efs", "fileSystem": "shared"}],
        workloads=[workload(storage=[{"name": "data", "mountPath": "/d", "size": "10Gi", "storageClass": "shared"}])],
    )
    assert expected(priced, "shared: kept") == Decimal("60.00")
    assert not any("app-data" in each.reading.name for each in priced.lines)


def test_volumes_that_charts_ask_for_are_paid_too() -> None:
    claim = {"spec": {"resources": {"requests": {"storage": "50Gi"}}}}
    values = {
        "prometheus": {"prometheusSpec": {"storageSpec": {"volumeClaimTemplate": claim}}},
        "grafana": {"persistence": {"enabled": True, "size": "10Gi"}, "other": {"persistence": {"enabled": False}}},
    }
    priced = billed(helmReleases=[{"name": "kube-prometheus-stack", "values": values}])
    sizes = [each.reading.quantity.expected for each in priced.lines if each.reading.name.startswith("kube-prom")]
    assert sorted(sizes) == [10, 50]


# --- snapshots and backups --------------------------------------------------------------------------------------------


def with_backup(plan: Plan, **parts: Any) -> Plan:
    return replace(plan, backup=replace(Backup((), None, (), None), **parts))


def schedule(name: str = "daily", ttl: str = "720h0m0s", *namespaces: str) -> BackupSchedule:
    return BackupSchedule(name, "0 2 * * *", namespaces, ttl, "snapshots", ())


def backup_plan(resource: BackedUp, *, cold: int | None = None, copy: BackupCopy | None = None) -> BackupPlan:
    return BackupPlan("nightly", "cron(0 2 * * ? *)", 30, cold, (resource,), copy, 60)


def test_snapshots_are_one_full_copy_and_the_change_of_each_day_that_is_kept() -> None:
    plan = planned(workloads=[database(changePercentPerDay=2)])
    priced = bill(with_backup(plan, schedules=(schedule(),)), ON)
    assert line(priced, "db-data: snapshots").reading.quantity.expected == 3 * (100 + 2 * 30)
    assert expected(priced, "db-data: snapshots") == Decimal("24.00")


def test_a_volume_in_two_schedules_has_one_chain_that_is_kept_longest() -> None:
    plan = with_backup(planned(workloads=[database()]), schedules=(schedule(), schedule("weekly", "2160h0m0s", "apps")))
    (found,) = [each for each in bill(plan, ON).lines if each.reading.meter == "ebsSnapshotGBMonth"]
    assert found.reading.path == "backup.schedules[weekly]"
    assert found.reading.quantity.expected == 3 * (100 + 3 * 90)


def test_a_schedule_of_other_namespaces_takes_no_snapshots_here() -> None:
    plan = with_backup(planned(workloads=[database()]), schedules=(schedule("daily", "720h0m0s", "elsewhere"),))
    assert not any(each.reading.meter == "ebsSnapshotGBMonth" for each in bill(plan, ON).lines)


def test_copies_in_another_region_are_paid_there_and_on_the_way() -> None:
    copy = BackupCopy("eu-west-1", 10, None)
    plan = planned(workloads=[database(changePercentPerDay=1)])
    priced = bill(with_backup(plan, plans=(backup_plan(BackedUp("tag", "yes", "backup"), copy=copy),)), ON)
    there = line(priced, "db-data: snapshots in eu-west-1")
    assert there.reading.region == "eu-west-1"
    assert there.reading.quantity.expected == 3 * (100 + 10)
    sent = line(priced, "db-data: snapshots sent to eu-west-1").reading.quantity.expected
    assert sent.quantize(Decimal("0.01")) == Decimal("91.25")  # 3 × 1 GB × 365/12 days


def test_efs_backs_itself_up_for_35_days_where_it_is_told_to() -> None:
    priced = billed(fileSystems=[{"name": "shared", "sizeGb": 100, "backup": True}])
    assert line(priced, "shared: backups").reading.quantity.expected == 100 + 3 * 35


def test_old_backups_of_a_file_system_lie_in_the_colder_tier() -> None:
    plan = planned(fileSystems=[{"name": "shared", "sizeGb": 100, "backup": False}])
    priced = bill(with_backup(plan, plans=(backup_plan(BackedUp("fileSystem", "shared"), cold=10),)), ON)
    assert line(priced, "shared: backups").reading.quantity.expected == 100 + 3 * 10
    assert line(priced, "shared: cold backups").reading.quantity.expected == 3 * 20


def test_backups_of_objects_go_to_glacier_after_the_days_that_are_stated() -> None:
    bucket = BackupBucket("backups", glacier_after_days=30, expire_after_days=120, kms_key=None)
    plan = planned(cost={"backupGb": 40})
    priced = bill(with_backup(plan, schedules=(schedule(),), bucket=bucket), ON)
    assert line(priced, "backups of objects: kept").reading.quantity.expected == 10
    assert line(priced, "backups of objects: in Glacier").reading.quantity.expected == 30


@given(sizes, percents, st.integers(0, 400), st.integers(0, 400))
def test_longer_retention_never_takes_less(size: Decimal, percent: Decimal, a: int, b: int) -> None:
    less, more = sorted((a, b))
    assert size <= incremental_gb(size, percent, less) <= incremental_gb(size, percent, more)


@pytest.mark.parametrize(
    ("schedule", "a_day"),
    [
        ("0 2 * * *", "1"),
        ("cron(0 2 * * ? *)", "1"),
        ("0 */6 * * *", "4"),
        ("*/15 * * * *", "96"),
        ("0 8-17 * * *", "10"),
        ("0 0,12 * * *", "2"),
        ("rate(6 hours)", "4"),
        ("rate(1 day)", "1"),
    ],
)
def test_runs_of_a_schedule_are_counted_by_the_day(schedule: str, a_day: str) -> None:
    assert runs_per_day(schedule) == Decimal(a_day)


def test_weekly_and_monthly_schedules_run_on_a_share_of_the_days() -> None:
    assert runs_per_day("0 3 * * 0") == runs_per_day("cron(0 3 ? * SUN *)") == Decimal(1) / 7
    assert runs_per_day("0 3 * * MON-FRI") == Decimal(5) / 7
    assert runs_per_day("0 3 1 * *") == Decimal(12) / 365
