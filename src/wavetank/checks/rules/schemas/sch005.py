"""SCH005: Istio configuration with fields or values that Istio does not know (a circuitBreaker, LEAST_CONN)."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, items, mapping
from wavetank.checks.model import Mistake, Rule, Severity, Step
from wavetank.checks.rules.schemas.sch004 import faults_of
from wavetank.checks.rules.schemas.structure import definitions
from wavetank.kube.types import Obj

GROUPS = ("networking.istio.io", "security.istio.io", "telemetry.istio.io")
MEANT = {
    ("DestinationRule", "spec.trafficPolicy.circuitBreaker"): (
        "circuit breaking is trafficPolicy.outlierDetection (with consecutive5xxErrors) and connectionPool"
    ),
}


def check(case: Case) -> Iterator[Mistake]:
    defined = definitions(case)
    for manifest in case.manifests:
        if manifest.group in GROUPS and manifest.kind != "VirtualService":
            yield from faults_of(manifest, MEANT, defined)
        if manifest.kind == "DestinationRule":
            yield from _superseded(manifest)


def _policies(rule: Manifest) -> Iterator[tuple[tuple[Step, ...], Obj]]:
    """Every traffic policy of a DestinationRule with the steps to it."""
    yield ("spec", "trafficPolicy"), mapping(rule.spec.get("trafficPolicy"))
    for index, subset in enumerate(items(rule.spec.get("subsets"))):
        yield ("spec", "subsets", index, "trafficPolicy"), mapping(subset.get("trafficPolicy"))


def _superseded(rule: Manifest) -> Iterator[Mistake]:
    for steps, policy in _policies(rule):
        balancing = mapping(policy.get("loadBalancer"))
        if balancing.get("simple") == "LEAST_CONN":
            yield _renamed(rule, (*steps, "loadBalancer", "simple"), "LEAST_CONN", "LEAST_REQUEST")
        if "consecutiveErrors" in mapping(policy.get("outlierDetection")):
            at = (*steps, "outlierDetection", "consecutiveErrors")
            yield _renamed(rule, at, "consecutiveErrors", "consecutive5xxErrors")


def _renamed(rule: Manifest, steps: tuple[Step, ...], old: str, new: str) -> Mistake:
    return Mistake(
        at=rule.at(*steps),
        message=f"{rule.title} says {old}, which Istio has replaced by {new}",
        remedy=f"write {new}",
        numbers={"written": old, "now": new},
        severity=Severity.WARN,
    )


RULE = Rule(
    id="SCH005",
    severity=Severity.ERROR,
    title="Istio does not know the setting",
    source="istio.io/latest/docs/reference/config/networking/destination-rule",
    check=check,
)
