"""Spot machines that are taken back: two minutes' notice, who empties them, and who is too late."""

from __future__ import annotations

from dataclasses import replace

import pytest
from karpenter_kit import UP_SECONDS, World, deployment, expression, node_pool, ready_world
from nodes_kit import World as PlainWorld
from nodes_kit import template

from wavetank.kube.types import Obj
from wavetank.twin.nodes.interruptions import Interruptions, ManagedSpotGroups, Notice

QUEUE = {"interruptionQueue": "wavetank-karpenter"}
SPOT = [expression("karpenter.sh/capacity-type", "In", "spot")]


def spot_world(**settings: str) -> tuple[World, str]:
    world = ready_world(node_pool(requirements=SPOT), settings=settings)
    world.create(deployment("web", 2, "500m"))
    world.after(60.0)
    return world, world.nodes[0]["metadata"]["name"]


def test_a_notice_empties_the_node_and_brings_another_of_another_pool() -> None:
    world, name = spot_world(**QUEUE)
    assert world.types == ["c7.large"]
    world.interruptions.interrupt(name)
    world.after(120.0)
    assert world.types == ["m7.large"] or world.claims[0]["metadata"]["labels"]["topology.kubernetes.io/zone"].endswith(
        "b"
    )
    assert world.cluster.find("nodes", "", name) is None
    assert world.pending() == []
    assert world.events("SpotInterrupted")[0] == "Spot interruption warning was triggered"
    assert "Interruption triggered termination for the Node" in world.events("TerminatingOnInterruption")


def test_without_a_queue_the_machine_goes_with_its_pods_on_it() -> None:
    world, name = spot_world()
    world.interruptions.interrupt(name)
    world.after(170.0)
    assert world.cluster.find("nodes", "", name) is not None
    assert world.fleet.kubelet_of(name) is not None
    world.after(185.0)
    assert world.fleet.kubelet_of(name) is None
    # Nobody has told Karpenter: it finds out by itself.
    world.after(400.0)
    assert len(world.claims) == 1
    assert world.pending() == []


def test_a_rebalance_recommendation_is_told_and_no_more() -> None:
    world, name = spot_world(**QUEUE)
    world.interruptions.recommend_rebalance(name)
    world.after(300.0)
    assert [n["metadata"]["name"] for n in world.nodes] == [name]
    assert "Spot rebalance recommendation was triggered" in world.events("SpotRebalanceRecommendation")


def test_a_notice_waits_in_the_queue_for_a_controller_that_is_away() -> None:
    world, name = spot_world(**QUEUE)
    world.cluster.set_replicas("deployments.apps", "kube-system", "karpenter", 0)
    world.after(65.0)
    world.interruptions.interrupt(name)
    world.after(70.0)
    assert world.events("SpotInterrupted") == []
    world.cluster.set_replicas("deployments.apps", "kube-system", "karpenter", 1)
    world.after(100.0)
    assert world.events("SpotInterrupted")


def test_random_interruptions_follow_the_seed_and_hit_spot_only() -> None:
    def interrupted(seed: int) -> list[float]:
        world = ready_world(node_pool(requirements=SPOT, disruption={"consolidateAfter": "Never"}), seed=seed)
        world.create(deployment("web", 4, "1500m"))
        world.after(60.0)
        end = world.interruptions.take_back_at_random(30.0)
        world.after(600.0)
        end()
        hits = [e for e in world.engine.journal if e.actor == "ec2" and e.action == "interrupt"]
        system = {m.name for m in world.fleet.machines if m.template.node_group == "system"}
        assert not system & {e.subject for e in hits}
        return [round(e.seconds - UP_SECONDS) for e in hits]

    assert interrupted(1) == interrupted(1)
    assert interrupted(1)
    assert interrupted(1) != interrupted(2)


# --- managed node groups -----------------------------------------------------------------------------------------------


def managed() -> tuple[PlainWorld, Interruptions, str]:
    world = PlainWorld(capacity_type="SPOT")
    interruptions = Interruptions(world.fleet)
    ManagedSpotGroups(interruptions, world.fleet)
    return world, interruptions, world.machine.name


def test_eks_starts_another_before_it_empties_a_machine_at_risk() -> None:
    world, interruptions, name = managed()
    interruptions.recommend_rebalance(name)
    world.after(30.0)
    assert len(world.fleet.machines) == 2
    assert not world.cluster.get("nodes", "", name)["spec"].get("unschedulable")
    world.after(200.0)
    assert name not in [machine.name for machine in world.fleet.machines]
    assert len(world.fleet.machines) == 1


def test_eks_empties_a_machine_at_once_when_it_is_taken_back() -> None:
    world, interruptions, name = managed()
    heard: list[Notice] = []
    interruptions.listen(heard.append)
    notice = interruptions.interrupt(name)
    assert notice.ends_seconds == pytest.approx(world.start + 120.0)
    assert heard == [notice]
    world.after(1.0)
    node: Obj | None = world.cluster.find("nodes", "", name)
    assert node is None or node["spec"].get("unschedulable")
    world.after(200.0)
    assert [m.name for m in world.fleet.machines] != [name]
    assert len(world.fleet.machines) == 1


def test_there_is_no_notice_for_a_machine_that_is_not_there() -> None:
    world = PlainWorld()
    with pytest.raises(KeyError):
        Interruptions(world.fleet).interrupt("nobody")
    assert replace(template(), capacity_type="SPOT").capacity_type == "SPOT"
