"""STO008: snapshots that are kept for weeks, and a bill that can only guess what they take."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from wavetank.checks.case import Case
from wavetank.checks.from_plan import place
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.cost import Line
from wavetank.cost.claims import claims
from wavetank.plan.model import Plan
from wavetank.plan.reasons import Stated

_SNAPSHOTS = "ebsSnapshotGBMonth"
_ASSUMED = "cost.changePercentPerDay"


def check(case: Case) -> Iterator[Mistake]:
    if case.plan is None or case.bill is None or _is_stated(case.plan):
        return
    unstated = {claim.name: claim for claim in claims(case.plan) if claim.change_percent_per_day is None}
    found: dict[str, list[Line]] = {}
    for line in case.bill.lines:
        name, _, what = line.reading.name.rpartition(": ")
        if line.reading.meter == _SNAPSHOTS and what == "snapshots" and name in unstated:
            found.setdefault(line.reading.path, []).append(line)
    for path, lines in found.items():
        names = [line.reading.name.rpartition(": ")[0] for line in lines]
        full = sum((unstated[name].gib * unstated[name].count.expected for name in names), Decimal(0))
        yield _mistake(case.plan, path, lines, full)


def _is_stated(plan: Plan) -> bool:
    reason = plan.reason(_ASSUMED)
    return reason is not None and isinstance(reason[1], Stated)


def _mistake(plan: Plan, path: str, lines: list[Line], full: Decimal) -> Mistake:
    expected = sum((line.reading.quantity.expected for line in lines), Decimal(0))
    percent = plan.cost.change_percent_per_day
    copies = int((expected / full - 1) * 100 / percent) if full and percent else 0
    usd = sum((line.amount.expected for line in lines if line.amount), Decimal(0))
    return Mistake(
        at=place(plan, path),
        message=(
            f"snapshots of {len(lines)} claims ({full:.0f} GiB) are more than one copy: with {copies} days kept and {percent} % "
            f"changed a day, which nobody has said, they take {expected:.0f} GB and cost ${usd:.2f} a month"
        ),
        remedy="measure what changes and write changePercentPerDay at the storage, or under cost",
        numbers={"gib": int(full), "copies": copies, "estimatedGb": int(expected), "usdMonth": f"{usd:.2f}"},
    )


RULE = Rule(
    id="STO008",
    severity=Severity.WARN,
    title="Nobody has said how fast snapshots grow",
    source="docs.aws.amazon.com/ebs/latest/userguide/how_snapshots_work.html (incremental snapshots)",
    check=check,
)
