"""KUB030: a single pod behind a public name, in production."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.entrances import backends
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import SCALABLE


def check(case: Case) -> Iterator[Mistake]:
    if not case.is_production:
        return
    for workload in case.workloads:
        if workload.kind not in SCALABLE or workload.min_replicas != 1:
            continue
        services = {service.name for service in case.services_of(workload)}
        ingresses = case.manifests.in_namespace("Ingress", workload.namespace)
        named = [i for i in ingresses if services & {name for name, _ in backends(i)}]
        if named:
            yield Mistake(
                at=workload.at("spec", "replicas"),
                message=(
                    f"{named[0].title} sends to {workload.title}, which is 1 pod: it answers nothing while that pod moves to "
                    "another node, and at every drain"
                ),
                remedy="run two replicas in two zones, with a PodDisruptionBudget",
                numbers={"replicas": 1, "ingresses": len(named)},
            )


RULE = Rule(
    id="KUB030",
    severity=Severity.INFO,
    title="A single pod behind a public name",
    source="kubernetes.io/docs/concepts/workloads/pods/disruptions",
    check=check,
)
