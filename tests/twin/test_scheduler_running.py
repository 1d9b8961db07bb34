"""The scheduler at work in a cluster: what it binds, what it says, what wakes it, whom it removes."""

from __future__ import annotations

from typing import Any

import pytest

from wavetank.kube.conditions import condition
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.engine import Engine
from wavetank.twin.scheduler import Scheduler

NAMESPACE = "default"


def node(name: str, cpu: str = "2", **spec: Any) -> Obj:
    room = {"cpu": cpu, "memory": "8Gi", "pods": "10"}
    metadata = {"name": name, "labels": {"kubernetes.io/hostname": name}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec, "status": {"allocatable": room}}


def pod(name: str, cpu: str = "1", **spec: Any) -> Obj:
    container = {"name": "main", "image": "app:1", "resources": {"requests": {"cpu": cpu}}}
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container], **spec}}


class Sea:
    """A cluster with a scheduler, and questions about its pods."""

    def __init__(self, *nodes: Obj) -> None:
        self.engine = Engine()
        self.cluster = Cluster(self.engine)
        for each in nodes:
            self.cluster.create(each)
        self.scheduler = Scheduler(self.cluster)
        self.scheduler.start()

    def add(self, *objects: Obj, seconds: float = 0.1) -> None:
        for obj in objects:
            self.cluster.create(obj)
        self.engine.run_for(seconds)

    def pod(self, name: str) -> Obj:
        return self.cluster.get("pods", NAMESPACE, name)

    def node_of(self, name: str) -> str | None:
        found: str | None = self.pod(name)["spec"].get("nodeName")
        return found

    def why(self, name: str) -> str:
        return str((condition(self.pod(name), "PodScheduled") or {}).get("message", ""))

    def events(self, reason: str) -> list[str]:
        texts = (e.get("message") or e.get("note") for e in self.cluster.list("events") if e["reason"] == reason)
        return [str(text) for text in texts]


def test_a_pod_is_bound_to_the_emptier_node() -> None:
    sea = Sea(node("small", cpu="2"), node("large", cpu="8"))
    sea.add(pod("a"))
    assert sea.node_of("a") == "large"
    assert sea.events("Scheduled") == ["Successfully assigned default/a to large"]


def test_ties_go_to_the_first_node() -> None:
    sea = Sea(node("n1"), node("n2"), node("n3"))
    sea.add(pod("a"))
    assert sea.node_of("a") == "n1"


def test_a_pod_that_fits_nowhere_is_told_why_and_is_bound_when_a_node_comes() -> None:
    sea = Sea(node("full", cpu="1"), node("cordoned", cpu="8", unschedulable=True))
    sea.add(pod("a", cpu="4"))
    reasons = "1 Insufficient cpu, 1 node(s) were unschedulable"
    preemption = "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
    assert sea.why("a") == f"0/2 nodes are available: {reasons}. no new claims to deallocate, {preemption}"
    sea.add(node("new", cpu="8"))
    assert sea.node_of("a") == "new"


def test_without_nodes_there_is_nothing_to_choose_from() -> None:
    sea = Sea()
    sea.add(pod("a"))
    assert sea.why("a") == "no nodes available to schedule pods"


def test_a_pod_that_leaves_makes_room() -> None:
    sea = Sea(node("n1", cpu="1"))
    sea.add(pod("first"))
    sea.add(pod("second"))
    assert sea.node_of("second") is None
    sea.cluster.delete("pods", NAMESPACE, "first", grace_seconds=0)
    sea.engine.run_for(0.1)
    assert sea.node_of("second") == "n1"


def test_a_heartbeat_of_a_node_is_no_reason_to_try_again() -> None:
    sea = Sea(node("n1", cpu="1"))
    sea.add(pod("a", cpu="2"))
    live = sea.cluster.get("nodes", "", "n1")
    sea.cluster.set_status(live, {**live["status"], "conditions": [{"type": "Ready", "status": "True"}]})
    sea.engine.run_for(20)
    assert sum(e.get("count") or 1 for e in sea.cluster.list("events") if e["reason"] == "FailedScheduling") == 1


