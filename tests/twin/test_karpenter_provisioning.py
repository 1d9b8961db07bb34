"""From pending pods to Ready nodes, with the times of every step; and what happens when a step fails."""

from __future__ import annotations

from dataclasses import replace

import pytest
from karpenter_kit import (
    BOOT_SECONDS,
    GROUND,
    ZONES,
    World,
    deployment,
    expression,
    keep_off_the_system,
    node_class,
    node_pool,
    pod,
    ready_world,
)

from wavetank.kube.conditions import condition, is_true
from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.nodes.offers import Ground


def kinds(claim: Obj) -> list[str]:
    return [c["type"] for c in claim["status"]["conditions"] if c["status"] == "True"]


def test_a_node_comes_for_pending_pods_in_steps() -> None:
    """One second of silence closes the batch, the launch takes two, the machine boots, and pods run on it."""
    world = ready_world()
    world.create(deployment("web", 3, "1", "2Gi"))
    world.after(7.0)
    claim = world.claims[0]
    assert claim["metadata"]["name"].startswith("default-")
    assert claim["metadata"]["finalizers"] == ["karpenter.sh/termination"]
    assert claim["metadata"]["ownerReferences"][0]["kind"] == "NodePool"
    assert claim["spec"]["resources"]["requests"] == {"cpu": "3", "memory": "6Gi", "pods": "3"}
    types = next(r for r in claim["spec"]["requirements"] if r["key"] == "node.kubernetes.io/instance-type")
    assert types["values"] == ["m7.2xlarge", "m7.xlarge", "r7.xlarge"]
    assert world.events("Nominated") == [f"Pod should schedule on: nodeclaim/{claim['metadata']['name']}"] * 3
    world.after(9.0)
    assert kinds(world.claims[0]) == ["Launched"]
    assert world.claims[0]["metadata"]["labels"]["karpenter.sh/capacity-type"] == "on-demand"
    assert world.claims[0]["status"]["providerID"].startswith(f"aws:///{ZONES[0]}/i-")
    world.after(60.0)
    assert world.journal("create") == [pytest.approx(6.01, abs=0.02)]
    assert world.journal("launch") == [pytest.approx(8.01, abs=0.02)]
    assert world.journal("register") == [pytest.approx(8.01 + BOOT_SECONDS, abs=0.02)]
    assert kinds(world.claims[0])[:4] == ["Launched", "Ready", "Registered", "Initialized"]
    node = world.nodes[0]
    assert node["metadata"]["labels"]["karpenter.sh/initialized"] == "true"
    assert "eks.amazonaws.com/nodegroup" not in node["metadata"]["labels"]
    assert node["metadata"]["finalizers"] == ["karpenter.sh/termination"]
    assert not any(t["key"].startswith("karpenter.sh/") for t in node["spec"].get("taints") or ())
    assert world.pending() == []
    assert {p["spec"]["nodeName"] for p in world.pods()} == {node["metadata"]["name"]}


def test_pods_that_trickle_in_share_a_batch_of_at_most_ten_seconds() -> None:
    world = ready_world()
    for i in range(15):
        world.after(5.0 + 0.8 * i)
        world.create(pod(f"p{i}", "100m"))
    world.after(30.0)
    assert world.journal("create")[0] == pytest.approx(15.0, abs=0.05)


def test_the_batch_windows_are_settings() -> None:
    world = ready_world(settings={"batchIdleDuration": "5s"})
    world.create(pod("p"))
    world.after(20.0)
    assert world.journal("create") == [pytest.approx(10.0, abs=0.05)]


def test_pods_that_come_later_are_counted_on_nodes_that_are_coming() -> None:
    world = ready_world()
    world.create(pod("a", "1"))
    world.after(20.0)
    world.create(pod("b", "500m"))
    world.after(60.0)
    assert len(world.claims) == 1
    assert world.pending() == []


def test_nothing_happens_without_the_deployment() -> None:
    world = ready_world()
    world.cluster.set_replicas("deployments.apps", "kube-system", "karpenter", 0)
    world.after(10.0)
    world.create(pod("p"))
    world.after(100.0)
    assert world.claims == []
    world.cluster.set_replicas("deployments.apps", "kube-system", "karpenter", 1)
    world.after(200.0)
    assert len(world.claims) == 1
    assert world.pending() == []


def test_pods_that_are_nobodys_business_get_no_nodes() -> None:
    world = ready_world()
    gated = pod("gated", schedulingGates=[{"name": "later"}])
    world.create(gated)
    world.after(30.0)
    assert world.claims == []


