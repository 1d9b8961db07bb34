"""Managed add-ons and node groups."""

from __future__ import annotations

import json

from wavetank.plan.model import NodeGroup, Plan
from wavetank.render.eksctl.access import policy
from wavetank.render.kubernetes.parts import present
from wavetank.render.trace import Traced, entries

#: how EKS calls an AMI type → how eksctl calls its family
_FAMILIES = {"AL2023": "AmazonLinux2023", "AL2": "AmazonLinux2", "BOTTLEROCKET": "Bottlerocket"}


def add_ons(plan: Plan) -> list[Traced]:
    """In the plan's order; each with the permissions of its service account."""
    roles = {role.name: role for role in plan.pod_roles}
    found = []
    for add_on in plan.add_ons:
        path = f"addOns[{add_on.name}]"
        role = roles.get(add_on.role or "")
        settings = json.dumps(add_on.configuration, sort_keys=True) if add_on.configuration else None
        content = {
            "name": Traced(add_on.name, f"{path}.name"),
            "version": Traced(add_on.version, f"{path}.version"),
            "configurationValues": Traced(settings, f"{path}.configuration"),
            "attachPolicyARNs": Traced(list(role.managed_policy_arns), f"podRoles[{role.name}]") if role else None,
            "attachPolicy": policy(role) if role and not role.managed_policy_arns else None,
        }
        found.append(Traced(present(content), path))
    return found


def node_group(plan: Plan, group: NodeGroup) -> Traced:
    """A managed node group in private subnets, limited to zones when it has not all of them."""
    path = f"nodeGroups[{group.name}]"
    content = {
        "name": Traced(group.name, f"{path}.name"),
        "amiFamily": Traced(_family(group.ami_type), f"{path}.amiType"),
        "instanceTypes": Traced(list(group.instance_types), f"{path}.instanceTypes"),
        "spot": Traced(group.capacity_type == "SPOT" or None, f"{path}.capacityType"),
        "minSize": Traced(group.min_size, f"{path}.minSize"),
        "desiredCapacity": Traced(group.desired_size, f"{path}.desiredSize"),
        "maxSize": Traced(group.max_size, f"{path}.maxSize"),
        "availabilityZones": _zones(plan, group, path),
        "privateNetworking": Traced(_is_private(plan, group), f"{path}.subnets"),
        "volumeSize": Traced(group.disk.gib, f"{path}.disk.gib"),
        "volumeType": Traced(group.disk.type, f"{path}.disk.type"),
        "volumeEncrypted": Traced(group.disk.encrypted, f"{path}.disk.encrypted"),
        "labels": entries(group.labels, f"{path}.labels"),
        "taints": Traced([dict(taint) for taint in group.taints], f"{path}.taints"),
        "disableIMDSv1": True,
        "disablePodIMDS": Traced(group.metadata_hop_limit == 1, f"{path}.metadataHopLimit"),
        "updateConfig": Traced(_update(group.max_unavailable), f"{path}.maxUnavailable"),
        "propagateASGTags": True,
    }
    return Traced(present(content), path)


def _family(ami_type: str) -> str:
    head = ami_type.partition("_")[0]
    assert head in _FAMILIES, f"eksctl has no family for the AMI type {ami_type}"
    return _FAMILIES[head]


def _zones(plan: Plan, group: NodeGroup, path: str) -> Traced | None:
    zones = [subnet.zone for subnet in plan.network.subnets if subnet.name in group.subnets]
    return None if set(zones) == set(plan.network.zones) else Traced(zones, f"{path}.subnets")


def _is_private(plan: Plan, group: NodeGroup) -> bool:
    return not any(subnet.public for subnet in plan.network.subnets if subnet.name in group.subnets)


def _update(max_unavailable: str) -> dict[str, int]:
    if max_unavailable.endswith("%"):
        return {"maxUnavailablePercentage": int(max_unavailable.removesuffix("%"))}
    return {"maxUnavailable": int(max_unavailable)}
