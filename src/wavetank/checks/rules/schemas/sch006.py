"""SCH006: a VirtualService that Istio refuses, or configuration for an operator that is gone."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.schemas.sch004 import faults_of
from wavetank.checks.rules.schemas.structure import definitions

GROUPS = ("networking.istio.io", "security.istio.io", "telemetry.istio.io")
_OLD = ("v1alpha3", "v1beta1", "v1alpha1")


def check(case: Case) -> Iterator[Mistake]:
    defined = definitions(case)
    for manifest in case.manifests.of_kind("VirtualService", group="networking.istio.io"):
        yield from faults_of(manifest, {}, defined)
        if not manifest.spec.get("hosts"):
            yield _no_hosts(manifest)
    for operator in case.manifests.of_kind("IstioOperator"):
        yield _operator(operator)
    for manifest in case.manifests:
        if manifest.group in GROUPS and manifest.version in _OLD and manifest.kind != "EnvoyFilter":
            yield _old_version(manifest)


def _no_hosts(manifest: Manifest) -> Mistake:
    return Mistake(
        at=manifest.at("spec"),
        message=f"{manifest.title} names no hosts: Istio's webhook refuses it, and nothing would be routed by it",
        remedy="add spec.hosts, the names that clients ask for",
        numbers={"hosts": 0},
    )


def _operator(operator: Manifest) -> Mistake:
    return Mistake(
        at=operator.at("kind"),
        message=f"{operator.title}: Istio's operator in the cluster was removed in 1.24, nothing reads this object any more",
        remedy="install the charts base, istiod, cni and gateway (an IstioOperator file still is input of istioctl)",
        numbers={"removedIn": "1.24"},
    )


def _old_version(manifest: Manifest) -> Mistake:
    return Mistake(
        at=manifest.at("apiVersion"),
        message=f"{manifest.title} is written in {manifest.obj.get('apiVersion')}; v1 is served since Istio 1.22",
        remedy=f"write apiVersion: {manifest.group}/v1",
        numbers={"apiVersion": str(manifest.obj.get("apiVersion"))},
        severity=Severity.INFO,
    )


RULE = Rule(
    id="SCH006",
    severity=Severity.ERROR,
    title="Istio refuses or ignores the object",
    source="istio.io/latest/news (1.22 v1 APIs; 1.24 in-cluster operator removed); virtual-service reference",
    check=check,
)
