"""KUB003: containers that reserve nothing, so that the scheduler packs nodes blindly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.amounts import has_request
from wavetank.checks.rules.kubernetes.pods import is_hook, names
from wavetank.checks.workloads import Container, Workload


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        if is_hook(workload):
            continue
        lacking = {
            resource: [c for c in workload.containers if not has_request(case, c, resource)]
            for resource in ("cpu", "memory")
        }
        if any(lacking.values()):
            yield _mistake(workload, lacking)


def _mistake(workload: Workload, lacking: Mapping[str, Sequence[Container]]) -> Mistake:
    missing = [f"{resource} ({names(containers)})" for resource, containers in lacking.items() if containers]
    first = next(containers[0] for containers in lacking.values() if containers)
    return Mistake(
        at=first.at("resources"),
        message=(
            f"{workload.title} requests no {' and no '.join(missing)}: the scheduler counts that as nothing and may fill a "
            "node with such pods, which are then slowed down or evicted first; an autoscaler on utilization has no base"
        ),
        remedy="add resources.requests with what the program uses under its usual load",
        numbers={f"without{resource.title()}": len(containers) for resource, containers in lacking.items()},
    )


RULE = Rule(
    id="KUB003",
    severity=Severity.WARN,
    title="Containers reserve nothing",
    source="kubernetes.io/docs/concepts/configuration/manage-resources-containers",
    check=check,
)
