"""Cluster Autoscaler grows groups: when, which, by how many, and what it says. Virtual time; loops are 10 s apart."""

from __future__ import annotations

from typing import Any

import pytest
from autoscaling_kit import AutoscaledWorld, deployment, node_group
from nodes_kit import BOOT_SECONDS, GIB

from wavetank.kube.types import Obj
from wavetank.twin.nodes import Resources

ZONE = "topology.kubernetes.io/zone"
ZONES = ("ap-southeast-2a", "ap-southeast-2b", "ap-southeast-2c")
LARGE = {
    "instance_type": "m5.xlarge",
    "capacity": Resources(4000, 16 * GIB, 58),
    "allocatable": Resources(3920, 14 * GIB, 58),
}


def in_zone(zone: str) -> Obj:
    return {"nodeSelector": {ZONE: zone}}


def test_nothing_grows_that_nobody_installed() -> None:
    world = AutoscaledWorld(node_group(size=1))
    world.run(deployment(replicas=3))
    world.engine.run_for(600.0)
    assert world.size() == 1
    assert world.pending() == 2


def test_pods_wait_one_loop_for_more_and_get_their_nodes_a_boot_later() -> None:
    world = AutoscaledWorld(node_group(size=1), values={})
    world.run(deployment(replicas=3))
    world.after(30.0)
    # The first look, at the pods' appearance, finds all of them new; the next one is a scan interval later.
    assert world.happened("start") == pytest.approx([10.0, 10.0], abs=0.1)
    world.after(30.0 + BOOT_SECONDS)
    assert world.pending() == 0
    assert world.events("TriggeredScaleUp") == ["pod triggered scale-up: [{asg-general 1->3 (max: 5)}]"] * 2
    assert world.events("ScaledUpGroup") == [
        "Scale-up: setting group asg-general size to 3 instead of 1 (max: 5)",
        "Scale-up: group asg-general size set to 3 instead of 1 (max: 5)",
    ]


def test_later_pods_do_not_wait_when_older_ones_do() -> None:
    world = AutoscaledWorld(node_group(size=1, most=1), node_group("other", size=0, most=3), values={})
    world.run(deployment("old", replicas=2, nodeSelector={"eks.amazonaws.com/nodegroup": "general"}))
    world.after(60.0)
    began = world.engine.now
    world.run(deployment("new", nodeSelector={"node.kubernetes.io/instance-type": "t3.medium"}))
    world.engine.run_for(1.0)
    assert world.size("other") == 1
    assert world.happened("start")[-1] + world.start - began < 0.1


def test_machines_that_boot_are_counted_on() -> None:
    world = AutoscaledWorld(node_group(size=0), values={})
    world.run(deployment(replicas=1, cpu="900m"))
    world.after(15.0)
    assert world.size() == 1
    world.run(deployment("second", replicas=1, cpu="900m"))
    world.after(49.0)
    assert world.size() == 1
    world.after(80.0)
    assert world.pending("web") == world.pending("second") == 0


def test_a_group_without_nodes_is_judged_by_its_template() -> None:
    labelled = node_group("spot", size=0, machine={"labels": {"tier": "batch"}})
    world = AutoscaledWorld(node_group(size=1, most=1), labelled, values={})
    world.run(deployment("batch", nodeSelector={"tier": "batch"}))
    world.after(80.0)
    assert world.size("spot") == 1
    assert world.pending("batch") == 0


def test_labels_and_resources_of_an_empty_group_come_from_tags_of_its_scaling_group() -> None:
    prefix = "k8s.io/cluster-autoscaler/node-template"
    tags = {
        "k8s.io/cluster-autoscaler/enabled": "true",
        "k8s.io/cluster-autoscaler/shop": "owned",
        f"{prefix}/label/disk": "fast",
        f"{prefix}/taint/only": "batch:NoSchedule",
        f"{prefix}/resources/example.com/license": "2",
    }
    world = AutoscaledWorld(node_group("tagged", size=0, tags=tags), values={})
    tolerated: Any = {"tolerations": [{"key": "only", "operator": "Exists"}], "nodeSelector": {"disk": "fast"}}
    world.run(deployment("refused", nodeSelector={"disk": "fast"}))
    world.after(30.0)
    assert world.size("tagged") == 0
    assert world.events("NotTriggerScaleUp") == ["pod didn't trigger scale-up: 1 node(s) had untolerated taint(s)"]
    world.run(deployment("taken", **tolerated))
    world.after(60.0)
    assert world.size("tagged") == 1


