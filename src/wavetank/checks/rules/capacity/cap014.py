"""CAP014: pods may not share a node, but there are fewer nodes than pods."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.fitting import knows_all_nodes
from wavetank.checks.machines import Machines, machines_of
from wavetank.checks.model import Mistake, Place, Rule, Severity
from wavetank.checks.separation import place_of_anti_affinity
from wavetank.checks.workloads import Workload

NODE = "kubernetes.io/hostname"


def check(case: Case) -> Iterator[Mistake]:
    if not knows_all_nodes(case):
        return
    groups = machines_of(case)
    for workload in case.workloads:
        mine = [m for m in groups if m.admits(workload)]
        at = place_of_anti_affinity(workload, NODE)
        if at is None or workload.is_per_node or not mine or any(m.group.min_size is None for m in mine):
            continue
        least, most = sum(m.group.min_size or 0 for m in mine), sum(m.group.max_size or 0 for m in mine)
        if least < workload.min_replicas:
            yield _mistake(workload, at, mine, least, workload.min_replicas, "at its least")
        elif most < workload.max_replicas:
            yield _mistake(workload, at, mine, most, workload.max_replicas, "at its most")


def _mistake(workload: Workload, at: Place, groups: list[Machines], nodes: int, pods: int, when: str) -> Mistake:
    named = ", ".join(f"{m.group.name} ({m.group.min_size} to {m.group.max_size})" for m in groups)
    return Mistake(
        at=at,
        message=(
            f"{workload.name} runs {pods} pods that may not share a node, but {named} has {nodes} "
            f"node{'s' if nodes != 1 else ''} "
            f"{when}: {pods - nodes} pods wait, and a single node is a single zone"
        ),
        remedy=f"keep at least {pods} nodes, or prefer different nodes instead of requiring them",
        numbers={"pods": pods, "nodes": nodes},
    )


RULE = Rule(
    id="CAP014",
    severity=Severity.WARN,
    title="Fewer nodes than pods that may not share one",
    source="Kubernetes scheduler, InterPodAffinity",
    check=check,
)
