"""KUB001: pods behind a Service that nothing asks whether they are ready."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import has_probe, is_hook, is_serving


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        if is_hook(workload) or workload.is_per_node or not workload.containers or not is_serving(case, workload):
            continue
        if not has_probe(workload, "readinessProbe"):
            services = ", ".join(service.name for service in case.services_of(workload))
            yield Mistake(
                at=workload.at_pod("containers"),
                message=(
                    f"none of the {len(workload.containers)} containers of {workload.title} has a readinessProbe: Service "
                    f"{services} sends requests as soon as the process starts, and a rollout goes on whether it works or not"
                ),
                remedy="add a readinessProbe that asks the program itself whether it can answer",
                numbers={"containers": len(workload.containers), "readinessProbes": 0},
            )


RULE = Rule(
    id="KUB001",
    severity=Severity.WARN,
    title="Nothing asks whether the pods are ready",
    source="kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes",
    check=check,
)