def test_a_group_without_the_tags_is_not_found() -> None:
    world = AutoscaledWorld(node_group(size=1, tags={"k8s.io/cluster-autoscaler/enabled": "true"}), values={})
    world.run(deployment(replicas=3))
    world.after(60.0)
    assert world.size() == 1
    assert "nodeGroups" not in world.status()


def test_a_group_may_be_named_instead_of_found() -> None:
    values = {"autoDiscovery": {}, "autoscalingGroups": [{"name": "asg-general", "minSize": 0, "maxSize": 2}]}
    world = AutoscaledWorld(node_group(size=1, tags={}), values=values)
    world.run(deployment(replicas=4))
    world.after(60.0)
    assert world.size() == 2
    assert world.events("TriggeredScaleUp")[0] == "pod triggered scale-up: [{asg-general 1->2 (max: 2)}]"


def test_pods_are_told_why_no_group_helps() -> None:
    full, small = node_group(size=1, most=1), node_group("small", size=0)
    far = node_group("far", size=0, zones=(ZONES[1],))
    world = AutoscaledWorld(full, small, far, values={})
    world.run(deployment("huge", cpu="8", **in_zone(ZONES[0])))
    world.after(30.0)
    reasons = "1 Insufficient cpu, 1 max node group size reached, 1 node(s) didn't match Pod's node affinity/selector"
    assert world.events("NotTriggerScaleUp") == [f"pod didn't trigger scale-up: {reasons}"]


def test_the_same_event_of_a_pod_comes_once_in_five_minutes() -> None:
    world = AutoscaledWorld(node_group(size=1, most=1), values={})
    world.run(deployment("huge", cpu="8"))
    world.after(330.0)
    (event,) = [e for e in world.cluster.list("events") if e["reason"] == "NotTriggerScaleUp"]
    assert event["count"] == 2


def test_a_group_never_grows_beyond_its_size_nor_the_cluster_beyond_its_limits() -> None:
    world = AutoscaledWorld(node_group(size=1, most=4), values={"extraArgs": {"max-nodes-total": 4}})
    world.run(deployment(replicas=9))
    world.after(200.0)
    # One of the four is the autoscaler's own.
    assert world.size() == 3
    assert world.events("MaxNodesTotalReached") == []
    assert "pod didn't trigger scale-up: max total nodes in cluster reached" in world.events("NotTriggerScaleUp")


def test_cores_of_the_whole_cluster_are_limited() -> None:
    # 4 of the autoscaler's machine, 2 for each of the group.
    world = AutoscaledWorld(node_group(size=1), values={"extraArgs": {"cores-total": "0:9"}})
    world.run(deployment(replicas=5))
    world.after(100.0)
    assert world.size() == 2
    assert world.events("NotTriggerScaleUp")[-1] == "pod didn't trigger scale-up: 1 max cluster cpu limit reached"


def test_pods_below_the_cutoff_are_worth_no_node() -> None:
    world = AutoscaledWorld(node_group(size=0), values={})
    kind = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "spare"}}
    world.run({**kind, "value": -11, "globalDefault": False})
    world.run(deployment(priorityClassName="spare"))
    world.after(60.0)
    assert world.size() == 0


def test_daemon_pods_take_their_share_of_a_new_node() -> None:
    world = AutoscaledWorld(node_group(size=0), values={})
    daemon = deployment("agent", cpu="500m")
    spec = {key: value for key, value in daemon["spec"].items() if key != "replicas"}
    world.run({**daemon, "kind": "DaemonSet", "spec": spec})
    # Two of them fit a node of 2 cores, but not beside the agent.
    world.run(deployment(replicas=4, cpu="900m"))
    world.after(30.0)
    assert world.size() == 4


