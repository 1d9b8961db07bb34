"""CAP013: pods must be spread over more zones than there are nodes."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.fitting import knows_all_nodes
from wavetank.checks.machines import Machines, machines_of
from wavetank.checks.manifests import items, whole
from wavetank.checks.model import Mistake, Place, Rule, Severity
from wavetank.checks.separation import place_of_anti_affinity
from wavetank.checks.workloads import Workload

ZONE = "topology.kubernetes.io/zone"


def check(case: Case) -> Iterator[Mistake]:
    if not knows_all_nodes(case):
        return
    groups = machines_of(case)
    for workload in case.workloads:
        mine = [m for m in groups if m.admits(workload)]
        found = _promise(workload)
        if found is None or not mine or any(m.group.zones is None or m.group.min_size is None for m in mine):
            continue
        zones = {zone for m in mine for zone in m.group.zones or ()}
        nodes = sum(m.group.min_size or 0 for m in mine)
        wanted = min(len(zones), workload.min_replicas)
        if nodes < wanted:
            yield _mistake(workload, found, mine, nodes, wanted, len(zones))


def _promise(workload: Workload) -> Place | None:
    """Where a spread over zones is demanded, not only wished."""
    for at, constraint in enumerate(items(workload.spec.get("topologySpreadConstraints"))):
        hard = constraint.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule"
        if constraint.get("topologyKey") == ZONE and hard and (whole(constraint.get("maxSkew")) or 1) == 1:
            return workload.at_pod("topologySpreadConstraints", at)
    return place_of_anti_affinity(workload, ZONE)


def _mistake(workload: Workload, at: Place, groups: list[Machines], nodes: int, wanted: int, zones: int) -> Mistake:
    named = ", ".join(f"{m.group.name} (min {m.group.min_size})" for m in groups)
    return Mistake(
        at=at,
        message=(
            f"{workload.name} demands its {workload.min_replicas} pods spread over {wanted} of {zones} zones, but "
            f"{named} keeps only "
            f"{nodes} node{'s' if nodes != 1 else ''}: at the least size a zone has none, and a pod waits for a node there"
        ),
        remedy=f"keep at least {wanted} nodes (one per zone: groups of one zone each), or use whenUnsatisfiable: ScheduleAnyway",
        numbers={"minNodes": nodes, "zones": wanted},
    )


RULE = Rule(
    id="CAP013",
    severity=Severity.WARN,
    title="Fewer nodes than the zones that pods must be spread over",
    source="Kubernetes scheduler, PodTopologySpread and InterPodAffinity",
    check=check,
)
