"""Machines join, beat, resize and go as EC2 instances of an EKS node group do."""

from __future__ import annotations

import pytest
from nodes_kit import BOOT_SECONDS, World, pod, template

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.engine import Engine
from wavetank.twin.nodes import Fleet, FleetOptions, Taint
from wavetank.twin.nodes.addresses import SubnetAddresses, SubnetFullError
from wavetank.twin.nodes.runtime import ModelledRuntime


def fleet(seed: int = 1) -> Fleet:
    engine = Engine(seed=seed)
    cluster = Cluster(engine)
    return Fleet(cluster, ModelledRuntime(engine))


def unready(node: Obj) -> Obj:
    others = [c for c in node["status"]["conditions"] if c["type"] != "Ready"]
    gone = {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}
    return {**node["status"], "conditions": [*others, gone]}


def test_a_machine_joins_when_it_has_booted_and_not_before() -> None:
    machines = fleet()
    machine = machines.start(template())
    machines.cluster.engine.run_until(BOOT_SECONDS - 0.1)
    assert machines.cluster.find("nodes", "", machine.name) is None
    machines.cluster.engine.run_until(BOOT_SECONDS)
    node = machines.cluster.get("nodes", "", machine.name)
    assert {c["type"]: c["status"] for c in node["status"]["conditions"]}["Ready"] == "True"


def test_the_node_says_all_that_eks_says() -> None:
    machines = fleet()
    machine = machines.start(template(labels={"workload": "ml"}, taints=(Taint("gpu", "NoSchedule", "true"),)))
    machines.cluster.engine.run_until(BOOT_SECONDS)
    node = machines.cluster.get("nodes", "", machine.name)
    assert machine.name == f"ip-{machine.address.replace('.', '-')}.ap-southeast-2.compute.internal"
    assert machine.address.startswith("10.0.10.")
    labels = node["metadata"]["labels"]
    assert labels["eks.amazonaws.com/nodegroup"] == "general"
    assert labels["eks.amazonaws.com/capacityType"] == "ON_DEMAND"
    assert labels["topology.kubernetes.io/zone"] == "ap-southeast-2a"
    assert labels["workload"] == "ml"
    assert node["spec"]["providerID"] == f"aws:///ap-southeast-2a/{machine.instance_id}"
    assert {"key": "gpu", "value": "true", "effect": "NoSchedule"} in node["spec"]["taints"]
    info = node["status"]["nodeInfo"]
    assert len(info) == 10
    assert all(info.values())
    assert node["status"]["allocatable"]["cpu"] == "1930m"
    assert node["status"]["capacity"]["memory"] == f"{4 * 1024**2}Ki"


def test_the_same_seed_gives_the_same_machines() -> None:
    names = [[fleet(seed).start(template()).name for _ in range(1)] for seed in (7, 7, 8)]
    assert names[0] == names[1] != names[2]


def test_heartbeats_are_computed_and_end_with_the_machine() -> None:
    world = World()
    name = world.machine.name
    revision = world.cluster.store.revision
    world.after(100.0)
    assert world.cluster.store.revision == revision
    beat = world.fleet.last_heartbeat_seconds(name)
    assert beat is not None
    assert 0 <= world.engine.now - beat < 10
    world.fleet.fail(name)
    world.after(200.0)
    assert world.fleet.last_heartbeat_seconds(name) == beat
    lease = world.cluster.get("leases.coordination.k8s.io", "kube-node-lease", name)
    assert lease["spec"]["renewTime"].endswith("Z")


def test_a_stopped_machines_node_goes_once_it_is_seen_unready() -> None:
    world = World()
    name = world.machine.name
    world.fleet.stop(name)
    world.after(30.0)
    node = world.cluster.get("nodes", "", name)
    world.cluster.set_status(node, unready(node))
    world.after(36.0)
    assert world.cluster.find("nodes", "", name) is None
    assert world.messages("DeletingNode") == [f"Deleting node {name} because it does not exist in the cloud provider"]
    assert world.fleet.last_heartbeat_seconds(name) is None


def test_a_machine_stopped_while_it_boots_never_joins() -> None:
    machines = fleet()
    machine = machines.start(template())
    machines.stop(machine.name)
    machines.cluster.engine.run_until(200.0)
    assert machines.cluster.list("nodes") == []
    assert machines.machines == []


def test_a_group_keeps_its_zones_even() -> None:
    machines = fleet()
    zones = [template(zone=f"ap-southeast-2{z}", subnet_cidr=f"10.0.{i}.0/24") for i, z in enumerate("abc")]
    machines.resize("general", 7, zones)
    counts = [sum(m.template.zone == t.zone for m in machines.machines) for t in zones]
    assert sorted(counts) == [2, 2, 3]
    first = machines.machines[0]
    machines.resize("general", 6, zones)
    machines.cluster.engine.run_for(1.0)
    counts = [sum(m.template.zone == t.zone for m in machines.machines) for t in zones]
    assert counts == [2, 2, 2]
    assert first not in machines.machines


def test_without_a_network_plugin_nodes_are_not_ready_and_pods_wait() -> None:
    plugin: set[str] = set()
    world = World(options=FleetOptions(network_ready=lambda name: name in plugin))
    node = world.cluster.get("nodes", "", world.machine.name)
    ready = next(c for c in node["status"]["conditions"] if c["type"] == "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "KubeletNotReady")
    assert "cni plugin not initialized" in ready["message"]
    world.run(pod())
    world.after(25.0)
    assert world.pod()["status"]["phase"] == "Pending"
    assert "NetworkNotReady" in world.reasons()
    plugin.add(world.machine.name)
    world.fleet.report_network()
    world.after(40.0)
    assert world.pod()["status"]["phase"] == "Running"
    node = world.cluster.get("nodes", "", world.machine.name)
    assert next(c for c in node["status"]["conditions"] if c["type"] == "Ready")["status"] == "True"


def test_a_full_subnet_has_no_address_to_give() -> None:
    subnet = SubnetAddresses("10.0.0.0/28", Engine().random("x"))
    given = {subnet.take() for _ in range(11)}
    assert len(given) == 11
    assert not given & {"10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.15"}
    with pytest.raises(SubnetFullError):
        subnet.take()
    subnet.give_back(given.pop())
    assert subnet.take()


def test_a_machine_that_leaves_its_group_is_emptied_first() -> None:
    world = World()
    world.run(pod("web"))
    agent = pod("agent")
    owner = {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent", "uid": "0", "controller": True}
    agent["metadata"]["ownerReferences"] = [owner]
    world.run(agent)
    world.after(5.0)
    world.fleet.resize("general", 0, [world.machine.template])
    world.after(6.0)
    assert world.cluster.get("nodes", "", world.machine.name)["spec"]["unschedulable"]
    assert world.cluster.find("pods", "default", "web") is None
    world.after(11.0)
    assert world.fleet.machines == []
    assert world.cluster.find("pods", "default", "agent") is not None


def test_a_budget_holds_up_a_leaving_machine_for_fifteen_minutes_at_most() -> None:
    world = World()
    guarded = pod("web")
    guarded["metadata"]["labels"] = {"app": "web"}
    world.run(guarded)
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    metadata = {"name": "web", "namespace": "default"}
    budget: Obj = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": spec}
    stored = world.cluster.create(budget)
    counts = {"disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1}
    world.cluster.set_status(stored, {**counts, "observedGeneration": 1})
    world.after(5.0)
    world.fleet.retire(world.machine.name)
    world.after(900.0)
    assert world.fleet.machines == [world.machine]
    world.after(910.0)
    assert world.fleet.machines == []
