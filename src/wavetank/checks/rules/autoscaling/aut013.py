"""AUT013: pods with a volume of one zone, on a group of machines over several, which an autoscaler grows where it likes."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.aws import NodeGroup
from wavetank.checks.case import Case
from wavetank.checks.machines import machines_of
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.storage.classes import zonal_claim
from wavetank.checks.workloads import Workload


def check(case: Case) -> Iterator[Mistake]:
    if not case.given.nodes or case.components.installs("cluster-autoscaler") is not True:
        return
    for workload in case.workloads:
        claim = zonal_claim(case, workload)
        if claim is None:
            continue
        groups = [m.group for m in machines_of(case) if m.admits(workload) is True]
        wide = [group for group in groups if _grows_anywhere(group)]
        if wide and len(wide) == len(groups):
            yield _mistake(workload, claim, wide[0])


def _grows_anywhere(group: NodeGroup) -> bool:
    grows = group.max_size is not None and group.min_size is not None and group.max_size > group.min_size
    return grows and group.zones is not None and len(set(group.zones)) > 1


def _mistake(workload: Workload, claim: str, group: NodeGroup) -> Mistake:
    zones = sorted(set(group.zones or ()))
    return Mistake(
        at=workload.at("spec", "volumeClaimTemplates")
        if workload.kind == "StatefulSet"
        else workload.at_pod("volumes"),
        message=(
            f"{workload.title} keeps {claim} on a volume of one zone, but its only node group {group.name} spans "
            f"{len(zones)} zones: when its node is gone the autoscaler may add one in another zone, and the pod stays Pending "
            "(volume node affinity conflict)"
        ),
        remedy="one node group per zone (perZone: true), or a group in the volume's zone only",
        numbers={"zones": len(zones), "nodeGroup": group.name},
    )


RULE = Rule(
    id="AUT013",
    severity=Severity.ERROR,
    title="A volume of one zone on a node group of several",
    source="kubernetes/autoscaler, cluster-autoscaler/cloudprovider/aws/README.md (common notes and gotchas)",
    check=check,
)
