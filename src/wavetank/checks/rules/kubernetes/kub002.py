"""KUB002: a program that runs for ever and may hang for ever."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import has_probe, is_hook


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        if workload.is_batch or workload.kind == "Pod" or is_hook(workload) or not workload.containers:
            continue
        if not has_probe(workload, "livenessProbe"):
            yield Mistake(
                at=workload.at_pod("containers"),
                message=(
                    f"none of the {len(workload.containers)} containers of {workload.title} has a livenessProbe: a process that "
                    "hangs without ending stays until somebody notices"
                ),
                remedy="add a livenessProbe that fails only when a restart helps; a program that ends by itself needs none",
                numbers={"containers": len(workload.containers), "livenessProbes": 0},
            )


RULE = Rule(
    id="KUB002",
    severity=Severity.INFO,
    title="Nothing notices that the program hangs",
    source="kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes",
    check=check,
)
