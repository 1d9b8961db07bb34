"""Images and secrets that lie there: ECR storage, Secrets Manager secrets."""

from __future__ import annotations

from datetime import date

from wavetank.cost.readings import Range, Reading
from wavetank.plan.model import Plan


def readings(plan: Plan, on: date) -> list[Reading]:
    return [*_images(plan), *_secrets(plan)]


def _images(plan: Plan) -> list[Reading]:
    if not plan.repositories:
        return []
    expected = plan.cost.image_storage_gb
    how = f"{expected} GB of images assumed in {len(plan.repositories)} repositories"
    quantity = Range.up_to(expected, expected)
    return [Reading("storage", "container images", "ecrGBMonth", quantity, "GB-months", how, "cost.imageStorageGb")]


def _secrets(plan: Plan) -> list[Reading]:
    count = len(plan.secrets)
    if count == 0:
        return []
    how = f"{count} secret{'s' if count > 1 else ''}"
    return [Reading("storage", "secrets", "secretMonth", Range.fixed(count), "secret-months", how, "secrets")]
