"""EBS volumes of claims: gigabytes, and the IOPS and throughput that a class asks for above what comes with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from wavetank.catalog import limit, volume_type
from wavetank.cost.claims import Claim, claims
from wavetank.cost.readings import Reading, plain
from wavetank.plan.model import Plan

GIGABYTES = {
    "gp2": "ebsGp2GBMonth",
    "gp3": "ebsGp3GBMonth",
    "io1": "ebsIo1GBMonth",
    "io2": "ebsIo2GBMonth",
    "st1": "ebsSt1GBMonth",
    "sc1": "ebsSc1GBMonth",
}
#: of one io2 volume: up to so many IOPS (a limit of the catalogue; None: all above) → meter
IO2_STEPS = (
    ("io2IopsFirstStep", "ebsIo2IopsMonthTo32000"),
    ("io2IopsSecondStep", "ebsIo2IopsMonth32001to64000"),
    (None, "ebsIo2IopsMonthOver64000"),
)


def readings(plan: Plan, on: date) -> list[Reading]:
    return [reading for claim in claims(plan) for reading in _volume(claim)]


def _volume(claim: Claim) -> Iterator[Reading]:
    size = f"{plain(claim.gib)} GiB {claim.type}"
    yield _reading(claim, "volume", GIGABYTES[claim.type], claim.gib, "GB-months", size)
    facts = volume_type(claim.type)
    assert facts is not None, "the catalog knows every type that has a price"
    if claim.type == "gp3" and claim.iops is not None and claim.iops > facts.included_iops:
        extra = claim.iops - facts.included_iops
        how = f"{claim.iops} IOPS, {facts.included_iops} come with gp3"
        yield _reading(claim, "IOPS", "ebsGp3IopsMonthOver3000", Decimal(extra), "IOPS-months", how)
    if claim.throughput is not None and claim.throughput > facts.included_throughput_mibs and claim.type == "gp3":
        extra = claim.throughput - facts.included_throughput_mibs
        how = f"{claim.throughput} MiB/s, {facts.included_throughput_mibs} come with gp3"
        yield _reading(claim, "throughput", "ebsGp3MBpsMonthOver125", Decimal(extra), "MB/s-months", how)
    if claim.type == "io1" and claim.iops:
        yield _reading(claim, "IOPS", "ebsIo1IopsMonth", Decimal(claim.iops), "IOPS-months", f"{claim.iops} IOPS")
    if claim.type == "io2" and claim.iops:
        yield from _io2_steps(claim, claim.iops)


def _io2_steps(claim: Claim, iops: int) -> Iterator[Reading]:
    below = 0
    for step, meter in IO2_STEPS:
        upper = iops if step is None else min(iops, limit(step).value)
        share = upper - below
        if share <= 0:
            return
        how = f"{iops} IOPS, {share} at this step"
        yield _reading(claim, f"IOPS above {below}", meter, Decimal(share), "IOPS-months", how)
        below = upper


def _reading(claim: Claim, what: str, meter: str, each: Decimal, unit: str, how: str) -> Reading:
    count = f"{claim.count.expected} × " if claim.count.ceiling > 1 else ""
    quantity = claim.count.times(each)
    name = f"{claim.name}: {what}"
    return Reading("storage", name, meter, quantity, unit, count + how, claim.path, workload=claim.workload)
