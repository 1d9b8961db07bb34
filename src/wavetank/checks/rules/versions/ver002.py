"""VER002: components that nobody maintains any more, or that no longer exist."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.catalog import Retired, retired
from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Mistake, Place, Rule, Severity


def check(case: Case) -> Iterator[Mistake]:
    known = [each for each in retired() if each.since <= case.on]
    for each in known:
        found = next(_places(case, each), None)
        if found is not None:
            yield _mistake(each, *found)


def _places(case: Case, each: Retired) -> Iterator[tuple[Place, str]]:
    """Where something of the component is used: the first is told."""
    for workload in case.workloads:
        for container in (*workload.init_containers, *workload.containers):
            if container.image.startswith(each.images or ("\0",)):
                yield container.at("image"), container.image
    for release in case.components.helm_releases:
        if release.chart in each.charts or (release.repository or "").startswith(each.repositories or ("\0",)):
            yield release.at("chart"), f"chart {release.chart}"
    for add_on in case.aws.add_ons:
        if add_on.name in each.add_ons:
            yield add_on.at(), f"add-on {add_on.name}"
    for group in case.aws.node_groups:
        if group.ami_type in (*each.ami_types, *each.ami_families):
            yield group.at("ami_type"), f"{group.ami_type} of node group {group.name}"
    for manifest in case.manifests:
        use = _use(manifest, each)
        if use is not None:
            yield use


def _use(manifest: Manifest, each: Retired) -> tuple[Place, str] | None:
    if (manifest.obj.get("apiVersion"), manifest.kind) in each.objects:
        return manifest.at("kind"), manifest.title
    if manifest.kind == "StorageClass" and manifest.obj.get("provisioner") in each.provisioners:
        return manifest.at("provisioner"), manifest.title
    if manifest.kind == "IngressClass" and manifest.spec.get("controller") in each.ingress_class_controllers:
        return manifest.at("spec", "controller"), manifest.title
    if manifest.kind == "PersistentVolume" and set(manifest.spec) & set(each.volume_types):
        return manifest.at("spec"), manifest.title
    if manifest.kind == "Ingress":
        for key in manifest.annotations:
            if key.startswith(each.annotation_prefixes or ("\0",)):
                return manifest.at("metadata", "annotations", key), f"{manifest.title} ({key})"
    return None


def _mistake(each: Retired, at: Place, what: str) -> Mistake:
    return Mistake(
        at=at,
        message=f"{what} is {each.title}, retired since {each.since} ({each.source}): no fix reaches it any more",
        remedy=f"use {each.instead}",
        numbers={"component": each.id, "since": each.since.isoformat()},
        severity=Severity.WARN if each.still_works or not each.confirmed else None,
    )


RULE = Rule(
    id="VER002",
    severity=Severity.ERROR,
    title="The component is retired",
    source="announcements of the projects, each with its day in the catalogue",
    check=check,
)