def test_what_does_not_fit_is_told_and_tried_again() -> None:
    world = ready_world(node_pool(limits={"cpu": "1"}))
    world.create(pod("p", "3"))
    world.after(10.0)
    text = "Failed to schedule pod, all available instance types exceed limits for nodepool (NodePool=default)"
    assert world.events("FailedScheduling") == [text]
    world.cluster.modify(
        "nodepools.karpenter.sh", "", "default", lambda live: {**live, "spec": {**live["spec"], "limits": {"cpu": "8"}}}
    )
    world.after(70.0)
    assert world.types == ["m7.xlarge"]


def test_a_pool_is_used_only_when_its_class_is_ready() -> None:
    world = World()
    keep_off_the_system(world)
    world.offers.give(Ground((), ("sg-1",), GROUND.images))
    world.create(node_class(), node_pool(), pod("p"))
    world.after(20.0)
    found = world.cluster.get("ec2nodeclasses.karpenter.k8s.aws", "", "default")
    assert (condition(found, "SubnetsReady") or {})["message"] == "SubnetSelector did not match any Subnets"
    pool = world.cluster.get("nodepools.karpenter.sh", "", "default")
    assert (condition(pool, "Ready") or {})["message"] == "NodeClassReady=False"
    assert world.claims == []
    world.offers.give(GROUND)
    world.after(80.0)
    assert world.pending() == []
    assert world.cluster.get("nodepools.karpenter.sh", "", "default")["status"]["resources"]["nodes"] == "1"


def test_startup_taints_keep_a_node_from_being_initialized_until_they_are_gone() -> None:
    taint = {"key": "example.com/agent", "effect": "NoSchedule"}
    world = ready_world(node_pool(startupTaints=[taint]))
    world.create(pod("p"))
    world.after(60.0)
    initialized = condition(world.claims[0], "Initialized") or {}
    assert initialized["message"] == 'StartupTaint "example.com/agent:NoSchedule" still exists'
    assert world.pending() == ["p"]

    def untainted(live: Obj) -> Obj:
        left = [t for t in live["spec"]["taints"] if t["key"] != taint["key"]]
        return {**live, "spec": {**live["spec"], "taints": left}}

    world.cluster.modify("nodes", "", world.nodes[0]["metadata"]["name"], untainted)
    world.after(62.0)
    assert is_true(world.claims[0], "Initialized")
    assert world.pending() == []


def test_labels_and_taints_of_the_pool_are_on_the_node() -> None:
    taint = {"key": "team", "value": "ai", "effect": "NoSchedule"}
    world = ready_world(node_pool(labels={"team": "ai"}, taints=[taint]))
    world.create(pod("p", tolerations=[{"key": "team", "operator": "Exists"}], nodeSelector={"team": "ai"}))
    world.after(60.0)
    assert world.pending() == []
    assert taint in world.nodes[0]["spec"]["taints"]


def test_kubelet_settings_of_the_class_shape_the_node() -> None:
    world = World()
    keep_off_the_system(world)
    kubelet = {"maxPods": 5, "systemReserved": {"cpu": "200m"}}
    world.create(node_class(kubelet=kubelet), node_pool())
    world.after(5.0)
    world.create(deployment("web", 7, "10m", "16Mi"))
    world.after(60.0)
    assert len(world.nodes) == 2
    assert {n["status"]["allocatable"]["pods"] for n in world.nodes} == {"5"}
    assert {n["status"]["allocatable"]["cpu"] for n in world.nodes} == {"1700m"}


def test_a_pod_goes_where_its_volume_is() -> None:
    world = ready_world()
    zone = {"key": "topology.ebs.csi.aws.com/zone", "operator": "In", "values": [ZONES[1]]}
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "v"},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "",
            "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [zone]}]}},
        },
    }
    asked = {"accessModes": ["ReadWriteOnce"], "storageClassName": "", "volumeName": "v"}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c", "namespace": "default"}}
    claim["spec"] = {**asked, "resources": {"requests": {"storage": "1Gi"}}}
    world.create(volume, claim)
    world.after(6.0)
    world.create(
        pod("p", volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "c"}}]),
        pod("lost", volumes=[{"name": "x", "persistentVolumeClaim": {"claimName": "nothing"}}]),
    )
    world.after(12.0)
    assert [c["metadata"]["labels"]["topology.kubernetes.io/zone"] for c in world.claims] == [ZONES[1]]


def test_a_flood_of_nominations_is_cut_off() -> None:
    world = ready_world()
    world.create(*(pod(f"p{i}", "10m") for i in range(30)))
    world.after(10.0)
    assert len(world.events("Nominated")) == 10


