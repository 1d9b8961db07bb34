"""A ReplicationController keeps its pods as a ReplicaSet does, in its own words."""

from __future__ import annotations

from typing import Any

from controllers_kit import Bench

from wavetank.kube.types import Obj


def controller(replicas: int, **labels: str) -> Obj:
    template: dict[str, Any] = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "main", "image": "a"}]},
    }
    spec = {"replicas": replicas, "selector": labels, "template": template}
    return {
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": {"name": "old", "namespace": "default"},
        "spec": spec,
    }


def test_it_makes_pods_counts_them_and_removes_those_that_are_too_many() -> None:
    bench = Bench()
    bench.cluster.create(controller(3, app="a"))
    bench.settle()
    assert len(bench.pods()) == 3
    (reference,) = bench.pods()[0]["metadata"]["ownerReferences"]
    assert (reference["kind"], reference["apiVersion"], reference["controller"]) == (
        "ReplicationController",
        "v1",
        True,
    )
    live = bench.cluster.get("replicationcontrollers", "default", "old")
    assert live["status"] == {"replicas": 3, "fullyLabeledReplicas": 3, "observedGeneration": 1}
    bench.cluster.update({**live, "spec": {**live["spec"], "replicas": 1}})
    bench.settle()
    assert len(bench.pods()) == 1


def test_it_adopts_a_pod_without_owner_that_its_selector_matches() -> None:
    bench = Bench()
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "free", "namespace": "default", "labels": {"app": "a"}},
    }
    bench.cluster.create({**pod, "spec": {"containers": [{"name": "main", "image": "a"}]}})
    bench.cluster.create(controller(1, app="a"))
    bench.settle()
    assert [each["metadata"]["name"] for each in bench.pods()] == ["free"]
    assert bench.pod("free")["metadata"]["ownerReferences"][0]["name"] == "old"
