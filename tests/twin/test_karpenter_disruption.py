"""How clusters become smaller, cheaper and newer: which nodes go, when, what stands in for them, and what keeps a node."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from karpenter_kit import (
    BOOT_SECONDS,
    GROUND,
    World,
    deployment,
    expression,
    node_pool,
    offer,
    pod,
    ready_world,
)

from wavetank.kube.conditions import condition
from wavetank.kube.types import Obj
from wavetank.twin.components.karpenter.budgets import UNLIMITED, allowed_disruptions
from wavetank.twin.nodes.offers import Image

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SPOT = [expression("karpenter.sh/capacity-type", "In", "spot")]
LARGE = [expression("node.kubernetes.io/instance-type", "In", "m7.large")]


def budget(**spec: object) -> Obj:
    return dict(spec)


def change_pool(world: World, **template: object) -> None:
    def changed(live: Obj) -> Obj:
        spec = live["spec"]["template"]["spec"] | template
        return {**live, "spec": {**live["spec"], "template": {**live["spec"]["template"], "spec": spec}}}

    world.cluster.modify("nodepools.karpenter.sh", "", "default", changed)


# --- budgets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("budgets", "nodes", "allowed"),
    [
        ([budget(nodes="10%")], 3, 1),
        ([budget(nodes="10%")], 20, 2),
        ([budget(nodes="10%")], 21, 3),
        ([budget(nodes="3")], 100, 3),
        ([budget(nodes="0")], 100, 0),
        ([budget(nodes="100%"), budget(nodes="5")], 9, 5),
        ([budget(nodes="0", reasons=["Drifted"])], 9, UNLIMITED),
        ([budget(nodes="0", reasons=["Drifted", "Empty"]), budget(nodes="50%")], 9, 0),
        ([budget(nodes="0", schedule="0 9 * * *", duration="8h")], 9, 0),
        ([budget(nodes="0", schedule="0 9 * * *", duration="2h")], 9, UNLIMITED),
        ([budget(nodes="0", schedule="@daily", duration="13h")], 9, 0),
        ([], 9, UNLIMITED),
    ],
)
def test_the_strictest_active_budget_counts(budgets: list[Obj], nodes: int, allowed: int) -> None:
    assert allowed_disruptions(budgets, nodes, "Empty", NOON) == allowed


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 100).map(lambda n: budget(nodes=f"{n}%")), min_size=1), st.integers(0, 500))
def test_percentages_allow_no_more_than_there_is_and_at_least_one_of_some(budgets: list[Obj], nodes: int) -> None:
    allowed = allowed_disruptions(budgets, nodes, "Empty", NOON)
    assert 0 <= allowed <= nodes
    assert (allowed > 0) == (nodes > 0 and all(b["nodes"] != "0%" for b in budgets))


# --- emptiness ---------------------------------------------------------------------------------------------------------


def test_an_empty_node_goes_after_its_time_and_a_second_look() -> None:
    """Pods go at 100 s; 30 s of rest are over at 130, the next poll decides, 15 s later it is done."""
    world = ready_world()
    world.create(deployment("web", 1))
    world.after(100.0)
    world.scale("web", 0)
    world.after(300.0)
    assert world.claims == []
    assert world.nodes == []
    decided, done = world.journal("consider")[0], world.journal("disrupt")[0]
    assert 130.0 <= decided <= 142.0
    assert done == decided + 15.0
    assert world.events("DisruptionTerminating")[:2] == ["Disrupting Node: Empty", "Disrupting NodeClaim: Empty"]


def test_a_node_that_gets_a_pod_meanwhile_stays() -> None:
    world = ready_world()
    world.create(deployment("web", 1))
    world.after(100.0)
    world.scale("web", 0)
    world.after(142.0)
    world.create(pod("late", tolerations=[]))
    world.after(200.0)
    assert len(world.nodes) == 1
    assert world.journal("disrupt") == []


def test_consolidate_after_never_means_never() -> None:
    world = ready_world(node_pool(disruption={"consolidateAfter": "Never"}))
    world.create(deployment("web", 1))
    world.after(60.0)
    world.scale("web", 0)
    world.after(900.0)
    assert len(world.nodes) == 1


def test_a_budget_lets_empty_nodes_go_one_by_one() -> None:
    world = ready_world(node_pool(requirements=LARGE, disruption={"budgets": [{"nodes": "1"}]}))
    world.create(*(deployment(f"d{i}", 1, "1900m") for i in range(3)))
    world.after(100.0)
    assert len(world.nodes) == 3
    for i in range(3):
        world.scale(f"d{i}", 0)
    world.after(400.0)
    gone = world.journal("disrupt")
    assert len(gone) == 3
    assert all(later - earlier >= 15.0 for earlier, later in pairwise(gone))
    assert world.nodes == []


def test_a_budget_of_nothing_is_told_and_kept() -> None:
    world = ready_world(node_pool(disruption={"budgets": [{"nodes": "0", "reasons": ["Empty"]}]}))
    world.create(deployment("web", 1))
    world.after(60.0)
    world.scale("web", 0)
    world.after(300.0)
    assert len(world.nodes) == 1
    assert "No allowed disruptions for disruption reason Empty due to blocking budget" in world.events(
        "DisruptionBlocked"
    )


# --- consolidation -----------------------------------------------------------------------------------------------------


def test_a_node_that_is_too_large_makes_place_for_a_cheaper_one() -> None:
    """m7.xlarge (0.20) for three pods; for the one that is left, c7.large (0.08): ready before the old one goes."""
    world = ready_world()
    world.create(deployment("web", 3, "1", "2Gi"))
    world.after(100.0)
    assert world.types == ["m7.xlarge"]
    world.scale("web", 1)
    world.after(300.0)
    assert world.types == ["c7.large"]
    assert world.pending() == []
    disrupted, evicted = world.journal("disrupt")[0], world.journal("evict")[0]
    assert evicted >= disrupted + BOOT_SECONDS
    assert "Launching NodeClaim: Underutilized" in world.events("DisruptionLaunching")


def test_pods_of_two_nodes_that_fit_on_one_leave_the_other() -> None:
    world = ready_world(node_pool(requirements=LARGE))
    world.create(deployment("a", 2, "900m"), deployment("b", 2, "900m"))
    world.after(100.0)
    assert world.types == ["m7.large", "m7.large"]
    world.scale("a", 1)
    world.scale("b", 1)
    world.after(300.0)
    assert world.types == ["m7.large"]
    assert world.pending() == []


def test_several_nodes_are_replaced_by_one_that_is_cheaper_than_all() -> None:
    """Three of 0.10 with a core each: together 3 cores, for which one of 0.20 is enough."""
    types = [offer("m7.large", 2, 8, "0.10"), offer("m7.xlarge", 4, 16, "0.20")]
    world = ready_world(types=types)
    for i in range(3):
        world.create(deployment(f"d{i}", 2, "900m"))
        world.after(60.0 * (i + 1))
    assert world.types == ["m7.large"] * 3
    for i in range(3):
        world.scale(f"d{i}", 1)
    world.after(500.0)
    assert sum(0.1 if t == "m7.large" else 0.2 for t in world.types) == pytest.approx(0.2)
    assert world.pending() == []


def test_when_empty_leaves_half_empty_nodes_alone() -> None:
    world = ready_world(node_pool(disruption={"consolidationPolicy": "WhenEmpty"}))
    world.create(deployment("web", 3, "1"))
    world.after(100.0)
    world.scale("web", 1)
    world.after(500.0)
    assert world.types == ["m7.xlarge"]


def test_a_spot_node_is_not_replaced_by_another_unless_asked_for() -> None:
    world = ready_world(node_pool(requirements=SPOT))
    world.create(deployment("web", 3, "1", "2Gi"))
    world.after(100.0)
    world.scale("web", 1)
    world.after(300.0)
    assert world.types == ["m7.xlarge"]
    why = "SpotToSpotConsolidation is disabled, can't replace a spot node with a spot node"
    assert why in world.events("Unconsolidatable")


@pytest.mark.parametrize(("cheaper", "replaced"), [(14, False), (15, True)])
def test_spot_to_spot_wants_fifteen_cheaper_types(cheaper: int, replaced: bool) -> None:
    types = [offer(f"m{i + 10}.large", 2, 8, f"0.{10 + i}") for i in range(cheaper)] + [
        offer("x7.xlarge", 4, 16, "0.60")
    ]
    world = ready_world(
        node_pool(requirements=SPOT), types=types, settings={"featureGates": {"spotToSpotConsolidation": True}}
    )
    world.create(deployment("web", 3, "1", "2Gi"))
    world.after(100.0)
    assert world.types == ["x7.xlarge"]
    world.scale("web", 1)
    # The same node is told why it stays no sooner than after a quarter of an hour.
    world.after(1400.0)
    assert (world.types != ["x7.xlarge"]) == replaced
    if not replaced:
        why = "SpotToSpotConsolidation requires 15 cheaper instance type options than the current candidate to consolidate"
        assert f"{why}, got 14" in world.events("Unconsolidatable")


def test_on_demand_becomes_spot_where_both_are_allowed() -> None:
    both = [expression("karpenter.sh/capacity-type", "In", "spot", "on-demand")]
    world = ready_world(node_pool(requirements=both))
    spots = {(t.name, o.zone, "spot") for t in world.offers.types for o in t.offerings}
    world.offers.exhausted |= spots
    world.create(deployment("web", 1))
    world.after(60.0)
    assert [c["metadata"]["labels"]["karpenter.sh/capacity-type"] for c in world.claims] == ["on-demand"]
    world.offers.exhausted.clear()
    world.after(600.0)
    assert [c["metadata"]["labels"]["karpenter.sh/capacity-type"] for c in world.claims] == ["spot"]
    assert world.pending() == []


# --- what keeps a node -------------------------------------------------------------------------------------------------


def test_a_pod_that_may_not_be_disrupted_keeps_its_node() -> None:
    world = ready_world()
    world.create(deployment("web", 3, "1", "2Gi", annotations={"karpenter.sh/do-not-disrupt": "true"}))
    world.after(100.0)
    world.scale("web", 1)
    world.after(300.0)
    assert world.types == ["m7.xlarge"]
    name = world.pods()[0]["metadata"]["name"]
    assert f'Pod has "karpenter.sh/do-not-disrupt" annotation (Pod=default/{name})' in world.events("DisruptionBlocked")


def test_a_disruption_budget_of_pods_keeps_their_node() -> None:
    world = ready_world()
    selector = {"matchLabels": {"app": "web"}}
    pdb = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "namespace": "default"},
    }
    world.create(pdb | {"spec": {"minAvailable": 1, "selector": selector}}, deployment("web", 3, "1", "2Gi"))
    world.after(100.0)
    world.scale("web", 1)
    world.after(300.0)
    assert world.types == ["m7.xlarge"]
    assert "Pdb prevents pod evictions (PodDisruptionBudget=[default/web])" in world.events("DisruptionBlocked")


def test_an_annotated_node_stays() -> None:
    world = ready_world()
    world.create(deployment("web", 1))
    world.after(60.0)

    def annotated(live: Obj) -> Obj:
        annotations = {**live["metadata"]["annotations"], "karpenter.sh/do-not-disrupt": "true"}
        return {**live, "metadata": {**live["metadata"], "annotations": annotations}}

    world.cluster.modify("nodes", "", world.nodes[0]["metadata"]["name"], annotated)
    world.scale("web", 0)
    world.after(400.0)
    assert len(world.nodes) == 1


# --- drift and expiration ----------------------------------------------------------------------------------------------


def test_nodes_follow_a_change_of_their_pool_one_after_the_other() -> None:
    world = ready_world(node_pool(requirements=LARGE, disruption={"budgets": [{"nodes": "1"}]}))
    world.create(deployment("a", 1, "1900m"), deployment("b", 1, "1900m"))
    world.after(100.0)
    before = {claim["metadata"]["name"] for claim in world.claims}
    change_pool(world, taints=[{"key": "new", "effect": "PreferNoSchedule"}])
    world.after(102.0)
    assert {(condition(c, "Drifted") or {}).get("reason") for c in world.claims} == {"NodePoolDrifted"}
    world.after(400.0)
    assert not before & {claim["metadata"]["name"] for claim in world.claims}
    assert len(world.claims) == 2
    assert world.pending() == []
    first, second = world.journal("disrupt")
    assert second > first + BOOT_SECONDS


def test_a_node_whose_type_the_pool_no_longer_allows_has_drifted() -> None:
    world = ready_world()
    world.create(deployment("web", 1))
    world.after(60.0)
    assert world.types == ["c7.large"]
    change_pool(world, requirements=[expression("karpenter.k8s.aws/instance-family", "In", "m7")])
    world.after(62.0)
    assert (condition(world.claims[0], "Drifted") or {})["reason"] == "RequirementsDrifted"
    world.after(300.0)
    assert world.types == ["m7.large"]


def test_behaviour_of_the_pool_is_no_drift() -> None:
    world = ready_world()
    world.create(deployment("web", 1))
    world.after(60.0)
    world.cluster.modify(
        "nodepools.karpenter.sh",
        "",
        "default",
        lambda live: {**live, "spec": {**live["spec"], "weight": 7, "limits": {"cpu": 9}}},
    )
    world.after(400.0)
    assert condition(world.claims[0], "Drifted") is None


def test_a_new_image_is_drift() -> None:
    world = ready_world()
    world.create(deployment("web", 1))
    world.after(60.0)
    world.offers.give(replace(GROUND, images=(Image("ami-2", "amazon-linux-2023", "amd64"),)))
    world.after(62.0)
    assert (condition(world.claims[0], "Drifted") or {})["reason"] == "AMIDrift"
    world.after(300.0)
    assert [c["status"]["imageID"] for c in world.claims] == ["ami-2"]


def test_an_expired_node_goes_whatever_budgets_say() -> None:
    world = ready_world(node_pool(expireAfter="10m", disruption={"budgets": [{"nodes": "0"}]}))
    world.create(deployment("web", 1))
    world.after(595.0)
    first = world.claims[0]["metadata"]["name"]
    world.after(700.0)
    assert world.journal("expire") == [pytest.approx(606.0, abs=1.0)]
    assert first not in [claim["metadata"]["name"] for claim in world.claims]
    assert world.pending() == []


# --- termination -------------------------------------------------------------------------------------------------------


def test_deleting_a_node_empties_it_and_ends_its_machine() -> None:
    world = ready_world()
    world.create(deployment("web", 2, "500m"))
    world.after(60.0)
    name = world.nodes[0]["metadata"]["name"]
    world.cluster.delete("nodes", "", name)
    world.after(62.0)
    assert world.cluster.get("nodes", "", name)["spec"]["taints"] == [
        {"key": "karpenter.sh/disrupted", "effect": "NoSchedule"}
    ]
    world.after(200.0)
    assert world.cluster.find("nodes", "", name) is None
    assert world.fleet.instance_of(name) is None
    assert len(world.claims) == 1
    assert world.pending() == []


def test_critical_pods_leave_last() -> None:
    world = ready_world()
    world.create(
        pod(
            "critical",
            namespace="kube-system",
            priorityClassName="system-cluster-critical",
            serviceAccountName="default",
        ),
        deployment("web", 2, "300m"),
    )
    world.after(60.0)
    world.cluster.delete("nodes", "", world.nodes[0]["metadata"]["name"])
    world.after(120.0)
    order = [e.subject for e in world.engine.journal if e.actor == "karpenter" and e.action == "evict"]
    assert order[-1] == "kube-system/critical"
    assert len(order) == 3


def test_the_end_of_grace_overrules_annotations() -> None:
    world = ready_world(node_pool(terminationGracePeriod="2m"))
    world.create(
        deployment("web", 1, annotations={"karpenter.sh/do-not-disrupt": "true"}, terminationGracePeriodSeconds=30)
    )
    world.after(60.0)
    name = world.nodes[0]["metadata"]["name"]
    world.cluster.delete("nodeclaims.karpenter.sh", "", world.claims[0]["metadata"]["name"])
    world.after(140.0)
    assert world.cluster.find("nodes", "", name) is not None
    world.after(200.0)
    assert world.cluster.find("nodes", "", name) is None
    assert any("This bypasses the PDB of the pod" in text for text in world.events("Disrupted"))


def test_a_pool_takes_its_nodes_with_it() -> None:
    world = ready_world()
    world.create(deployment("web", 1))
    world.after(60.0)
    world.cluster.delete("nodepools.karpenter.sh", "", "default", propagation="Foreground")
    world.after(200.0)
    assert world.claims == []
    assert world.cluster.find("nodepools.karpenter.sh", "", "default") is None


def test_a_replacement_that_cannot_be_had_leaves_the_node_as_it_was() -> None:
    world = ready_world()
    world.create(deployment("web", 3, "1", "2Gi"))
    world.after(100.0)
    world.offers.exhausted |= {(t.name, o.zone, o.capacity_type) for t in world.offers.types for o in t.offerings}
    world.scale("web", 1)
    world.after(175.0)
    assert world.journal("give up")
    assert world.types == ["m7.xlarge"]
    assert not world.nodes[0]["spec"].get("taints")


def test_a_controller_that_comes_back_takes_its_taints_away() -> None:
    world = ready_world()
    world.create(deployment("web", 3, "1", "2Gi"))
    world.after(100.0)
    world.scale("web", 1)
    world.after(160.0)
    assert world.journal("disrupt")
    world.cluster.set_replicas("deployments.apps", "kube-system", "karpenter", 0)
    world.after(240.0)
    assert any(node["spec"].get("taints") for node in world.nodes)
    world.cluster.set_replicas("deployments.apps", "kube-system", "karpenter", 1)
    world.after(500.0)
    assert world.types == ["c7.large"]
    assert world.pending() == []
