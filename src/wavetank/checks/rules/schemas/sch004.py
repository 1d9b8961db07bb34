"""SCH004: a custom resource with fields that its definition does not have, or without those it must have."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.catalog.custom_resources import custom_resource
from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.schemas.structure import Definitions, Fault, custom_faults, definitions

#: groups with a rule of their own
ELSEWHERE = ("networking.istio.io", "security.istio.io", "telemetry.istio.io")
#: (kind, field) -> what people mean by it
MEANT = {("Backup", "spec.schedule"): "a backup that repeats is a Schedule, whose spec.template holds the backup"}


def check(case: Case) -> Iterator[Mistake]:
    defined = definitions(case)
    for manifest in case.manifests:
        if "." in manifest.group and manifest.group not in ELSEWHERE:
            yield from faults_of(manifest, MEANT, defined)


def faults_of(manifest: Manifest, meant: dict[tuple[str, str], str], defined: Definitions) -> Iterator[Mistake]:
    """Shared with the rules for Istio: every fault of a custom resource as a mistake."""
    for fault in custom_faults(manifest, defined):
        yield Mistake(
            at=manifest.at(*fault.steps),
            message=f"{manifest.title} does not fit its definition: {fault.message}",
            remedy=meant.get((manifest.kind, fault.unknown_field))
            or f"look the field up: `kubectl explain {manifest.kind.lower()}.{_parent(fault)} --recursive`",
            numbers={"kind": manifest.kind, "field": ".".join(map(str, fault.steps)) or "?"},
            severity=_severity(manifest, fault),
        )


def _parent(fault: Fault) -> str:
    return ".".join(str(step) for step in fault.steps[:-1] if isinstance(step, str)) or "spec"


def _severity(manifest: Manifest, fault: Fault) -> Severity | None:
    """Another version than the one we know may have had the field: that is no more than a warning."""
    known = custom_resource(manifest.group, manifest.kind)
    other = known is not None and known.version != manifest.version and not manifest.group.endswith("istio.io")
    return Severity.WARN if other and fault.unknown_field else None


RULE = Rule(
    id="SCH004",
    severity=Severity.ERROR,
    title="A custom resource does not fit its definition",
    source="the CustomResourceDefinitions of the projects",
    check=check,
)
