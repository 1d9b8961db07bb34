"""The NodePools that wavetank renders, installed with the chart that it renders, bring the nodes that they promise."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from karpenter_kit import GROUND, TYPES, World, deployment, keep_off_the_system, node_class, node_pool, pod

from wavetank.app.offers import offers_of_region
from wavetank.catalog import ec2_price_usd_hour
from wavetank.kube.types import Obj
from wavetank.plan import plan
from wavetank.render import render
from wavetank.spec import load
from wavetank.twin.bare import BareOptions, BareWorld
from wavetank.twin.nodes.offers import GivenOffers, Ground, Image, Subnet

PLATFORM = Path(__file__).parents[1] / "data" / "ground" / "platform.yaml"
REGION = "ap-southeast-2"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
ARM = {"tolerations": [{"key": "arch", "operator": "Exists"}], "nodeSelector": {"kubernetes.io/arch": "arm64"}}


def rendered(environment: str) -> tuple[list[Obj], Obj]:
    """The objects of the pools, and the chart's values."""
    bundle = render(plan(load(PLATFORM, environment)))
    releases = yaml.safe_load(bundle.files["helm/releases.yaml"].text)["releases"]
    values = next(r["values"] for r in releases if r["name"] == "karpenter")
    return list(yaml.safe_load_all(bundle.files["kubernetes/05-node-pools.yaml"].text)), values


@pytest.mark.parametrize(
    ("environment", "zones", "queue"), [("dev", "ab", "quay-dev-karpenter"), ("production", "abc", "")]
)
def test_rendered_pools_provision(environment: str, zones: str, queue: str) -> None:
    pools, values = rendered(environment)
    names = [f"{REGION}{zone}" for zone in zones]
    subnets = tuple(Subnet(f"subnet-{zone[-1]}", zone, f"10.0.{i + 10}.0/24") for i, zone in enumerate(names))
    images = (Image("ami-x", "x86", "amd64"), Image("ami-a", "arm", "arm64"))
    world = World(offers_of_region(REGION, tuple(names)), settings=values["settings"])
    keep_off_the_system(world)
    world.offers.region = REGION
    world.offers.give(Ground(subnets, GROUND.security_groups, images))
    assert world.karpenter.live.settings.interruption_queue == queue
    world.create(*pools, deployment("web", 5, "1500m", "1Gi"), deployment("arm", 1, "500m", "1Gi", **ARM))
    world.after(120.0)
    assert world.pending() == []
    found = {c["metadata"]["labels"]["karpenter.sh/nodepool"]: c["metadata"]["labels"] for c in world.claims}
    assert found["arm"]["node.kubernetes.io/instance-type"] == "m7g.large"
    flexible = found["flexible"]
    assert flexible["karpenter.sh/capacity-type"] == "spot"
    assert flexible["topology.kubernetes.io/zone"] in names
    assert flexible["node.kubernetes.io/instance-type"] == cheapest_for_seven_and_a_half_cores()


def cheapest_for_seven_and_a_half_cores() -> str:
    """A 2xlarge has 7.91 cores for pods: of those of the three families the price decides."""
    prices = {
        name: price.usd
        for family in ("m7i", "m7a", "c7i")
        if (price := ec2_price_usd_hour(REGION, name := f"{family}.2xlarge")) is not None
    }
    return min(prices, key=lambda name: (prices[name], name))


def test_a_bare_cluster_buys_what_it_is_offered_and_loses_what_is_taken_back() -> None:
    ground = Ground((Subnet("subnet-a", "us-west-2a", "10.9.0.0/24"),), ("sg-1",), (Image("ami-1", "x", "amd64"),))
    world = BareWorld(BareOptions(speed=0, epoch=EPOCH, offers=GivenOffers(TYPES, ground), components=("karpenter",)))
    world.engine.run_until(60.0)
    for obj in (node_class(), node_pool(), pod("p", "5")):
        world.cluster.create(obj)
    world.engine.run_until(120.0)
    (claim,) = world.cluster.list("nodeclaims.karpenter.sh")
    assert claim["metadata"]["labels"]["node.kubernetes.io/instance-type"] == "m7.2xlarge"
    name = claim["status"]["nodeName"]
    assert world.cluster.get("pods", "default", "p")["spec"]["nodeName"] == name
    world.history.perform("interrupt-machine", node_name=name)
    world.engine.run_until(260.0)
    assert world.fleet is not None
    assert world.fleet.kubelet_of(name) is None
