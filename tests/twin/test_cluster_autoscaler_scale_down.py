"""Cluster Autoscaler takes nodes away: when, which not, and how. Virtual time; loops are 10 s apart."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from autoscaling_kit import FOUND, AutoscaledWorld, budget, deployment, node_group
from nodes_kit import container

from wavetank.kube.types import Obj

#: After the last scale-up nothing goes for ten minutes; what was not needed for longer than ten minutes goes then.
UNNEEDED_SECONDS = 600.0
#: From the taint to the end of an empty machine.
TAINT_SECONDS = 5.0


def only(node: str) -> dict[str, Any]:
    """Pods that start on a node but may run anywhere: a preference."""
    term = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    preferred = [{"weight": 100, "preference": term}]
    return {"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}}


def small(world: AutoscaledWorld, name: str = "web", node: str = "", **more: Any) -> None:
    """A pod that asks for a tenth of a node, on a node of the test's choice."""
    world.run(deployment(name, cpu="190m", **(only(node) if node else {}), **more))
    world.engine.run_for(5.0)
    assert not node or world.pods(name)[0]["spec"]["nodeName"] == node


def taints(world: AutoscaledWorld, node: str) -> list[str]:
    found = world.cluster.get("nodes", "", node)["spec"].get("taints", ())
    return [taint["key"] for taint in found]


def test_an_empty_node_goes_after_more_than_ten_minutes() -> None:
    world = AutoscaledWorld(node_group(size=2, least=1), values={})
    world.after(480.0)
    # The autoscaler has run for nearly two minutes when time begins to be counted.
    assert world.size() == 2
    world.after(UNNEEDED_SECONDS)
    assert world.size() == 1
    assert world.happened("stop") == pytest.approx([505.5], abs=0.1)
    (began,) = world.events("ScaleDownEmpty", "ConfigMap")[:1]
    gone = began.split('"')[1]
    assert world.events("ScaleDownEmpty") == [
        f'Scale-down: removing empty node "{gone}"',
        f"Scale-down: empty node {gone} removed",
    ]
    told = ["marked the node as toBeDeleted/unschedulable", "nodes removed by cluster autoscaler"]
    assert world.events("ScaleDown", "Node") == told
    world.after(UNNEEDED_SECONDS + 120.0)
    assert gone not in world.nodes()


def test_the_least_size_stays() -> None:
    world = AutoscaledWorld(node_group(size=3, least=2), values={})
    world.after(1800.0)
    assert world.size() == 2


def test_nothing_goes_within_ten_minutes_of_a_scale_up() -> None:
    world = AutoscaledWorld(node_group(size=2, least=1), values={})
    world.after(300.0)
    world.run(deployment("grow", cpu="1500m", replicas=3))
    world.after(330.0)
    assert world.size() == 3
    world.cluster.delete("deployments.apps", "default", "grow")
    world.after(940.0)
    assert world.size() == 3
    world.after(1010.0)
    assert world.size() < 3


def test_a_node_that_is_needed_in_between_begins_anew() -> None:
    world = AutoscaledWorld(node_group(size=2, least=1), values={})
    first, second = world.nodes()
    world.after(300.0)
    for node in (first, second):
        world.run(deployment(f"busy-{node[-30:-29]}-{node == first}".lower(), cpu="1500m", **only(node)))
    world.after(330.0)
    for obj in world.cluster.list("deployments.apps", "default"):
        world.cluster.delete("deployments.apps", "default", obj["metadata"]["name"])
    world.after(900.0)
    assert world.size() == 2
    world.after(960.0)
    assert world.size() == 1


def test_a_busy_node_stays_and_one_at_the_threshold_goes() -> None:
    world = AutoscaledWorld(node_group(size=2, least=1), values={})
    first, second = world.nodes()
    world.run(deployment("half", cpu="965m", **only(first)))
    world.run(deployment("more", cpu="966m", **only(second)))
    world.after(UNNEEDED_SECONDS + 300.0)
    # Half of 1930m is not above the threshold; its pod does not fit beside the other one, though.
    assert world.size() == 2
    world.cluster.delete("deployments.apps", "default", "more")
    world.after(2 * UNNEEDED_SECONDS + 400.0)
    assert world.size() == 1


