"""SCH001: an object of a built-in kind that the API server refuses."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.schemas.structure import Fault, built_in_faults, built_in_node, minor_of
from wavetank.kube.kinds import BUILT_IN

_GROUPS = frozenset(resource.group for resource in BUILT_IN)
#: groups that were built in once
_GONE_GROUPS = frozenset({"extensions"})


def check(case: Case) -> Iterator[Mistake]:
    minor = minor_of(case)
    for manifest in case.manifests:
        if manifest.group not in _GROUPS | _GONE_GROUPS:
            continue
        node = built_in_node(manifest, minor)
        if node is None:
            yield _no_such_kind(manifest, minor)
            continue
        for fault in built_in_faults(manifest, node):
            yield _mistake(manifest, fault, minor)


def _no_such_kind(manifest: Manifest, minor: str) -> Mistake:
    api_version = str(manifest.obj.get("apiVersion"))
    return Mistake(
        at=manifest.at("apiVersion"),
        message=f"Kubernetes {minor} has no {manifest.kind} in {api_version}: {manifest.name} cannot be applied",
        remedy="`kubectl api-resources` lists the versions; take the one that the cluster serves",
        numbers={"kubernetes": minor, "apiVersion": api_version},
    )


def _mistake(manifest: Manifest, fault: Fault, minor: str) -> Mistake:
    return Mistake(
        at=manifest.at(*fault.steps),
        message=f"the API server refuses {manifest.title}: {fault.message}",
        remedy="correct the field; `kubectl explain` shows what the kind has",
        numbers={"kubernetes": minor, "field": ".".join(map(str, fault.steps)) or "?"},
    )


RULE = Rule(
    id="SCH001",
    severity=Severity.ERROR,
    title="The API server refuses the object",
    source="the OpenAPI definitions of Kubernetes and pkg/apis/*/validation",
    check=check,
)
