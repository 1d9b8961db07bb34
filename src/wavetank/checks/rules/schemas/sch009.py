"""SCH009: a Rollout that Argo Rollouts cannot act on, or that something else works against."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, items, mapping
from wavetank.checks.model import Mistake, Rule, Severity, Step


def check(case: Case) -> Iterator[Mistake]:
    for rollout in case.manifests.of_kind("Rollout", group="argoproj.io"):
        yield from _pods(case, rollout)
        yield from _scaled(case, rollout)
        yield from _routed(case, rollout)


def _wrong(rollout: Manifest, steps: tuple[Step, ...], message: str, remedy: str) -> Mistake:
    return Mistake(rollout.at(*steps), f"{rollout.title} {message}", remedy, {"rollout": rollout.name})


def _pods(case: Case, rollout: Manifest) -> Iterator[Mistake]:
    reference = mapping(rollout.spec.get("workloadRef"))
    if not reference and not (rollout.spec.get("selector") and rollout.spec.get("template")):
        message = "has neither selector and template nor a workloadRef: it makes no pods"
        yield _wrong(
            rollout,
            ("spec",),
            message,
            "move the Deployment's selector and template here, or refer to it by workloadRef",
        )
    twin = case.manifests.find("Deployment", rollout.namespace, rollout.name)
    if twin is not None and reference.get("name") != rollout.name:
        message = f"stands beside {twin.title}: both run the same pods, and traffic goes to either"
        yield _wrong(rollout, ("metadata", "name"), message, "remove the Deployment, or refer to it by workloadRef")


def _scaled(case: Case, rollout: Manifest) -> Iterator[Mistake]:
    for scaler in case.autoscalers:
        mine = (scaler.target_name, scaler.manifest.namespace) == (rollout.name, rollout.namespace)
        if mine and scaler.target_kind != "Rollout" and not mapping(rollout.spec.get("workloadRef")):
            message = f"is not what {scaler.manifest.title} scales: that names a {scaler.target_kind}"
            yield _wrong(rollout, ("metadata", "name"), message, "let scaleTargetRef name argoproj.io/v1alpha1 Rollout")


def _routed(case: Case, rollout: Manifest) -> Iterator[Mistake]:
    canary = mapping(mapping(rollout.spec.get("strategy")).get("canary"))
    mesh = mapping(mapping(canary.get("trafficRouting")).get("istio"))
    steps = ("spec", "strategy", "canary", "trafficRouting", "istio")
    services = [mapping(mesh.get("virtualService")), *items(mesh.get("virtualServices"))]
    for reference in filter(None, services):
        found = case.manifests.find("VirtualService", rollout.namespace, str(reference.get("name")))
        routes = items(found.spec.get("http")) if found else []
        if len(routes) > 1 and not reference.get("routes"):
            message = f"names no route, but {reference.get('name')} has {len(routes)}: the controller refuses to choose"
            yield _wrong(
                rollout, (*steps, "virtualService"), message, "name the route whose weights it may change in routes"
            )
    rule = mapping(mesh.get("destinationRule"))
    if rule and not (rule.get("canarySubsetName") and rule.get("stableSubsetName")):
        message = "names a DestinationRule without canarySubsetName and stableSubsetName: subsets cannot be told apart"
        yield _wrong(
            rollout, (*steps, "destinationRule"), message, "add both names; the DestinationRule has subsets of them"
        )


RULE = Rule(
    id="SCH009",
    severity=Severity.ERROR,
    title="The Rollout cannot work as written",
    source="argo-rollouts.readthedocs.io (specification; traffic-management/istio)",
    check=check,
)
