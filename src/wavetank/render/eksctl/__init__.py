"""``eksctl/cluster.yaml``: the cluster as eksctl would make it, for people who try the platform without Terraform.

It makes a VPC of its own in the same zones with the same address range: eksctl divides that range by itself, and it refers to
existing subnets only, so the plan's subnets are not named. Field names are those of eksctl.io/v1alpha5 (its schema.json). What
eksctl has no word for (charts, repositories, secrets, flow logs) is Terraform's alone.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from wavetank.plan.model import Plan
from wavetank.render import yaml
from wavetank.render.bundle import RenderedFile
from wavetank.render.eksctl import access, machines
from wavetank.render.kubernetes.parts import present
from wavetank.render.trace import Line, Traced, entries

FILE = "eksctl/cluster.yaml"
_NAT = {"single": "Single", "perZone": "HighlyAvailable", "none": "Disable"}
_INSTEAD = (
    "# Instead of terraform/, not beside it: `eksctl create cluster -f cluster.yaml` makes VPC, cluster, machines and roles.",
    "# eksctl shares out the VPC's range by itself, into other subnets than those of Terraform.",
)


def files(plan: Plan) -> dict[str, RenderedFile]:
    """File name → content."""
    source = PurePath(plan.spec_file).name
    head = f"# Rendered by wavetank from {source}, environment {plan.environment}: change it there and render again."
    lines = (Line(text) for text in (head, *_INSTEAD))
    return {FILE: RenderedFile((*lines, *yaml.document(Traced(_cluster_config(plan), "cluster"))))}


def _cluster_config(plan: Plan) -> dict[str, Any]:
    cluster = plan.cluster
    return present(
        {
            "apiVersion": "eksctl.io/v1alpha5",
            "kind": "ClusterConfig",
            "metadata": {
                "name": Traced(cluster.name, "cluster.name"),
                "region": Traced(plan.region, "region"),
                "version": Traced(cluster.version, "cluster.version"),
                "tags": entries(plan.tags, "tags"),
            },
            "upgradePolicy": {"supportType": Traced(cluster.support_type, "cluster.supportType")},
            "kubernetesNetworkConfig": {"serviceIPv4CIDR": Traced(cluster.service_cidr, "cluster.serviceCidr")},
            "availabilityZones": Traced(list(plan.network.zones), "network.zones"),
            "vpc": _vpc(plan),
            "cloudWatch": _logs(plan),
            "secretsEncryption": _encryption(plan),
            "accessConfig": access.config(plan),
            "iam": access.pod_roles(plan),
            "addonsConfig": {"disableDefaultAddons": True},
            "addons": machines.add_ons(plan),
            "managedNodeGroups": [machines.node_group(plan, group) for group in plan.node_groups],
        }
    )


def _vpc(plan: Plan) -> dict[str, Any]:
    endpoint = plan.cluster.endpoint
    cidrs = Traced(list(endpoint.public_access_cidrs), "cluster.endpoint.publicAccessCidrs")
    return present(
        {
            "cidr": Traced(plan.network.vpc_cidr, "network.vpcCidr"),
            "nat": {"gateway": Traced(_NAT[plan.network.nat], "network.nat")},
            "clusterEndpoints": {
                "privateAccess": Traced(endpoint.private, "cluster.endpoint.private"),
                "publicAccess": Traced(endpoint.public, "cluster.endpoint.public"),
            },
            "publicAccessCIDRs": cidrs,
        }
    )


def _logs(plan: Plan) -> dict[str, Any] | None:
    logs = plan.cluster.logs
    if not logs.types:
        return None
    days = Traced(logs.retention_days, "cluster.logs.retentionDays")
    types = Traced(list(logs.types), "cluster.logs.types")
    return {"clusterLogging": {"enableTypes": types, "logRetentionInDays": days}}


def _encryption(plan: Plan) -> dict[str, Any] | None:
    """eksctl makes no key: it takes one that exists, here under the alias that Terraform would give it."""
    if not plan.cluster.secrets_encryption:
        return None
    arn = f"arn:aws:kms:{plan.region}:{plan.account_id}:alias/eks/{plan.cluster.name}"
    note = "eksctl makes no key: create one under this alias first, or name another one."
    return {"keyARN": Traced(arn, "cluster.secretsEncryption", note)}
