"""The Terraform configuration: one module here per file there, listed in ``GROUPS`` in the order in which people read them.

To add a resource group: a module with ``items(plan)``, a line in ``GROUPS``, a golden file. What leaves here is ``terraform fmt``
clean and refers to resources by address, never by a repeated literal. Only the hashicorp/aws provider is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeAlias

from wavetank.plan.model import Plan
from wavetank.render import hcl
from wavetank.render.bundle import RenderedFile
from wavetank.render.terraform import (
    access,
    add_ons,
    backend,
    backups,
    buckets,
    budgets,
    caches,
    cluster,
    dns,
    entrance,
    events,
    file_systems,
    flow_logs,
    functions,
    http_apis,
    interface_endpoints,
    karpenter,
    network,
    node_groups,
    observability,
    outputs,
    own,
    pod_roles,
    push_role,
    queues,
    regions,
    registry,
    repositories,
    secrets,
    settings,
    tables,
    variables,
    velero,
)

FOLDER = "terraform"
Items: TypeAlias = Callable[[Plan], Sequence[hcl.Item]]


@dataclass(frozen=True)
class Group:
    """One file of the configuration, left out when the plan has nothing for it."""

    file: str
    title: str
    items: Items


GROUPS: tuple[Group, ...] = (
    Group("versions.tf", "Terraform, provider and shared names", settings.items),
    Group("backend.tf", "Where Terraform keeps its state", backend.items),
    Group("variables.tf", "Inputs", variables.items),
    Group("terraform.tfvars", "Values of the inputs", variables.values),
    Group("network.tf", "VPC, subnets and routes", network.items),
    Group("interface_endpoints.tf", "AWS services inside the VPC", interface_endpoints.items),
    Group("flow_logs.tf", "VPC flow logs", flow_logs.items),
    Group("cluster.tf", "EKS control plane", cluster.items),
    Group("access.tf", "People and programs that may use the cluster", access.items),
    Group("node_groups.tf", "Machines", node_groups.items),
    Group("karpenter.tf", "AWS side of Karpenter", karpenter.items),
    Group("addons.tf", "EKS managed add-ons", add_ons.items),
    Group("pod_roles.tf", "IAM roles of service accounts", pod_roles.items),
    Group("repositories.tf", "Container image repositories", repositories.items),
    Group("secrets.tf", "Secrets", secrets.items),
    Group("file_systems.tf", "Shared file systems", file_systems.items),
    Group("dns.tf", "Public names and certificates", dns.items),
    Group("tables.tf", "Tables", tables.items),
    Group("caches.tf", "Caches", caches.items),
    Group("buckets.tf", "Buckets", buckets.items),
    Group("queues.tf", "Queues", queues.items),
    Group("functions.tf", "Functions", functions.items),
    Group("entrance.tf", "Way from functions and APIs into the cluster", entrance.items),
    Group("apis.tf", "HTTP APIs", http_apis.items),
    Group("events.tf", "Events", events.items),
    Group("regions.tf", "Other regions", regions.items),
    Group("registry.tf", "Rules of the image registry", registry.items),
    Group("pipelines.tf", "Role of image pipelines", push_role.items),
    Group("observability.tf", "Logs and alarms", observability.items),
    Group("velero.tf", "Bucket of the cluster's backups", velero.items),
    Group("backups.tf", "AWS Backup", backups.items),
    Group("budgets.tf", "Budgets", budgets.items),
    Group("outputs.tf", "Outputs", outputs.items),
)


def files(plan: Plan) -> dict[str, RenderedFile]:
    """File name (``terraform/network.tf``) → content."""
    rendered = {group.file: group.items(plan) for group in GROUPS}
    titles = {group.file: group.title for group in GROUPS}
    made = {name: _file(plan, titles[name], items) for name, items in rendered.items() if items}
    return {f"{FOLDER}/{name}": file for name, file in (made | functions.files(plan) | own.files(plan, made)).items()}


def _file(plan: Plan, title: str, items: Sequence[hcl.Item]) -> RenderedFile:
    head = (
        f"{title} of {plan.name}, environment {plan.environment}.\n"
        f"Rendered by wavetank from {PurePath(plan.spec_file).name}: change it there and render again."
    )
    return RenderedFile(hcl.document((hcl.Comment(head), hcl.Blank(), *items)))
