"""STO005: volumes that stay, and are paid, after everything that used them is gone."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from wavetank.catalog import price
from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.storage.classes import EBS, claims, class_of, provisioner

_METERS = {"gp3": "ebsGp3GBMonth", "gp2": "ebsGp2GBMonth", "io1": "ebsIo1GBMonth", "io2": "ebsIo2GBMonth"}


def check(case: Case) -> Iterator[Mistake]:
    classes = [each for each in case.manifests.of_kind("StorageClass") if provisioner(each) in EBS]
    retained = [each for each in classes if each.obj.get("reclaimPolicy") == "Retain"]
    # One class for the database that retains beside one that deletes is a decision; all of them is a habit.
    if retained and len(retained) == len(classes):
        for storage_class in retained:
            yield _mistake(case, storage_class)


def _mistake(case: Case, storage_class: Manifest) -> Mistake:
    gib = sum((c.gib or 0) * c.volumes for c in claims(case) if class_of(case, c) is storage_class)
    usd = _monthly(case, storage_class, gib)
    cost = f" ({gib} GiB here, {usd:.2f} USD a month)" if usd is not None and gib else ""
    return Mistake(
        at=storage_class.at("reclaimPolicy"),
        message=(
            f"{storage_class.title} retains its volumes, as do all classes here: whatever is deleted or scaled in leaves "
            f"volumes behind that nobody uses and everybody pays{cost}"
        ),
        remedy="retain for databases only, in a class of their own, and delete elsewhere; look for Released volumes each month",
        numbers={"gib": gib, "usdMonth": f"{usd:.2f}" if usd is not None else "unknown"},
    )


def _monthly(case: Case, storage_class: Manifest, gib: int) -> Decimal | None:
    kind = (storage_class.obj.get("parameters") or {}).get("type", "gp3")
    known = price(case.aws.region or "us-east-1", _METERS.get(kind, ""))
    return None if known is None else known.usd * gib


RULE = Rule(
    id="STO005",
    severity=Severity.WARN,
    title="Every volume is retained for ever",
    source="kubernetes.io/docs/concepts/storage/persistent-volumes (reclaiming)",
    check=check,
)
