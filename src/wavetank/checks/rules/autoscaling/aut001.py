"""AUT001: an HPA and a VPA that both act on one resource of the same pods, each undoing what the other does."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, items, mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Autoscaler, Workload

#: what a VPA that changes nothing says
PASSIVE_MODES = ("Off", "Initial")


def check(case: Case) -> Iterator[Mistake]:
    for recommender in case.manifests.of_kind("VerticalPodAutoscaler", group="autoscaling.k8s.io"):
        target = mapping(recommender.spec.get("targetRef"))
        workload = case.workload(str(target.get("kind")), recommender.namespace, str(target.get("name")))
        if workload is None or workload.autoscaler is None or update_mode(recommender) in PASSIVE_MODES:
            continue
        shared = sorted(workload.autoscaler.resource_metrics & controlled_resources(recommender))
        if shared:
            yield _mistake(workload, workload.autoscaler, recommender, shared)


def update_mode(recommender: Manifest) -> str:
    """Absent is Recreate since VPA 1.5; the former default, Auto, does the same."""
    return str(mapping(recommender.spec.get("updatePolicy")).get("updateMode") or "Recreate")


def controlled_resources(recommender: Manifest) -> frozenset[str]:
    """Resources that the VPA sets for at least one container."""
    policies = items(mapping(recommender.spec.get("resourcePolicy")).get("containerPolicies"))
    acting = [policy for policy in policies if policy.get("mode") != "Off"]
    if policies and not acting:
        return frozenset()
    stated = [policy.get("controlledResources") for policy in acting]
    if not stated or any(each is None for each in stated):
        return frozenset({"cpu", "memory"})
    return frozenset(str(resource) for each in stated for resource in each or ())


def _mistake(workload: Workload, autoscaler: Autoscaler, recommender: Manifest, shared: list[str]) -> Mistake:
    what, mode = " and ".join(shared), update_mode(recommender)
    return Mistake(
        at=recommender.at("spec", "updatePolicy", "updateMode"),
        message=(
            f"{workload.name}: the HPA {autoscaler.manifest.name} follows {what} as a share of the request, and the VPA "
            f"{recommender.name} ({mode}) changes that very request: each reacts to the other, not to the load"
        ),
        remedy='set updateMode: "Off" and read the recommendations, or let the HPA follow another metric',
        numbers={"resources": what, "updateMode": mode},
        about=(workload.title, autoscaler.manifest.title),
    )


RULE = Rule(
    id="AUT001",
    severity=Severity.ERROR,
    title="HPA and VPA act on the same resource",
    source="kubernetes/autoscaler, vertical-pod-autoscaler/docs/known-limitations.md",
    check=check,
)
