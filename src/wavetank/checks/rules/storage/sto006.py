"""STO006: more IOPS than a volume of that size can have, or a class of provisioned IOPS that says nothing about the size."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from wavetank.catalog import price
from wavetank.catalog.limits import VolumeType
from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.storage.classes import Claim, claims, class_of, iops_of, parameters, volume_type_of

#: the driver lowers IOPS to what the size allows only when it is told to
#: of io2 the first tier, which is the dearest per IOPS
_IOPS_METERS = {"gp3": "ebsGp3IopsMonthOver3000", "io1": "ebsIo1IopsMonth", "io2": "ebsIo2IopsMonthTo32000"}
_LOWERING = "allowautoiopspergbincrease"


def check(case: Case) -> Iterator[Mistake]:
    for claim in claims(case):
        storage_class = class_of(case, claim)
        kind = volume_type_of(storage_class) if storage_class is not None else None
        if storage_class is None or kind is None or kind.max_iops_per_gib is None or claim.gib is None:
            continue
        iops = iops_of(storage_class)
        if iops is not None and iops > claim.gib * kind.max_iops_per_gib and _LOWERING not in parameters(storage_class):
            yield _too_small(case, claim, storage_class, kind, iops)


def _too_small(case: Case, claim: Claim, storage_class: Manifest, kind: VolumeType, iops: int) -> Mistake:
    assert claim.gib is not None, "asked only with a size"
    assert kind.max_iops_per_gib is not None, "asked only with a ratio"
    least = -(-iops // kind.max_iops_per_gib)
    usd = monthly_iops_usd(case, kind, iops)
    cost = f"; the IOPS alone cost {usd:.0f} USD a month" if usd is not None else ""
    return Mistake(
        at=claim.place,
        message=(
            f"claim {claim.name} of {claim.gib} GiB in {storage_class.title} with {iops} IOPS: {kind.name} gives at most "
            f"{kind.max_iops_per_gib} IOPS per GiB, so EC2 refuses it below {least} GiB{cost}"
        ),
        remedy=f"claim at least {least} GiB, or ask for at most {claim.gib * kind.max_iops_per_gib} IOPS",
        numbers={"gib": claim.gib, "iops": iops, "leastGib": least, "usdMonth": f"{usd:.2f}" if usd else "unknown"},
        about=(storage_class.title,),
    )


def monthly_iops_usd(case: Case, kind: VolumeType, iops: int) -> Decimal | None:
    """What the IOPS of one volume cost, its gigabytes not counted."""
    known = price(case.aws.region or "us-east-1", _IOPS_METERS.get(kind.name, ""))
    return None if known is None else known.usd * max(0, iops - kind.included_iops)


RULE = Rule(
    id="STO006",
    severity=Severity.ERROR,
    title="Too many IOPS for the size",
    source="EC2 EBS volume types; kubernetes-sigs/aws-ebs-csi-driver, docs/parameters.md",
    check=check,
)
