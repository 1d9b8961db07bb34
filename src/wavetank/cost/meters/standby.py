"""The standby region: images and secrets that are kept there, too. Copies of backups are in ``snapshots`` and ``backups``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from wavetank.cost.readings import Range, Reading
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    return [] if plan.standby is None else list(_readings(plan, plan.standby.region))


def _readings(plan: Plan, region: str) -> Iterator[Reading]:
    assert plan.standby is not None, "somebody asked for the standby region"
    path = "standby.replicate"
    images = plan.cost.image_storage_gb
    if "images" in plan.standby.replicate and plan.repositories and images:
        yield _reading(f"container images in {region}", "ecrGBMonth", images, "GB-months", "as here", path, region)
        name, how = f"container images sent to {region}", "all images are taken to be renewed once a month"
        yield _reading(name, "dataTransferInterRegionGB", images, "GB", how, path, "")
    if "secrets" in plan.standby.replicate and plan.secrets:
        count, how = Range.fixed(len(plan.secrets)), "each replica is paid like a secret"
        name = f"secrets in {region}"
        yield Reading("standby", name, "secretMonth", count, "secret-months", how, path, region=region)
    if "tables" in plan.standby.replicate and plan.serverless is not None:
        size = sum((table.size_gb for table in plan.serverless.tables), Decimal(0))
        writes = sum((table.writes_per_month for table in plan.serverless.tables), Decimal(0)) / 1_000_000
        how = "replicas of the global tables"
        yield _reading(f"tables in {region}", "dynamodbGBMonth", size, "GB-months", how, path, region)
        name = f"writes replicated to {region}"
        yield _reading(name, "dynamodbWritePerMillion", writes, "million", how, path, region)


def _reading(name: str, meter: str, amount: Decimal, unit: str, how: str, path: str, region: str) -> Reading:
    return Reading("standby", name, meter, Range.up_to(amount, amount), unit, how, path, region=region)
