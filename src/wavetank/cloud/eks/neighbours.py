"""What EKS uses of the other services of the same account: subnets, security groups, launch templates, scaling groups.

The only module of ``eks`` that touches moto's backends (imported late: moto must find its environment set).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wavetank.cloud.eks.errors import InvalidParameterException
from wavetank.cloud.eks.user_data import max_pods
from wavetank.cloud.events import Subnet


@dataclass(frozen=True)
class Vpc:
    id: str
    cidr: str


@dataclass(frozen=True)
class TemplateMachine:
    """What a launch template says of the machines; None where it says nothing."""

    instance_type: str | None
    disk_gib: int | None
    max_pods: int | None


@dataclass(frozen=True)
class ScalingGroup:
    """What the Auto Scaling group behind a node group is made of."""

    name: str
    min_size: int
    desired_size: int
    max_size: int
    subnet_ids: tuple[str, ...]
    launch_template_id: str
    tags: dict[str, str]


class Neighbours:
    """EC2 and Auto Scaling of one account and region. Has no state of its own."""

    def __init__(self, account: str, region: str) -> None:
        self.account = account
        self.region = region

    @property
    def _ec2(self) -> Any:
        from moto.ec2.models import ec2_backends

        return ec2_backends[self.account][self.region]

    @property
    def _autoscaling(self) -> Any:
        from moto.autoscaling.models import autoscaling_backends

        return autoscaling_backends[self.account][self.region]

    def subnets(self, ids: Sequence[str]) -> tuple[Subnet, ...]:
        """The subnets in the order asked for. Raises InvalidParameterException for those that do not exist."""
        known = {subnet.id: subnet for subnet in self._ec2.describe_subnets()}
        if missing := [subnet_id for subnet_id in ids if subnet_id not in known]:
            raise InvalidParameterException(f"The subnet ID '{missing[0]}' does not exist")
        return tuple(Subnet(one, known[one].availability_zone, known[one].cidr_block) for one in ids)

    def vpc_of(self, subnet_id: str) -> Vpc:
        vpc = self._ec2.get_vpc(self._ec2.get_subnet(subnet_id).vpc_id)
        return Vpc(vpc.id, vpc.cidr_block)

    def create_cluster_security_group(self, name: str, vpc_id: str, tags: dict[str, str]) -> str:
        """The group that EKS makes for a cluster: everything within it is allowed. Returns its id."""
        description = (
            "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, "
            "as well as any managed workloads."
        )
        group = self._ec2.create_security_group(name, description, vpc_id, tags)
        self._ec2.authorize_security_group_ingress(
            group.id, "-1", None, None, [], source_groups=[{"GroupId": group.id, "UserId": self.account}], vpc_id=vpc_id
        )
        return str(group.id)

    def delete_security_group(self, group_id: str) -> None:
        """EKS deletes what it made; a group that somebody else has deleted is no error."""
        if self._ec2.get_security_group_from_id(group_id) is not None:
            self._ec2.delete_security_group(group_id=group_id)

    def resolved_launch_template(self, wanted: dict[str, str]) -> dict[str, str]:
        """``id``, ``name`` and ``version`` of the template that a node group refers to by either."""
        by = {"template_ids": [wanted["id"]]} if wanted.get("id") else {"template_names": [wanted.get("name", "")]}
        found = self._ec2.describe_launch_templates(**by)
        if not found:
            raise InvalidParameterException(f"Launch template {wanted.get('id') or wanted.get('name')} does not exist")
        version = wanted.get("version") or str(found[0].default_version_number)
        return {"id": found[0].id, "name": found[0].name, "version": version}

    def machine_of(self, template: dict[str, str]) -> TemplateMachine:
        """The instance type and the size of the first volume in a version of a launch template."""
        found = self._ec2.describe_launch_templates(template_ids=[template["id"]])
        data = found[0].get_version(template["version"]).data if found else {}
        volumes = [one.get("Ebs", {}).get("VolumeSize") for one in data.get("BlockDeviceMappings", [])]
        size = next((int(volume) for volume in volumes if volume), None)
        return TemplateMachine(data.get("InstanceType") or None, size, max_pods(str(data.get("UserData") or "")))

    def create_launch_template(self, name: str, instance_type: str, tags: dict[str, str]) -> str:
        template = self._ec2.create_launch_template(
            name, "", {"InstanceType": instance_type}, {"launch-template": tags}
        )
        return str(template.id)

    def delete_launch_template(self, name: str) -> None:
        if name in self._ec2.launch_template_name_to_ids:
            self._ec2.delete_launch_template(name, None)

    def create_scaling_group(self, group: ScalingGroup, resize: Callable[[int], None]) -> None:
        """A real Auto Scaling group that starts no instances of moto's: ``resize`` hears every new desired capacity."""
        tags = [
            {
                "ResourceId": group.name,
                "ResourceType": "auto-scaling-group",
                "Key": k,
                "Value": v,
                "PropagateAtLaunch": True,
            }
            for k, v in group.tags.items()
        ]
        made = self._autoscaling.create_auto_scaling_group(
            name=group.name,
            availability_zones=[],
            desired_capacity=0,
            max_size=group.max_size,
            min_size=group.min_size,
            launch_config_name=None,
            launch_template={"LaunchTemplateId": group.launch_template_id, "Version": "1"},
            vpc_zone_identifier=",".join(group.subnet_ids),
            default_cooldown=300,
            health_check_period=15,
            health_check_type="EC2",
            load_balancers=[],
            target_group_arns=[],
            placement_group=None,
            termination_policies=["AllocationStrategy", "OldestLaunchTemplate", "OldestInstance"],
            tags=tags,
        )
        made.desired_capacity = group.desired_size
        made.set_desired_capacity = lambda size: _set_desired(made, size, resize)

    def size_scaling_group(self, name: str, min_size: int, desired_size: int, max_size: int) -> None:
        group = self._autoscaling.autoscaling_groups.get(name)
        if group is not None:
            group.min_size, group.desired_capacity, group.max_size = min_size, desired_size, max_size

    def delete_scaling_group(self, name: str) -> None:
        self._autoscaling.autoscaling_groups.pop(name, None)


def _set_desired(group: Any, size: int | None, resize: Callable[[int], None]) -> None:
    """SetDesiredCapacity with the bounds that AWS checks and moto does not."""
    from moto.autoscaling.exceptions import ValidationError

    wanted = group.min_size if size is None else size
    if wanted > group.max_size:
        raise ValidationError(
            f"New SetDesiredCapacity value {wanted} is above max value {group.max_size} for the AutoScalingGroup."
        )
    if wanted < group.min_size:
        raise ValidationError(
            f"New SetDesiredCapacity value {wanted} is below min value {group.min_size} for the AutoScalingGroup."
        )
    group.desired_capacity = wanted
    resize(wanted)
