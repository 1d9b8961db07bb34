"""Machines and prices that Karpenter is offered: from the catalogue's facts, in the subnets that the embedded AWS has."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from wavetank.app.aws import client
from wavetank.app.offers import offers_of_region
from wavetank.app.tank import Tank, TankOptions
from wavetank.catalog import ec2_price_usd_hour, instance_type, instance_type_names, spot_saving
from wavetank.kube.conditions import is_true
from wavetank.kube.types import Obj
from wavetank.plan import plan
from wavetank.render import render
from wavetank.spec import load
from wavetank.twin.nodes.offers import InstanceOffer, shaped

REGION = "ap-southeast-2"
ZONES = (f"{REGION}a", f"{REGION}b", f"{REGION}c")
PLATFORM = Path(__file__).parents[1] / "data" / "ground" / "platform.yaml"
NAME = "quay-production"
PATIENCE_SECONDS = 60.0


def offer(name: str, region: str = "us-west-2") -> InstanceOffer:
    return next(each for each in offers_of_region(region, ("a", "b")) if each.name == name)


def test_prices_are_those_of_the_catalogue_and_spot_a_part_of_them() -> None:
    price = ec2_price_usd_hour("us-west-2", "m7i.xlarge")
    assert price is not None
    found = {(o.zone, o.capacity_type): o.price_usd_hour for o in offer("m7i.xlarge").offerings}
    of_spot = price.usd * (1 - spot_saving().fraction)
    assert found == {
        ("a", "on-demand"): price.usd,
        ("b", "on-demand"): price.usd,
        ("a", "spot"): of_spot,
        ("b", "spot"): of_spot,
    }
    assert all(isinstance(usd, Decimal) for usd in found.values())


def test_what_has_no_price_is_not_offered() -> None:
    offered = {each.name for each in offers_of_region(REGION, ZONES)}
    unpriced = {name for name in instance_type_names() if ec2_price_usd_hour(REGION, name) is None}
    assert unpriced
    assert not offered & unpriced


def test_pods_get_what_the_catalogue_says_of_the_type() -> None:
    for name in ("m7i.xlarge", "c7i.large", "g5.xlarge"):
        facts, found = instance_type(name), offer(name).allocatable
        assert found.cpu_milli == facts.allocatable_cpu_milli
        assert found.memory_bytes == facts.allocatable_memory_mib * 1024**2
        assert found.pods == facts.max_pods


def test_labels_tell_of_family_generation_size_and_devices() -> None:
    labels = offer("m7i-flex.large").labels
    found = {key.partition("/")[2].removeprefix("instance-"): value for key, value in labels.items()}
    assert (found["category"], found["generation"], found["family"], found["size"]) == ("m", "7", "m7i-flex", "large")
    assert found["capability-flex"] == "true"
    gpu = offer("g5.xlarge").labels
    assert gpu["karpenter.k8s.aws/instance-gpu-name"] == "a10g"
    assert gpu["karpenter.k8s.aws/instance-gpu-count"] == "1"
    assert "karpenter.k8s.aws/instance-gpu-name" not in labels


def test_kubelet_settings_and_disk_change_what_is_left() -> None:
    kubelet = {"maxPods": 20, "kubeReserved": {"cpu": "500m"}, "evictionHard": {"memory.available": "10%"}}
    mapping = {"deviceName": "/dev/xvda", "ebs": {"volumeSize": "50Gi"}}
    plain = offer("m7i.xlarge")
    changed = shaped(plain, {"spec": {"kubelet": kubelet, "blockDeviceMappings": [mapping]}})
    assert changed.allocatable.pods == 20
    assert changed.allocatable.cpu_milli == 3500
    assert plain.allocatable.memory_bytes - changed.allocatable.memory_bytes == pytest.approx(
        plain.capacity.memory_bytes // 10 - 100 * 1024**2, abs=1
    )
    assert changed.allocatable.ephemeral_storage_bytes == 50 * 1024**3 * 9 // 10 - 1024**3


# --- in the embedded AWS -----------------------------------------------------------------------------------------------


@pytest.fixture
def tank(tmp_path: Path) -> Iterator[Tank]:
    made = Tank(TankOptions(REGION, "111122223333", tmp_path, speed=100.0))
    made.start()
    try:
        yield made
    finally:
        made.stop()


def create(tank: Tank) -> None:
    """A cluster whose subnets and security group bear the tag that rendered node classes look for."""
    ec2, eks = client("ec2", tank.environment()), client("eks", tank.environment())
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    tags = [{"Key": "karpenter.sh/discovery", "Value": NAME}]
    subnets = []
    for i, zone in enumerate(ZONES):
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        ec2.create_tags(Resources=[made], Tags=tags)
        subnets.append(made)
    group = ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=vpc)["GroupId"]
    ec2.create_tags(Resources=[group], Tags=tags)
    role = "arn:aws:iam::111122223333:role/any"
    eks.create_cluster(name=NAME, roleArn=role, resourcesVpcConfig={"subnetIds": subnets})
    scaling = {"minSize": 2, "desiredSize": 2, "maxSize": 2}
    eks.create_nodegroup(
        clusterName=NAME, nodegroupName="system", subnets=subnets, nodeRole=role, scalingConfig=scaling
    )


def in_twin(tank: Tank, work: Callable[[Any], Any]) -> Any:
    world = tank.world(NAME)
    return tank._loop.call(lambda: work(world))


def wait(until: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not until():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def deployment(name: str, replicas: int, **spec: Any) -> Obj:
    labels = {"app": name}
    container = {"name": "app", "image": "web:1", "resources": {"requests": {"cpu": "1500m", "memory": "1Gi"}}}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], **spec}}
    metadata = {"name": name, "namespace": "default"}
    full = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": full}


@pytest.mark.slow
def test_the_rendered_pools_bring_nodes_in_the_subnets_they_select(tank: Tank) -> None:
    bundle = render(plan(load(PLATFORM, "production")))
    releases = yaml.safe_load(bundle.files["helm/releases.yaml"].text)["releases"]
    values = next(r["values"] for r in releases if r["name"] == "karpenter")
    create(tank)
    tank.install(NAME, "vpc-cni", "v1", {})
    tank.install(NAME, "karpenter", "1.10.0", values)

    wait(lambda: served(tank), "the definitions were not served")
    for pool in yaml.safe_load_all(bundle.files["kubernetes/05-node-pools.yaml"].text):
        apply(tank, pool)
    in_twin(tank, lambda w: w.cluster.create(deployment("web", 5)))
    arm = {"tolerations": [{"key": "arch", "operator": "Exists"}], "nodeSelector": {"kubernetes.io/arch": "arm64"}}
    in_twin(tank, lambda w: w.cluster.create(deployment("arm", 1, **arm)))
    wait(lambda: not pending(tank), "pods stayed pending")
    claims = in_twin(tank, lambda w: w.cluster.list("nodeclaims.karpenter.sh"))
    found = {c["metadata"]["labels"]["karpenter.sh/nodepool"]: c["metadata"]["labels"] for c in claims}
    assert found["arm"]["node.kubernetes.io/instance-type"] == "m7g.large"
    assert found["flexible"]["karpenter.sh/capacity-type"] == "spot"
    assert found["flexible"]["karpenter.k8s.aws/instance-family"] in ("m7i", "m7a", "c7i")
    classes = in_twin(tank, lambda w: w.cluster.list("ec2nodeclasses.karpenter.k8s.aws"))
    assert {len(each["status"]["subnets"]) for each in classes} == {3}


def apply(tank: Tank, obj: Obj) -> None:
    in_twin(tank, lambda w: w.cluster.create(obj))


def served(tank: Tank) -> bool:
    def known(world: Any) -> bool:
        found = world.cluster.list("customresourcedefinitions.apiextensions.k8s.io")
        return bool(found) and all(is_true(each, "Established") for each in found)

    return bool(in_twin(tank, known))


def pending(tank: Tank) -> list[str]:
    def names(world: Any) -> list[str]:
        pods = world.cluster.list("pods", "default")
        return [p["metadata"]["name"] for p in pods if not p["spec"].get("nodeName")] if len(pods) == 6 else ["early"]

    found: list[str] = in_twin(tank, names)
    return found