def test_the_zone_decides_which_group_grows() -> None:
    groups = [node_group(f"zone-{zone[-1]}", size=0, zones=(zone,)) for zone in ZONES]
    world = AutoscaledWorld(*groups, values={})
    world.run(deployment(**in_zone(ZONES[1])))
    world.after(30.0)
    assert [world.size(f"zone-{letter}") for letter in "abc"] == [0, 1, 0]


def test_strict_spread_over_zones_grows_a_group_per_loop_until_every_zone_has_its_pod() -> None:
    groups = [node_group(f"zone-{zone[-1]}", size=0, zones=(zone,)) for zone in ZONES]
    world = AutoscaledWorld(*groups, values={})
    spread = {
        "maxSkew": 1,
        "topologyKey": ZONE,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
        "minDomains": 3,
    }
    world.run(deployment(replicas=3, topologySpreadConstraints=[spread]))
    world.after(300.0)
    assert [world.size(f"zone-{letter}") for letter in "abc"] == [1, 1, 1]
    assert world.pending() == 0


# --- expanders ----------------------------------------------------------------------------------------------------------


def test_least_waste_takes_the_machine_that_fits_best() -> None:
    world = AutoscaledWorld(node_group("large", size=0, machine=LARGE), node_group("small", size=0), values={})
    world.run(deployment(replicas=1, cpu="1500m", memory="2Gi"))
    world.after(30.0)
    assert (world.size("large"), world.size("small")) == (0, 1)


