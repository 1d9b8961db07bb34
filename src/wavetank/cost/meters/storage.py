"""Images and secrets that lie there: ECR storage and scans, Secrets Manager secrets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from wavetank.cost.readings import Range, Reading
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    return [*_images(plan), *_scans(plan), *_secrets(plan)]


def _images(plan: Plan) -> Iterator[Reading]:
    expected = plan.cost.image_storage_gb
    if plan.repositories and expected:
        how = f"{expected} GB of images assumed in {len(plan.repositories)} repositories"
        quantity = Range.up_to(expected, expected)
        yield Reading("storage", "container images", "ecrGBMonth", quantity, "GB-months", how, "cost.imageStorageGb")


def _scans(plan: Plan) -> Iterator[Reading]:
    """Scanning on push is free; Inspector (enhanced scanning) charges for every image it scans first."""
    scan = plan.image_policy.scan if plan.image_policy else None
    if scan is not None and scan.type == "ENHANCED" and plan.cost.image_scans:
        expected = plan.cost.image_scans
        how, quantity = f"{expected} new images a month assumed, rescans not counted", Range.up_to(expected, expected)
        yield Reading("security", "image scans", "ecrScanImage", quantity, "images", how, "cost.imageScans")


def _secrets(plan: Plan) -> Iterator[Reading]:
    count = len(plan.secrets)
    if count:
        how = f"{count} secret{'s' if count > 1 else ''}"
        yield Reading("storage", "secrets", "secretMonth", Range.fixed(count), "secret-months", how, "secrets")