def test_the_more_important_pod_goes_first() -> None:
    sea = Sea(node("n1", cpu="1"))
    sea.cluster.create(pod("low", priority=1))
    sea.cluster.create(pod("high", priority=5))
    sea.engine.run_for(0.1)
    assert (sea.node_of("high"), sea.node_of("low")) == ("n1", None)


def test_a_more_important_pod_takes_the_place_of_a_less_important_one() -> None:
    sea = Sea(node("n1", cpu="1"))
    sea.add(pod("low", priority=1, terminationGracePeriodSeconds=30))
    sea.add(pod("high", priority=5))
    victim = condition(sea.pod("low"), "DisruptionTarget")
    assert victim is not None
    assert victim["reason"] == "PreemptionByScheduler"
    assert sea.pod("high")["status"]["nominatedNodeName"] == "n1"
    assert sea.events("Preempted") == [f"Preempted by pod {sea.pod('high')['metadata']['uid']} on node n1"]
    sea.cluster.delete("pods", NAMESPACE, "low", grace_seconds=0)
    sea.engine.run_for(0.1)
    assert sea.node_of("high") == "n1"


def test_room_that_was_promised_is_not_given_to_a_less_important_pod() -> None:
    sea = Sea(node("n1", cpu="1"))
    sea.add(pod("low", priority=1))
    sea.add(pod("high", priority=5))
    sea.cluster.delete("pods", NAMESPACE, "low", grace_seconds=0)
    sea.add(pod("late", priority=2))
    assert (sea.node_of("high"), sea.node_of("late")) == ("n1", None)


def test_a_pod_that_never_preempts_waits() -> None:
    sea = Sea(node("n1", cpu="1"))
    sea.add(pod("low", priority=1))
    sea.add(pod("polite", priority=5, preemptionPolicy="Never"))
    assert sea.why("polite").endswith("preemption: not eligible due to preemptionPolicy=Never.")
    assert "deletionTimestamp" not in sea.pod("low")["metadata"]


def test_gates_hold_a_pod_back_until_they_are_gone() -> None:
    sea = Sea(node("n1"))
    sea.add(pod("a", schedulingGates=[{"name": "example.com/wait"}]))
    assert sea.node_of("a") is None
    live = sea.pod("a")
    sea.cluster.update({**live, "spec": {k: v for k, v in live["spec"].items() if k != "schedulingGates"}})
    sea.engine.run_for(0.1)
    assert sea.node_of("a") == "n1"


def test_a_pod_of_another_scheduler_is_left_alone() -> None:
    sea = Sea(node("n1"))
    sea.add(pod("a", schedulerName="other"))
    assert sea.node_of("a") is None


def volume_claim(**spec: Any) -> Obj:
    base = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "gp3"}
    metadata = {"name": "data", "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": {**base, **spec}}


@pytest.fixture
def storage_class() -> Obj:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "gp3"},
        "provisioner": "ebs.csi.aws.com",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def test_a_volume_is_made_where_the_pod_will_run_before_it_is_bound(storage_class: Obj) -> None:
    sea = Sea(node("n1"))
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    sea.add(storage_class, volume_claim(), pod("a", volumes=[volume]))
    claim = sea.cluster.get("persistentvolumeclaims", NAMESPACE, "data")
    assert claim["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] == "n1"
    assert sea.node_of("a") is None
    disk: Obj = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"}, "spec": {}}
    sea.add({**disk, "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}})
    notes = {**claim["metadata"]["annotations"], "pv.kubernetes.io/bind-completed": "yes"}
    bound = {**claim, "metadata": {**claim["metadata"], "annotations": notes}}
    sea.cluster.update({**bound, "spec": {**claim["spec"], "volumeName": "pv"}})
    sea.engine.run_for(0.1)
    assert sea.node_of("a") == "n1"


def test_a_claim_that_does_not_exist_is_named() -> None:
    sea = Sea(node("n1"))
    sea.add(pod("a", volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "nothing"}}]))
    assert sea.why("a") == '0/1 nodes are available: persistentvolumeclaim "nothing" not found. not found'