def test_pods_are_moved_before_their_machine_ends() -> None:
    world = AutoscaledWorld(node_group(size=2, least=1))
    first, second = world.nodes()
    small(world, "one", first)
    small(world, "two", second)
    world.install({})
    world.after(UNNEEDED_SECONDS + 60.0)
    assert world.size() == 1
    assert world.pending("one") == world.pending("two") == 0
    (moved,) = world.events("ScaleDown", "Pod")
    assert moved == "deleting pod for node scale down"
    texts = world.events("ScaleDown", "ConfigMap")
    assert texts[0].startswith("Scale-down: removing node ip-10-")
    assert "utilization: {0.09844559585492228" in texts[0]
    assert "pods to reschedule: default/" in texts[0]
    assert texts[1].endswith("removed with drain")


def test_one_node_at_a_time_is_emptied() -> None:
    world = AutoscaledWorld(node_group(size=4, least=0))
    for index, node in enumerate(world.nodes()):
        small(world, f"app-{index}", node, terminationGracePeriodSeconds=30)
    world.install({})
    world.after(UNNEEDED_SECONDS + 300.0)
    stops = world.happened("stop")
    assert len(stops) == 3
    assert all(later - earlier >= 10.0 for earlier, later in pairwise(stops))


def test_empty_nodes_go_ten_at_a_time() -> None:
    world = AutoscaledWorld(node_group(size=12, most=12), values={})
    world.after(UNNEEDED_SECONDS)
    stops = world.happened("stop")
    assert len(stops) == 12
    assert stops[0] == stops[9]
    assert stops[10] > stops[9]


@pytest.mark.parametrize(
    "blocking",
    [
        {"annotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}},
        {"volumes": [{"name": "scratch", "emptyDir": {}}]},
        {"volumes": [{"name": "logs", "hostPath": {"path": "/var/log"}}]},
    ],
    ids=["not-safe", "empty-dir", "host-path"],
)
def test_a_pod_that_must_not_move_keeps_its_node(blocking: dict[str, Any]) -> None:
    world = AutoscaledWorld(node_group(size=2, least=0))
    first, _ = world.nodes()
    small(world, "stays", first, **blocking)
    world.install({})
    world.after(UNNEEDED_SECONDS + 300.0)
    assert world.nodes() == [first]


def test_what_is_said_to_be_safe_moves_in_spite_of_its_volume() -> None:
    world = AutoscaledWorld(node_group(size=2, least=1))
    first, second = world.nodes()
    safe = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "true"}
    small(world, "moves", first, volumes=[{"name": "scratch", "emptyDir": {}}], annotations=safe)
    small(world, "stays", second, volumes=[{"name": "scratch", "emptyDir": {}}])
    world.install({})
    world.after(UNNEEDED_SECONDS + 300.0)
    assert world.nodes() == [second]


def test_a_pod_that_nobody_would_make_again_keeps_its_node() -> None:
    world = AutoscaledWorld(node_group(size=2, least=0), values={})
    first, _ = world.nodes()
    spec = {"containers": [container()], "nodeName": first}
    world.run({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "lone", "namespace": "default"}, "spec": spec})
    world.after(UNNEEDED_SECONDS + 300.0)
    assert world.nodes() == [first]


def test_a_node_may_say_that_it_stays() -> None:
    world = AutoscaledWorld(node_group(size=2, least=0), values={})
    first, _ = world.nodes()

    def kept(node: Obj) -> Obj:
        annotations = {"cluster-autoscaler.kubernetes.io/scale-down-disabled": "true"}
        return {**node, "metadata": {**node["metadata"], "annotations": annotations}}

    world.cluster.modify("nodes", "", first, kept)
    world.after(UNNEEDED_SECONDS + 300.0)
    assert world.nodes() == [first]


