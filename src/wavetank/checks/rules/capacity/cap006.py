"""CAP006: a limit that no node can ever grant."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.base.units import MIB
from wavetank.checks.case import Case
from wavetank.checks.fitting import knows_all_nodes
from wavetank.checks.machines import Machines, machines_of
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Container, Workload, readable
from wavetank.kube.resources import amounts


def check(case: Case) -> Iterator[Mistake]:
    if not knows_all_nodes(case):
        return
    groups = machines_of(case)
    for workload in case.workloads:
        mine = [m for m in groups if m.admits(workload) is not False]
        if mine and all(m.types for m in mine) and not workload.is_per_node:
            yield from _workload(workload, mine)


def _workload(workload: Workload, groups: list[Machines]) -> Iterator[Mistake]:
    types = [t for m in groups for t in m.types or ()]
    most = {
        "cpu": max(t.allocatable_cpu_milli for t in types),
        "memory": max(t.allocatable_memory_mib for t in types) * MIB,
    }
    for container in workload.containers:
        limits = amounts(readable(container.limits))
        for resource, there in most.items():
            if limits.get(resource, 0) > there:
                yield _mistake(workload, container, resource, limits[resource], there)


def _mistake(workload: Workload, container: Container, resource: str, limit: int, there: int) -> Mistake:
    stated, granted = _shown(resource, limit), _shown(resource, there)
    return Mistake(
        at=container.at("resources", "limits", resource),
        message=(
            f"container {container.name} of {workload.name} may use {stated} {resource}, but the largest node it can run on has "
            f"{granted} for pods: the limit is never reached, and what was sized by it is too small"
        ),
        remedy=f"lower the limit to at most {granted}, or give the workload larger nodes",
        numbers={"limit": stated, "allocatable": granted},
    )


def _shown(resource: str, amount: int) -> str:
    return f"{amount}m" if resource == "cpu" else f"{amount // MIB}Mi"


RULE = Rule(
    id="CAP006",
    severity=Severity.WARN,
    title="A limit is larger than any node",
    source="allocatable from the EKS AMI's reserve formulas",
    check=check,
)
