"""A twin's node autoscaler and the embedded AWS agree on the sizes of node groups, in both directions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from wavetank.app.aws import client
from wavetank.app.tank import Tank, TankOptions
from wavetank.kube.conditions import is_true
from wavetank.kube.types import Obj

NAME = "shop"
#: Boots of 45 seconds pass in half a second.
SPEED = 100.0
PATIENCE_SECONDS = 40.0


@pytest.fixture
def tank(tmp_path: Path) -> Iterator[Tank]:
    made = Tank(TankOptions("ap-southeast-2", "111122223333", tmp_path, speed=SPEED, vcpu_quota=10))
    made.start()
    try:
        yield made
    finally:
        made.stop()


def create(tank: Tank) -> None:
    """A cluster with two t3.medium of at most five."""
    environment = tank.environment()
    ec2, eks = client("ec2", environment), client("eks", environment)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"ap-southeast-2{zone}")["Subnet"][
            "SubnetId"
        ]
        for i, zone in enumerate("ab")
    ]
    role = "arn:aws:iam::111122223333:role/any"
    eks.create_cluster(name=NAME, roleArn=role, resourcesVpcConfig={"subnetIds": subnets})
    scaling = {"minSize": 1, "desiredSize": 2, "maxSize": 9}
    eks.create_nodegroup(
        clusterName=NAME, nodegroupName="general", subnets=subnets, nodeRole=role, scalingConfig=scaling
    )


def shown(tank: Tank) -> dict[str, int]:
    """The sizes that the APIs of EKS and of Auto Scaling tell."""
    environment = tank.environment()
    eks, scaling = client("eks", environment), client("autoscaling", environment)
    group = eks.describe_nodegroup(clusterName=NAME, nodegroupName="general")["nodegroup"]
    name = group["resources"]["autoScalingGroups"][0]["name"]
    (found,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    return {"eks": group["scalingConfig"]["desiredSize"], "autoscaling": found["DesiredCapacity"]}


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not until():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def in_twin(tank: Tank, work: Callable[[Any], Any]) -> Any:
    world = tank.world(NAME)
    return tank._loop.call(lambda: work(world))


def ready_nodes(tank: Tank) -> int:
    def count(world: Any) -> int:
        return len(world.cluster.list("nodes", where=lambda node: is_true(node, "Ready")))

    return int(in_twin(tank, count))


def deployment(replicas: int) -> Obj:
    labels = {"app": "web"}
    requests = {"cpu": "1500m"}
    container = {"name": "app", "image": "web:1", "resources": {"requests": requests}}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": "web", "namespace": "default"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def test_what_the_autoscaler_decides_is_what_aws_shows_and_the_quota_ends_it(tank: Tank) -> None:
    create(tank)
    tank.install(NAME, "vpc-cni", "v1", {})
    values = {"autoDiscovery": {"clusterName": NAME}, "extraArgs": {"scale-down-enabled": False}}
    tank.install(NAME, "cluster-autoscaler", "9.59.0", values)
    wait(lambda: ready_nodes(tank) == 2)
    in_twin(tank, lambda world: world.cluster.create(deployment(3)))
    # Beside the autoscaler and the agents a node takes one of them.
    wait(lambda: ready_nodes(tank) >= 3)
    wait(lambda: shown(tank) == {"eks": 3, "autoscaling": 3})
    in_twin(tank, lambda world: world.cluster.set_replicas("deployments.apps", "default", "web", 9))
    # Ten vCPUs are five machines; AWS takes more wishes than it can fulfil, and the autoscaler takes them back.
    wait(lambda: ready_nodes(tank) == 5)
    wait(lambda: shown(tank) == {"eks": 5, "autoscaling": 5})
    status = in_twin(tank, lambda w: w.cluster.get("configmaps", "kube-system", "cluster-autoscaler-status"))
    assert "placeholder-cannot-be-fulfilled" in status["data"]["status"]


def test_what_aws_is_told_happens_in_the_twin(tank: Tank) -> None:
    create(tank)
    tank.install(NAME, "vpc-cni", "v1", {})
    wait(lambda: ready_nodes(tank) == 2)
    eks = client("eks", tank.environment())
    eks.update_nodegroup_config(clusterName=NAME, nodegroupName="general", scalingConfig={"desiredSize": 4})
    wait(lambda: ready_nodes(tank) == 4)

    def size(world: Any) -> int:
        return int(world.groups.all()[0].target_size)

    assert in_twin(tank, size) == 4
    eks.delete_nodegroup(clusterName=NAME, nodegroupName="general")
    assert in_twin(tank, lambda world: world.groups.all()) == []


def test_tags_that_somebody_adds_are_seen_at_the_next_look(tank: Tank) -> None:
    create(tank)
    scaling = client("autoscaling", tank.environment())
    name = in_twin(tank, lambda world: world.groups.all()[0].id)
    tag = {"ResourceId": name, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
    scaling.create_or_update_tags(Tags=[tag | {"Key": "team", "Value": "shop"}])
    in_twin(tank, lambda world: world.groups.refresh())
    wait(lambda: in_twin(tank, lambda world: world.groups.all()[0].tags).get("team") == "shop")
    tags = in_twin(tank, lambda world: world.groups.all()[0].tags)
    assert tags[f"k8s.io/cluster-autoscaler/{NAME}"] == "owned"