def test_a_budget_that_allows_nothing_keeps_the_node() -> None:
    world = AutoscaledWorld(node_group(size=2, least=0))
    first, _ = world.nodes()
    small(world, "guarded", first)
    world.run(budget("guarded", minAvailable=1))
    world.install({})
    world.after(UNNEEDED_SECONDS + 300.0)
    assert world.nodes() == [first]


def test_an_eviction_that_is_refused_for_two_minutes_spares_the_node() -> None:
    world = AutoscaledWorld(node_group(size=2, least=1))
    first, second = world.nodes()
    # Safe by its annotation, which the autoscaler believes before it looks at budgets; the API does not.
    safe = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "true"}
    small(world, "guarded", first, annotations=safe)
    world.run(budget("guarded", minAvailable=1))
    small(world, "other", second, volumes=[{"name": "scratch", "emptyDir": {}}])
    world.install({})
    world.after(520.0)
    assert "ToBeDeletedByClusterAutoscaler" in taints(world, first)
    assert world.cluster.get("nodes", "", first)["spec"]["unschedulable"] is True
    world.after(660.0)
    assert "ToBeDeletedByClusterAutoscaler" not in taints(world, first)
    assert "unschedulable" not in world.cluster.get("nodes", "", first)["spec"]
    assert world.nodes() == sorted([first, second])
    (failed,) = world.events("ScaleDownFailed", "Node")
    assert failed.startswith(f"failed to drain and delete node: Failed to drain node /{first}, due to following errors")
    assert "Cannot evict pod as it would violate the pod's disruption budget." in failed
    assert world.events("ScaleDownFailed", "Pod") == ["failed to delete pod for ScaleDown"]


def test_system_pods_without_a_budget_hold_a_node_for_an_hour() -> None:
    world = AutoscaledWorld(node_group(size=2, least=1))
    first, second = world.nodes()
    small(world, "anchor", second, volumes=[{"name": "scratch", "emptyDir": {}}])
    system = deployment("dns", cpu="100m", **only(first))
    world.run({**system, "metadata": {"name": "dns", "namespace": "kube-system"}})
    world.install({})
    world.after(UNNEEDED_SECONDS + 600.0)
    assert world.nodes() == sorted([first, second])
    world.after(3600.0 + UNNEEDED_SECONDS + 400.0)
    assert world.nodes() == [second]


def test_pods_that_fit_nowhere_else_keep_their_node_and_it_is_not_looked_at_for_five_minutes() -> None:
    world = AutoscaledWorld(node_group(size=2, least=0), values={})
    first, second = world.nodes()
    world.run(deployment("left", cpu="900m", memory="1Gi", **only(first)))
    world.run(deployment("right", cpu="1200m", **only(second)))
    world.after(3 * UNNEEDED_SECONDS)
    assert world.nodes() == sorted([first, second])
    world.cluster.delete("deployments.apps", "default", "right")
    world.after(5 * UNNEEDED_SECONDS)
    assert len(world.nodes()) == 1


def test_unneeded_nodes_are_avoided_while_there_is_room() -> None:
    world = AutoscaledWorld(node_group(size=2, least=1), values={})
    first, second = world.nodes()
    world.run(deployment("busy", cpu="1200m", **only(first)))
    world.after(60.0)
    assert taints(world, second) == ["DeletionCandidateOfClusterAutoscaler"]
    assert taints(world, first) == []
    world.run(deployment("more", cpu="1200m"))
    world.after(90.0)
    assert taints(world, second) == []


def test_a_dead_machine_is_replaced_and_goes_after_twenty_minutes() -> None:
    world = AutoscaledWorld(node_group(size=2, least=0), values={})
    first, _ = world.nodes()
    world.run(deployment("web", replicas=2, cpu="1500m"))
    world.after(30.0)
    world.fleet.fail(first)
    world.after(400.0 + 120.0)
    assert world.pending() == 0
    assert world.size() == 3
    world.after(2000.0)
    assert first not in world.nodes()
    assert world.size() == 2


