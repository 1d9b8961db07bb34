"""EFS file systems: what lies there by class, provisioned throughput, and bytes read and written with elastic throughput."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from wavetank.catalog import limit
from wavetank.cost.readings import Range, Reading, plain
from wavetank.plan.model import FileSystem, Plan

KIB_PER_MIB = 1024


def readings(plan: Plan, on: date) -> list[Reading]:
    return [*(reading for each in plan.file_systems for reading in _file_system(plan, each)), *_elastic(plan)]


def _file_system(plan: Plan, stated: FileSystem) -> Iterator[Reading]:
    path = f"fileSystems[{stated.name}]"
    colder = stated.infrequent_after_days is not None or stated.archive_after_days is not None
    percent = plan.cost.infrequent_percent if colder else Decimal(0)
    cold = stated.size_gb * percent / 100
    yield _stored(stated, "kept", "efsStandardGBMonth", stated.size_gb - cold, f"{100 - percent} %", path)
    if cold:
        archive = stated.infrequent_after_days is None
        meter = "efsArchiveGBMonth" if archive else "efsIAGBMonth"
        yield _stored(stated, "archived" if archive else "infrequently used", meter, cold, f"{percent} %", path)
    if stated.provisioned_mibps is not None:
        yield _throughput(stated, stated.provisioned_mibps, path)


def _stored(stated: FileSystem, what: str, meter: str, gigabytes: Decimal, share: str, path: str) -> Reading:
    how = f"{share} of {plain(stated.size_gb)} GB expected"
    name = f"{stated.name}: {what}"
    return Reading("storage", name, meter, Range.up_to(gigabytes, gigabytes), "GB-months", how, f"{path}.sizeGb")


def _throughput(stated: FileSystem, mibps: int, path: str) -> Reading:
    included = (stated.size_gb * limit("efsIncludedKibpsPerGb").value / KIB_PER_MIB).quantize(Decimal("0.01"))
    billed = max(Decimal(0), mibps - included)
    return Reading(
        component="storage",
        name=f"{stated.name}: provisioned throughput",
        meter="efsProvisionedMBpsMonth",
        quantity=Range(billed, billed, Decimal(mibps)),
        unit="MB/s-months",
        how=f"{mibps} MiB/s less {plain(included)} that come with {plain(stated.size_gb)} GB",
        path=f"{path}.provisionedMibps",
    )


def _elastic(plan: Plan) -> Iterator[Reading]:
    elastic = [each for each in plan.file_systems if each.throughput_mode == "elastic"]
    if not elastic:
        return
    amounts = (
        ("read", "efsElasticReadGB", plan.cost.file_system_read_gb, "cost.fileSystemReadGb"),
        ("written", "efsElasticWriteGB", plan.cost.file_system_write_gb, "cost.fileSystemWriteGb"),
    )
    for what, meter, gigabytes, path in amounts:
        if gigabytes:
            how = f"{gigabytes} GB a month assumed, elastic throughput"
            name = f"file systems: {what}"
            yield Reading("storage", name, meter, Range.up_to(gigabytes, gigabytes), "GB", how, path)
