"""KUB016: a Service whose selector selects no pod."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import texts
from wavetank.checks.model import Mistake, Rule, Severity


def check(case: Case) -> Iterator[Mistake]:
    for service in case.manifests.of_kind("Service", group=""):
        selector = texts(service.spec.get("selector"))
        if not selector or case.workloads_of(service) or not case.makers.all_pods_are_known(service.namespace):
            continue
        if any(selector.items() <= workload.labels.items() for workload in case.workloads):
            continue  # in another namespace: AVL011
        wanted = ", ".join(f"{key}={value}" for key, value in selector.items())
        there = len(case.workloads_in(service.namespace))
        yield Mistake(
            at=service.at("spec", "selector"),
            message=(
                f"{service.title} selects 0 pods: none of the {there} workloads of its namespace has the labels {wanted}, and "
                "every connection to it is refused"
            ),
            remedy="take the labels of the workload's pod template into the selector, or remove the Service",
            numbers={"workloads": there, "selected": 0},
        )


RULE = Rule(
    id="KUB016",
    severity=Severity.WARN,
    title="The Service selects no pod",
    source="kubernetes.io/docs/concepts/services-networking/service",
    check=check,
)
