"""ReplicaSets, Deployments, endpoints, namespaces and garbage: what the loops do to a cluster."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tools.decisions.bench import Bench, PodScript
from tools.decisions.given import NAMESPACE

from wavetank.kube.conditions import condition
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.controllers.pods import deletion_order

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SERVING = PodScript(start=0.5, ready=0.5, stop=1.0)


def deployment(name: str = "web", replicas: int = 2, image: str = "web:1", **spec: Any) -> Obj:
    labels = {"app": name}
    container = {"name": "main", "image": image, "ports": [{"name": "http", "containerPort": 8080}]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    own = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **spec}
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": own}


def service(name: str = "web", port: int | str = "http", **spec: Any) -> Obj:
    own = {"selector": {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": port}], **spec}
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": own}


def bench(*objects: Obj, script: PodScript = SERVING, seconds: float = 10) -> Bench:
    made = Bench(script)
    for obj in objects:
        made.cluster.create(obj)
    made.engine.run_for(seconds)
    return made


def events(made: Bench, reason: str) -> list[str]:
    return [str(e.get("message") or e.get("note")) for e in made.cluster.list("events") if e["reason"] == reason]


# ReplicaSets and Deployments -----------------------------------------------------------------------------------------


def aged_pod(name: str, age_seconds: float, *, ready: bool = True, node: str = "n1", cost: str = "") -> Obj:
    since = rfc3339(NOW - timedelta(seconds=age_seconds))
    listed = [{"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": since}]
    metadata: Obj = {"name": name, "uid": name, "creationTimestamp": since}
    if cost:
        metadata["annotations"] = {"controller.kubernetes.io/pod-deletion-cost": cost}
    status = {"phase": "Running", "conditions": listed}
    return {"metadata": metadata, "spec": {"nodeName": node}, "status": status}


def names(pods: list[Obj]) -> list[str]:
    return [pod["metadata"]["name"] for pod in pods]


def test_unready_pods_go_first_then_cheap_ones_then_crowded_nodes_then_young_ones() -> None:
    pods = [
        aged_pod("old", 5000),
        aged_pod("young", 50),
        aged_pod("crowded", 5000, node="n2"),
        aged_pod("cheap", 5000, cost="-5"),
        aged_pod("unready", 5000, ready=False),
    ]
    assert names(deletion_order(pods, NOW, {"n1": 1, "n2": 4})) == ["unready", "cheap", "crowded", "young", "old"]


def test_ages_of_the_same_order_of_magnitude_are_decided_by_uid() -> None:
    pods = [aged_pod("b", 1000), aged_pod("a", 1001)]
    assert names(deletion_order(pods, NOW)) == ["a", "b"]
    assert names(deletion_order(pods, NOW, coarse=False)) == ["b", "a"]


def test_a_terminating_pod_is_replaced_at_once() -> None:
    made = bench(deployment(replicas=1), script=PodScript(start=0.1, ready=0.1, stop=20))
    first = made.pods()[0]["metadata"]["name"]
    made.cluster.delete("pods", NAMESPACE, first)
    made.engine.run_for(1)
    assert len(made.pods()) == 2


def test_an_orphan_that_matches_is_adopted_and_one_that_no_longer_does_is_released() -> None:
    made = bench(deployment(replicas=1))
    replica_set = made.cluster.list("replicasets.apps")[0]
    pod = made.pods()[0]
    made.cluster.update({**pod, "metadata": {**pod["metadata"], "labels": {"app": "other"}}})
    made.engine.run_for(5)
    released = made.cluster.get("pods", NAMESPACE, pod["metadata"]["name"])
    assert "ownerReferences" not in released["metadata"]
    assert len(made.pods()) == 2
    labels = replica_set["spec"]["selector"]["matchLabels"]
    made.cluster.update({**released, "metadata": {**released["metadata"], "labels": labels}})
    made.engine.run_for(5)
    assert len([p for p in made.pods() if p["metadata"].get("ownerReferences")]) == 1


def test_a_rollout_tells_its_steps() -> None:
    made = bench(deployment(replicas=2))
    made.cluster.modify("deployments.apps", NAMESPACE, "web", lambda live: {**live, "spec": _with_image(live, "web:2")})
    made.engine.run_for(20)
    old, new = (rs["metadata"]["name"] for rs in made.cluster.list("replicasets.apps"))
    assert events(made, "ScalingReplicaSet") == [
        f"Scaled up replica set {old} from 0 to 2",
        f"Scaled up replica set {new} from 0 to 1",
        f"Scaled down replica set {old} from 2 to 1",
        f"Scaled up replica set {new} from 1 to 2",
        f"Scaled down replica set {old} from 1 to 0",
    ]
    live = made.cluster.get("deployments.apps", NAMESPACE, "web")
    assert live["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"


def _with_image(live: Obj, image: str) -> Obj:
    template = live["spec"]["template"]
    container = {**template["spec"]["containers"][0], "image": image}
    return {**live["spec"], "template": {**template, "spec": {**template["spec"], "containers": [container]}}}


def test_a_rollout_that_is_stuck_says_so_after_its_deadline() -> None:
    made = bench(deployment(progressDeadlineSeconds=30), script=PodScript(start=0.1, ready=None), seconds=20)
    live = made.cluster.get("deployments.apps", NAMESPACE, "web")
    assert (condition(live, "Progressing") or {})["reason"] == "ReplicaSetUpdated"
    made.engine.run_for(30)
    live = made.cluster.get("deployments.apps", NAMESPACE, "web")
    assert (condition(live, "Progressing") or {})["reason"] == "ProgressDeadlineExceeded"


# Endpoints -----------------------------------------------------------------------------------------------------------


def slices(made: Bench) -> list[Obj]:
    return made.cluster.list("endpointslices.discovery.k8s.io")


def test_a_named_port_leads_to_the_number_in_the_container() -> None:
    made = bench(deployment(), service())
    (only,) = slices(made)
    assert only["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    assert len(only["endpoints"]) == 2
    assert all(e["conditions"] == {"ready": True, "serving": True, "terminating": False} for e in only["endpoints"])
    endpoints = made.cluster.get("endpoints", NAMESPACE, "web")
    assert [len(s["addresses"]) for s in endpoints["subsets"]] == [2]


def test_a_terminating_pod_serves_on_but_is_not_ready() -> None:
    made = bench(deployment(), service(), script=PodScript(start=0.1, ready=0.1, stop=20))
    made.cluster.delete("pods", NAMESPACE, made.pods()[0]["metadata"]["name"])
    made.engine.run_for(0.05)
    states = [e["conditions"] for e in slices(made)[0]["endpoints"]]
    assert {"ready": False, "serving": True, "terminating": True} in states


def test_a_service_without_pods_has_an_empty_slice_and_loses_it_with_itself() -> None:
    made = bench(service())
    assert [piece["endpoints"] for piece in slices(made)] == [None]
    made.cluster.delete("services", NAMESPACE, "web")
    made.engine.run_for(1)
    assert slices(made) == []
    assert made.cluster.find("endpoints", NAMESPACE, "web") is None


def test_more_than_a_hundred_pods_need_two_slices() -> None:
    made = bench(deployment(replicas=130), service())
    assert sorted(len(piece["endpoints"]) for piece in slices(made)) == [30, 100]


# Garbage and namespaces ------------------------------------------------------------------------------------------------


def test_what_belongs_to_a_deleted_deployment_goes() -> None:
    made = bench(deployment())
    made.cluster.delete("deployments.apps", NAMESPACE, "web")
    made.engine.run_for(10)
    assert made.pods() == made.cluster.list("replicasets.apps") == []


def test_foreground_deletion_waits_for_the_pods() -> None:
    made = bench(deployment(), script=PodScript(start=0.1, ready=0.1, stop=5))
    made.cluster.delete("deployments.apps", NAMESPACE, "web", propagation="Foreground")
    made.engine.run_for(2)
    assert made.cluster.find("deployments.apps", NAMESPACE, "web") is not None
    made.engine.run_for(10)
    assert made.cluster.find("deployments.apps", NAMESPACE, "web") is None
    assert made.pods() == []


def test_orphans_stay() -> None:
    made = bench(deployment())
    made.cluster.delete("deployments.apps", NAMESPACE, "web", propagation="Orphan")
    made.engine.run_for(5)
    (replica_set,) = made.cluster.list("replicasets.apps")
    assert "ownerReferences" not in replica_set["metadata"]
    assert len(made.pods()) == 2