def test_priorities_come_from_their_config_map() -> None:
    values = {"extraArgs": {"expander": "priority"}}
    world = AutoscaledWorld(node_group("large", size=0, machine=LARGE), node_group("small", size=0), values=values)
    metadata = {"name": "cluster-autoscaler-priority-expander", "namespace": "kube-system"}
    data = {"priorities": "10:\n  - .*small.*\n50:\n  - .*large.*\n"}
    world.run({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
    world.run(deployment())
    world.after(30.0)
    assert (world.size("large"), world.size("small")) == (1, 0)


def test_without_the_map_the_priority_expander_wants_none() -> None:
    world = AutoscaledWorld(node_group(size=0), values={"extraArgs": {"expander": "priority"}})
    world.run(deployment())
    world.after(30.0)
    assert world.size() == 0
    text = "pod didn't trigger scale-up: 1 expansion options filtered out and no longer considered"
    assert world.events("NotTriggerScaleUp") == [text]


def test_chance_is_that_of_the_seed() -> None:
    def chosen(seed: int) -> list[int]:
        groups = [node_group(name, size=0) for name in ("one", "two", "three")]
        world = AutoscaledWorld(*groups, values={"extraArgs": {"expander": "random"}}, seed=seed)
        world.run(deployment())
        world.after(20.0)
        return [world.size(name) for name in ("one", "two", "three")]

    assert chosen(5) == chosen(5)
    assert len({tuple(chosen(seed)) for seed in range(4)}) > 1


def test_similar_groups_share_what_is_needed() -> None:
    groups = [node_group(f"zone-{zone[-1]}", size=1, zones=(zone,)) for zone in ZONES]
    values = {"extraArgs": {"balance-similar-node-groups": True, "scale-down-enabled": False}}
    world = AutoscaledWorld(*groups, values=values)
    world.run(deployment(replicas=9))
    world.after(30.0)
    assert [world.size(f"zone-{letter}") for letter in "abc"] == [3, 3, 3]
    (told,) = set(world.events("TriggeredScaleUp"))
    assert all(f"{{asg-zone-{letter} 1->3 (max: 5)}}" in told for letter in "abc")


# --- clouds that do not give ------------------------------------------------------------------------------------------


def test_machines_that_cannot_be_had_put_their_group_aside_and_another_helps() -> None:
    world = AutoscaledWorld(node_group(size=0), node_group("other", size=0, machine=LARGE), values={})
    world.groups.capacity = lambda machine: "no capacity" if machine.node_group == "general" else None
    world.run(deployment())
    world.after(60.0)
    (failed,) = world.events("ScaleUpFailed")
    assert failed == (
        "Failed adding 1 nodes to group asg-general due to OutOfResource.placeholder-cannot-be-fulfilled; "
        "source errors: AWS cannot provision any more instances for this node group"
    )
    assert (world.size(), world.size("other")) == (0, 1)
    group = next(g for g in world.status()["nodeGroups"] if g["name"] == "asg-general")
    assert group["scaleUp"]["status"] == "Backoff"
    assert group["scaleUp"]["backoffInfo"]["errorCode"] == "placeholder-cannot-be-fulfilled"


def test_a_group_that_fails_is_left_alone_for_five_minutes_then_ten() -> None:
    world = AutoscaledWorld(node_group(size=0), values={})
    world.groups.capacity = lambda machine: "no capacity"
    world.run(deployment())
    world.after(1000.0)
    tries = [entry.seconds - world.start for entry in world.engine.journal if entry.action == "refuse"]
    assert tries == pytest.approx([10.0, 310.0, 910.0], abs=0.5)
    assert world.size() == 0


def test_machines_that_never_become_nodes_are_given_up_after_a_quarter_of_an_hour() -> None:
    world = AutoscaledWorld(node_group(size=0, machine={"boot_seconds": 1e6}), values={})
    world.run(deployment())
    world.after(900.0)
    assert world.size() == 1
    world.after(940.0)
    assert world.events("ScaleUpTimedOut") == ["Nodes added to group asg-general failed to register within 15m0.1s"]
    assert len(world.events("DeleteUnregistered")) == 1
    assert world.size() == 0


# --- the program itself -----------------------------------------------------------------------------------------------


def test_it_acts_only_while_its_deployment_is_ready() -> None:
    world = AutoscaledWorld(node_group(size=1), values={})
    world.cluster.set_replicas("deployments.apps", "kube-system", "cluster-autoscaler", 0)
    world.after(20.0)
    world.run(deployment(replicas=3))
    world.after(120.0)
    assert world.size() == 1
    world.cluster.set_replicas("deployments.apps", "kube-system", "cluster-autoscaler", 1)
    world.after(240.0)
    assert world.size() == 3


def test_flags_that_would_end_the_program_are_told_and_nothing_is_done() -> None:
    world = AutoscaledWorld(node_group(size=1), values={"extraArgs": {"scan-interval": "often"}})
    world.run(deployment(replicas=3))
    world.after(60.0)
    assert world.size() == 1
    (text,) = world.events("InvalidFlags")
    assert 'invalid argument "often" for "--scan-interval" flag' in text


def test_unknown_flags_are_journalled_and_change_nothing() -> None:
    world = AutoscaledWorld(node_group(size=1), values={"extraArgs": {"brand-new": 1}})
    entries = [e for e in world.engine.journal if (e.actor, e.action) == ("cluster-autoscaler", "ignore")]
    assert [entry.detail for entry in entries] == ["--brand-new has no effect here"]
    world.run(deployment(replicas=2))
    world.after(30.0)
    assert world.size() == 2


def test_its_status_is_a_config_map_in_yaml() -> None:
    world = AutoscaledWorld(node_group(size=1), values={})
    world.run(deployment(replicas=2))
    world.after(25.0)
    status = world.status()
    assert status["autoscalerStatus"] == "Running"
    assert status["clusterWide"]["health"]["status"] == "Healthy"
    assert status["clusterWide"]["scaleUp"]["status"] == "InProgress"
    (group,) = status["nodeGroups"]
    assert (group["name"], group["health"]["cloudProviderTarget"]) == ("asg-general", 2)
    assert (group["health"]["minSize"], group["health"]["maxSize"]) == (0, 5)
    counts = group["health"]["nodeCounts"]
    assert counts["registered"]["ready"] == 1
    assert counts["unregistered"] == 1
