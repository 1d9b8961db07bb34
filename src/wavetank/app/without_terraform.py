"""What stands in for Terraform on a machine without it: the network, cluster, node groups and add-ons of a plan, made
through the AWS API. Only against the embedded AWS; NAT, logs, keys, repositories, secrets
and pod roles are left out, and said so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wavetank.app.aws import client
from wavetank.kube.types import Obj
from wavetank.plan.model import AddOn, NodeGroup, Plan

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_eks import EKSClient
    from mypy_boto3_eks.type_defs import TaintTypeDef
    from mypy_boto3_iam import IAMClient

LEFT_OUT = "NAT gateways, routes, logs, keys, image repositories, secrets and pod roles"


@dataclass(frozen=True)
class Clients:
    """The three services that are talked to."""

    ec2: EC2Client
    eks: EKSClient
    iam: IAMClient


def clients(environment: Mapping[str, str]) -> Clients:
    """Clients for the AWS that the variables point at (endpoint, credentials, region)."""
    return Clients(client("ec2", environment), client("eks", environment), client("iam", environment))


def create(plan: Plan, aws: Clients, tell: Callable[[str], None]) -> int:
    """Create what a cluster needs to run; returns the number of things created."""
    count = 0
    for text in _created(plan, aws):
        tell(text)
        count += 1
    return count


def _created(plan: Plan, aws: Clients) -> Iterator[str]:
    vpc = aws.ec2.create_vpc(CidrBlock=plan.network.vpc_cidr)["Vpc"]["VpcId"]
    yield f"VPC {vpc}"
    subnets: dict[str, str] = {}
    for subnet in plan.network.subnets:
        made = aws.ec2.create_subnet(VpcId=vpc, CidrBlock=subnet.cidr, AvailabilityZone=subnet.zone)
        subnets[subnet.name] = made["Subnet"]["SubnetId"]
        yield f"subnet {subnet.name}"
    cluster_role = _role(aws.iam, f"{plan.cluster.name}-cluster", "eks.amazonaws.com")
    node_role = _role(aws.iam, f"{plan.cluster.name}-node", "ec2.amazonaws.com")
    yield "roles of cluster and nodes"
    aws.eks.create_cluster(
        name=plan.cluster.name,
        version=plan.cluster.version,
        roleArn=cluster_role,
        resourcesVpcConfig={"subnetIds": [subnets[s.name] for s in plan.network.private_subnets]},
        accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True},
        bootstrapSelfManagedAddons=False,
    )
    yield f"cluster {plan.cluster.name}"
    for group in plan.node_groups:
        _create_group(plan, aws, group, [subnets[name] for name in group.subnets], node_role)
        yield f"node group {group.name}"
    for add_on in plan.add_ons:
        _create_add_on(plan, aws, add_on)
        yield f"add-on {add_on.name}"


def _role(iam: IAMClient, name: str, service: str) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]


def _create_group(plan: Plan, aws: Clients, group: NodeGroup, subnets: list[str], role: str) -> None:
    aws.eks.create_nodegroup(
        clusterName=plan.cluster.name,
        nodegroupName=group.name,
        subnets=subnets,
        nodeRole=role,
        instanceTypes=list(group.instance_types),
        capacityType=group.capacity_type,
        scalingConfig={"minSize": group.min_size, "desiredSize": group.desired_size, "maxSize": group.max_size},
        labels=dict(group.labels),
        taints=[_taint(taint) for taint in group.taints],
    )


def _taint(taint: Obj) -> TaintTypeDef:
    key, value = str(taint["key"]), str(taint.get("value", ""))
    match taint["effect"]:
        case "NoExecute":
            return {"key": key, "value": value, "effect": "NO_EXECUTE"}
        case "PreferNoSchedule":
            return {"key": key, "value": value, "effect": "PREFER_NO_SCHEDULE"}
        case _:
            return {"key": key, "value": value, "effect": "NO_SCHEDULE"}


def _create_add_on(plan: Plan, aws: Clients, add_on: AddOn) -> None:
    values = json.dumps(add_on.configuration)
    aws.eks.create_addon(clusterName=plan.cluster.name, addonName=add_on.name, configurationValues=values)


def destroy(plan: Plan, aws: Clients) -> None:
    """Delete the cluster with its add-ons and node groups; the rest holds no process and goes with the embedded AWS."""
    name = plan.cluster.name
    missing = aws.eks.exceptions.ResourceNotFoundException
    for add_on in plan.add_ons:
        with suppress(missing):
            aws.eks.delete_addon(clusterName=name, addonName=add_on.name)
    for group in plan.node_groups:
        with suppress(missing):
            aws.eks.delete_nodegroup(clusterName=name, nodegroupName=group.name)
    with suppress(missing):
        aws.eks.delete_cluster(name=name)
