"""AVL003: availability is promised, and everything hangs on one pod whose volume lives in one zone."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.storage.classes import zonal_claim

#: 99.9 % is 43 minutes a month: less than the restore of a volume in another zone
PROMISED_PERCENT = Decimal("99.9")


def check(case: Case) -> Iterator[Mistake]:
    promised = case.plan.objectives.availability_percent if case.plan else None
    if promised is None or promised < PROMISED_PERCENT:
        return
    for workload in case.workloads:
        claim = zonal_claim(case, workload)
        if claim is not None and workload.max_replicas == 1 and not workload.is_batch:
            minutes = (100 - promised) / 100 * 30 * 24 * 60
            yield Mistake(
                at=workload.at("spec", "replicas"),
                message=(
                    f"{workload.title} is one pod whose volume {claim} lives in one zone; the objective of {promised} % leaves "
                    f"{minutes:.0f} minutes a month, and when its zone is lost the workload is gone until a snapshot is restored"
                ),
                remedy="replicate it over zones (an operator, a managed database), or promise less and say how it is restored",
                numbers={"availabilityPercent": str(promised), "minutesAMonth": f"{minutes:.0f}", "replicas": 1},
            )


RULE = Rule(
    id="AVL003",
    severity=Severity.WARN,
    title="A single pod in a single zone under a promise of availability",
    source="EBS volumes belong to one availability zone; Kubernetes does not move them",
    check=check,
)
