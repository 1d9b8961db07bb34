"""CST007: pods with data, on machines that AWS takes back with two minutes' notice."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.machines import machines_of
from wavetank.checks.manifests import items, mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Workload

STATEFUL = ("database", "cache")


def check(case: Case) -> Iterator[Mistake]:
    if not case.given.nodes or case.manifests.of_kind("NodePool"):
        return
    for workload in case.workloads:
        if not holds_data(workload):
            continue
        groups = [m.group for m in machines_of(case) if m.admits(workload) is not False and m.group.max_size != 0]
        if groups and all(group.capacity_type == "SPOT" for group in groups):
            names = ", ".join(group.name for group in groups)
            yield Mistake(
                at=workload.at_pod("nodeSelector"),
                message=(
                    f"{workload.title} keeps data and only Spot machines admit it ({names}): each time AWS takes "
                    "one back it is gone for "
                    "the minutes that detaching and attaching its volume takes, and the discount is no argument for that"
                ),
                remedy="run it on an on-demand group; Spot suits workers whose message returns to the queue",
                numbers={"nodeGroups": names},
            )


def holds_data(workload: Workload) -> bool:
    """Whether it is declared to, or has volumes that outlive its pods."""
    claims = any(mapping(v.get("persistentVolumeClaim")) for v in items(workload.spec.get("volumes")))
    single = workload.max_replicas == 1 and claims and not workload.is_batch
    return workload.runs in STATEFUL or bool(workload.manifest.spec.get("volumeClaimTemplates")) or single


RULE = Rule(
    id="CST007",
    severity=Severity.WARN,
    title="A database on Spot machines",
    source="docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-interruptions.html",
    check=check,
)