def test_too_many_unready_nodes_stop_everything() -> None:
    world = AutoscaledWorld(node_group(size=5, least=0), values={"extraArgs": {"scale-down-enabled": False}})
    for node in world.nodes()[:4]:
        world.fleet.fail(node)
    world.after(1000.0)
    world.run(deployment("web", replicas=3))
    world.after(1100.0)
    assert world.size() == 5
    assert world.events("ClusterUnhealthy") == ["Cluster is unhealthy"]
    assert world.status()["clusterWide"]["health"]["status"] == "Unhealthy"


def test_what_an_earlier_process_left_half_done_is_undone() -> None:
    world = AutoscaledWorld(node_group(size=2, least=1))
    first, _ = world.nodes()

    def marked(node: Obj) -> Obj:
        taint = {"key": "ToBeDeletedByClusterAutoscaler", "value": "1", "effect": "NoSchedule"}
        return {**node, "spec": {**node["spec"], "taints": [taint], "unschedulable": True}}

    world.cluster.modify("nodes", "", first, marked)
    world.install({})
    assert taints(world, first) == [] or "ToBeDeletedByClusterAutoscaler" not in taints(world, first)
    assert "unschedulable" not in world.cluster.get("nodes", "", first)["spec"]


def test_scale_down_may_be_switched_off() -> None:
    world = AutoscaledWorld(node_group(size=3), values={"extraArgs": {"scale-down-enabled": False}})
    world.after(2 * UNNEEDED_SECONDS)
    assert world.size() == 3


def test_a_shorter_patience_is_a_flag() -> None:
    values = {"extraArgs": {"scale-down-unneeded-time": "1m", "scale-down-delay-after-add": "1m"}}
    world = AutoscaledWorld(node_group(size=3), values=values)
    assert world.size() == 0


def test_a_node_that_may_not_be_marked_stays_and_the_next_try_is_three_minutes_later() -> None:
    world = AutoscaledWorld(node_group(size=2, least=1))
    rule = {"apiGroups": [""], "apiVersions": ["*"], "operations": ["UPDATE"], "resources": ["nodes"]}
    expression = "!has(object.spec.unschedulable) || !object.spec.unschedulable"
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": expression, "message": "no cordons today"}],
    }
    group = "admissionregistration.k8s.io/v1"
    name = {"name": "no-cordons"}
    world.run({"apiVersion": group, "kind": "ValidatingAdmissionPolicy", "metadata": name, "spec": spec})
    bound = {"policyName": "no-cordons", "validationActions": ["Deny"]}
    world.run({"apiVersion": group, "kind": "ValidatingAdmissionPolicyBinding", "metadata": name, "spec": bound})
    world.install({})
    world.after(UNNEEDED_SECONDS + 300.0)
    assert world.size() == 2
    (failed,) = set(world.events("ScaleDownFailed", "Node"))
    assert failed.startswith("failed to mark the node as toBeDeleted/unschedulable: ")
    assert failed.endswith("no cordons today")
    (event,) = [e for e in world.cluster.list("events") if e["reason"] == "ScaleDownFailed"]
    assert event["count"] == 2


def test_tags_of_a_group_make_it_more_patient_than_others() -> None:
    option = "k8s.io/cluster-autoscaler/node-template/autoscaling-options"
    patient = {**FOUND, f"{option}/scaledownunneededtime": "30m", f"{option}/scaledownutilizationthreshold": "half"}
    world = AutoscaledWorld(node_group(size=1), node_group("patient", size=1, tags=patient), values={})
    world.after(UNNEEDED_SECONDS + 120.0)
    assert (world.size(), world.size("patient")) == (0, 1)
    world.after(1900.0)
    assert world.size("patient") == 0
