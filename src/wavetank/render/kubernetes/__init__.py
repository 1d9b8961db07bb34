"""Kubernetes manifests: one module here per file there, listed in ``GROUPS`` in the order in which they must be applied.

``kubectl apply -f kubernetes/`` goes through the files by name, so the numbers are that order. Every namespaced object states its
namespace. Custom resources stand beside the built-in ones; the charts that bring their kinds are installed before. Where going
through the files is not enough, ``script`` adds one. To add a group: a module with ``objects(plan)``, a line in ``GROUPS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeAlias

from wavetank.plan.model import Plan
from wavetank.render import yaml
from wavetank.render.bundle import RenderedFile
from wavetank.render.kubernetes import (
    access,
    availability,
    backups,
    configuration,
    entrance,
    image_policy,
    ingresses,
    issuers,
    mesh,
    monitoring,
    namespaces,
    network_policies,
    node_pools,
    observability,
    own,
    rollouts,
    script,
    secrets,
    services,
    storage,
    workloads,
)
from wavetank.render.trace import Line, Traced

Objects: TypeAlias = Callable[[Plan], Sequence[Traced]]


@dataclass(frozen=True)
class Group:
    """One file of manifests, left out when the plan has nothing for it."""

    file: str
    objects: Objects


GROUPS: tuple[Group, ...] = (
    Group("kubernetes/00-namespaces.yaml", namespaces.objects),
    Group("kubernetes/02-classes.yaml", storage.classes),
    Group("kubernetes/03-policy-templates.yaml", image_policy.templates),
    Group("kubernetes/04-policies.yaml", image_policy.constraints),
    Group("kubernetes/05-node-pools.yaml", node_pools.objects),
    Group("kubernetes/10-access.yaml", access.objects),
    Group("kubernetes/20-network-policies.yaml", network_policies.objects),
    Group("kubernetes/30-configuration.yaml", configuration.objects),
    Group("kubernetes/35-secrets.yaml", secrets.objects),
    Group("kubernetes/40-services.yaml", services.objects),
    Group("kubernetes/42-entrance.yaml", entrance.objects),
    Group("kubernetes/45-storage.yaml", storage.claims),
    Group("kubernetes/48-analysis-templates.yaml", rollouts.analysis_objects),
    Group("kubernetes/50-workloads.yaml", workloads.objects),
    Group("kubernetes/52-rollouts.yaml", rollouts.objects),
    Group("kubernetes/60-availability.yaml", availability.objects),
    Group("kubernetes/62-certificate-issuers.yaml", issuers.objects),
    Group("kubernetes/65-ingresses.yaml", ingresses.objects),
    Group("kubernetes/67-mesh.yaml", mesh.objects),
    Group("kubernetes/70-monitoring.yaml", monitoring.objects),
    Group("kubernetes/72-alerts.yaml", observability.alerts),
    Group("kubernetes/74-dashboards.yaml", observability.dashboards),
    Group("kubernetes/80-backups.yaml", backups.objects),
    Group("kubernetes/90-own.yaml", own.objects),
)


def objects_of(plan: Plan) -> dict[str, Sequence[Traced]]:
    """File name → its objects; what the charts of ``helm/`` are made from as well."""
    rendered = {group.file: group.objects(plan) for group in GROUPS}
    return {name: objects for name, objects in rendered.items() if objects}


def files(plan: Plan, rendered: Mapping[str, Sequence[Traced]] | None = None) -> dict[str, RenderedFile]:
    """File name → content; from the plan's ``objects_of`` where they have been made."""
    found = objects_of(plan) if rendered is None else rendered
    return {name: RenderedFile((_head(plan), *yaml.documents(objects))) for name, objects in found.items()}


def scripts(plan: Plan) -> dict[str, RenderedFile]:
    """What applies the files where going through them is not enough; beside the folder, in which is YAML only."""
    return script.files(plan, _head(plan))


def _head(plan: Plan) -> Line:
    source = PurePath(plan.spec_file).name
    return Line(
        f"# Rendered by wavetank from {source}, environment {plan.environment}: change it there and render again."
    )