def test_kubectl_shows_the_columns_of_karpenters_kinds() -> None:
    world = ready_world()
    found = world.cluster.get("customresourcedefinitions.apiextensions.k8s.io", "", "nodeclaims.karpenter.sh")
    columns = found["spec"]["versions"][0]["additionalPrinterColumns"]
    assert [c["name"] for c in columns if not c.get("priority")] == ["Type", "Capacity", "Zone", "Node", "Ready", "Age"]


# --- capacity that is not there ----------------------------------------------------------------------------------------


def test_an_exhausted_pool_is_passed_by_and_forgotten_after_three_minutes() -> None:
    world = ready_world(node_pool(disruption={"consolidationPolicy": "WhenEmpty"}))
    world.offers.exhausted |= {("c7.large", zone, "on-demand") for zone in ZONES}
    world.create(pod("a"))
    world.after(60.0)
    assert world.types == ["m7.large"]
    world.offers.exhausted.clear()
    world.create(pod("b", "1900m"))
    world.after(120.0)
    assert world.types == ["m7.large", "m7.large"]
    world.after(188.0)
    world.create(pod("c", "1900m"))
    world.after(260.0)
    assert world.types == ["c7.large", "m7.large", "m7.large"]


def test_a_claim_that_gets_no_machine_is_given_up_and_its_pods_tried_again() -> None:
    wanted = [expression("node.kubernetes.io/instance-type", "In", "c7.large")]
    world = ready_world(node_pool(requirements=wanted))
    world.offers.exhausted |= {("c7.large", zone, kind) for zone in ZONES for kind in ("on-demand", "spot")}
    world.create(pod("p"))
    world.after(12.0)
    assert world.claims == []
    told = world.events("InsufficientCapacityError")
    assert len(told) == 1
    assert "with fleet error(s), InsufficientInstanceCapacity: We currently do not have sufficient c7.large" in told[0]
    world.after(100.0)
    assert world.events("NoCompatibleInstanceTypes") == [
        "NodePool requirements filtered out all compatible available instance types"
    ]
    world.offers.exhausted.clear()
    world.after(260.0)
    assert world.pending() == []


def test_a_machine_that_never_registers_is_given_up_after_fifteen_minutes() -> None:
    dead = [replace(each, boot_seconds=1e6) for each in World().offers.types]
    world = ready_world(types=dead)
    world.create(pod("p"))
    world.after(880.0)
    first = world.claims[0]["metadata"]["name"]
    world.after(930.0)
    assert first not in [claim["metadata"]["name"] for claim in world.claims]
    assert len(world.claims) == 1
    assert world.journal("terminate") == [pytest.approx(906.0, abs=1.0)]


def test_a_silent_node_is_no_place_for_pods() -> None:
    world = ready_world()
    world.create(deployment("web", 1))
    world.after(60.0)
    world.fleet.fail(world.nodes[0]["metadata"]["name"])
    world.after(120.0)
    world.create(pod("p"))
    world.after(180.0)
    assert world.pending() == []
    assert len(world.nodes) == 2


# --- the objects -------------------------------------------------------------------------------------------------------


def test_the_definitions_default_and_refuse_as_karpenters_do() -> None:
    world = World()
    world.create(node_class())
    bare = {
        "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "default"},
        "requirements": [],
    }
    identity = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool"}
    stored = world.cluster.create({**identity, "metadata": {"name": "a"}, "spec": {"template": {"spec": bare}}})
    assert stored["spec"]["disruption"]["consolidationPolicy"] == "WhenEmptyOrUnderutilized"
    assert stored["spec"]["disruption"]["budgets"] == [{"nodes": "10%"}]
    assert stored["spec"]["template"]["spec"]["expireAfter"] == "720h"
    for wanted, why in (
        (expression("karpenter.sh/capacity-type", "Like", "spot"), "Unsupported value"),
        (expression("karpenter.k8s.aws/moon", "In", "full"), 'label domain "karpenter.k8s.aws" is restricted'),
        (expression("karpenter.sh/nodepool", "In", "a"), 'label "karpenter.sh/nodepool" is restricted'),
        (expression("x", "Gt", "1", "2"), "must have a single positive integer value"),
        (expression("x", "In", "a", minValues=2), "at least that many values"),
    ):
        with pytest.raises(ApiError, match=why):
            world.cluster.create(node_pool("b", [wanted]))
    with pytest.raises(ApiError, match="'schedule' must be set with 'duration'"):
        world.cluster.create(node_pool("b", disruption={"budgets": [{"nodes": "1", "schedule": "@daily"}]}))


def test_the_same_world_has_the_same_journal() -> None:
    def journal() -> list[str]:
        world = ready_world()
        world.create(deployment("web", 4, "1", "2Gi"))
        world.after(120.0)
        world.scale("web", 1)
        world.after(300.0)
        return [str(entry) for entry in world.engine.journal]

    assert journal() == journal()
