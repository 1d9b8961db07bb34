"""What the API does to every object: metadata, status, generation, conflicts, managers, subresources, addresses."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Call, Change, Cluster, User
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.engine import Engine

ADMIN = User("admin", ("system:masters",))


def external(manager: str = "kubectl", **more: Any) -> Call:
    return Call(ADMIN, manager, external=True, **more)


@pytest.fixture
def cluster() -> Cluster:
    made = new_cluster(Engine())
    made.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default"}})
    return made


def pod(name: str = "p", **spec: Any) -> Obj:
    containers = [{"name": "c", "image": "app:1"}]
    metadata = {"name": name, "namespace": "default", "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers, **spec}}


def config_map(name: str = "c", **data: str) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


def deployment(name: str = "d", replicas: int = 1) -> Obj:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "app:1"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def service(name: str = "s", **spec: Any) -> Obj:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 80}], **spec}}


def test_a_client_cannot_write_status_uid_or_generation_of_a_new_object(cluster: Cluster) -> None:
    given = deployment()
    given = {**given, "status": {"replicas": 9}, "metadata": {**given["metadata"], "uid": "mine", "generation": 7}}
    stored = cluster.create(given, call=external())
    assert stored["status"] == {}
    assert stored["metadata"]["uid"] != "mine"
    assert stored["metadata"]["generation"] == 1


def test_generation_counts_changes_of_the_specification_only(cluster: Cluster) -> None:
    cluster.create(deployment())
    cluster.modify(
        "deployments.apps", "default", "d", lambda o: {**o, "metadata": {**o["metadata"], "labels": {"a": "b"}}}
    )
    cluster.set_status(deployment(), {"replicas": 1})
    assert cluster.get("deployments.apps", "default", "d")["metadata"]["generation"] == 1
    cluster.set_replicas("deployments.apps", "default", "d", 3)
    assert cluster.get("deployments.apps", "default", "d")["metadata"]["generation"] == 2


def test_a_write_that_changes_nothing_keeps_the_revision(cluster: Cluster) -> None:
    stored = cluster.create(config_map(a="1"), call=external())
    cluster.engine.run_for(5)
    assert cluster.update(stored, call=external()) is stored
    assert cluster.store.revision == int(stored["metadata"]["resourceVersion"])


def test_a_stale_write_is_a_conflict(cluster: Cluster) -> None:
    old = cluster.create(config_map(a="1"))
    cluster.update({**old, "data": {"a": "2"}})
    with pytest.raises(ApiError, match="the object has been modified") as refused:
        cluster.update({**old, "data": {"a": "3"}})
    assert refused.value.code == 409


def test_a_dry_run_stores_nothing(cluster: Cluster) -> None:
    before = cluster.store.revision
    made = cluster.create(pod(), call=external(dry_run=True))
    assert made["metadata"]["uid"]
    assert cluster.find("pods", "default", "p") is None
    assert cluster.store.revision == before


def test_unknown_fields_are_refused_warned_of_or_dropped(cluster: Cluster) -> None:
    given = {**config_map(), "dat": {}}
    with pytest.raises(ApiError, match='strict decoding error: unknown field "dat"'):
        cluster.create(given, call=external(field_validation="Strict"))
    call = external(field_validation="Warn")
    assert "dat" not in cluster.create(given, call=call)
    assert call.warnings == ['unknown field "dat"']


def test_a_pod_is_bound_once_and_gets_the_zone_of_its_node(cluster: Cluster) -> None:
    labels = {"topology.kubernetes.io/zone": "z1", "other": "no"}
    cluster.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "labels": labels}})
    cluster.create(pod())
    bound = cluster.bind("default", "p", "n1")
    assert bound["metadata"]["labels"] == {"app": "p", "topology.kubernetes.io/zone": "z1"}
    assert bound["status"]["conditions"][0]["type"] == "PodScheduled"
    with pytest.raises(ApiError, match='already assigned to node "n1"'):
        cluster.bind("default", "p", "n2")


def test_a_bound_pod_goes_in_two_steps_and_finalizers_hold_it_longer(cluster: Cluster) -> None:
    cluster.create(pod(terminationGracePeriodSeconds=5))
    cluster.bind("default", "p", "n1")
    cluster.modify("pods", "default", "p", lambda o: {**o, "metadata": {**o["metadata"], "finalizers": ["x.io/hold"]}})
    marked = cluster.delete("pods", "default", "p")
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 5
    assert marked["metadata"]["deletionTimestamp"] == "2026-01-01T00:00:05Z"
    cluster.delete("pods", "default", "p", grace_seconds=0)
    held = cluster.get("pods", "default", "p")
    cluster.update({**held, "metadata": {k: v for k, v in held["metadata"].items() if k != "finalizers"}})
    assert cluster.find("pods", "default", "p") is None


def test_a_deletion_for_another_uid_is_a_conflict(cluster: Cluster) -> None:
    cluster.create(config_map())
    with pytest.raises(ApiError) as refused:
        cluster.delete("configmaps", "default", "c", uid="another")
    assert refused.value.code == 409


@pytest.mark.parametrize(
    ("propagation", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan"), ("Background", None)]
)
def test_propagation_is_left_to_the_garbage_collector(
    cluster: Cluster, propagation: str, finalizer: str | None
) -> None:
    cluster.create(deployment())
    cluster.delete("deployments.apps", "default", "d", propagation=propagation)
    left = cluster.find("deployments.apps", "default", "d")
    assert (left["metadata"]["finalizers"] if left else None) == ([finalizer] if finalizer else None)


def test_services_get_addresses_of_their_own_and_give_them_back(cluster: Cluster) -> None:
    first, second = cluster.create(service("a")), cluster.create(service("b", type="NodePort"))
    addresses = {first["spec"]["clusterIP"], second["spec"]["clusterIP"]}
    assert len(addresses) == 2
    assert all(address.startswith("172.20.") for address in addresses)
    assert 30000 <= second["spec"]["ports"][0]["nodePort"] <= 32767
    with pytest.raises(ApiError, match="provided IP is already allocated"):
        cluster.create(service("c", clusterIP=first["spec"]["clusterIP"]))
    cluster.delete("services", "default", "a")
    assert cluster.create(service("c", clusterIP=first["spec"]["clusterIP"]))


def test_the_same_seed_gives_the_same_names_uids_and_addresses() -> None:
    def made(seed: int) -> tuple[Obj, Obj]:
        world = new_cluster(Engine(seed=seed))
        generated = {**config_map(), "metadata": {"generateName": "c-", "namespace": "default"}}
        return world.create(generated), world.create(service())

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_an_autoscaler_written_in_version_1_is_stored_in_version_2(cluster: Cluster) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}
    spec = {"scaleTargetRef": target, "maxReplicas": 3, "targetCPUUtilizationPercentage": 70}
    metadata = {"name": "h", "namespace": "default"}
    given = {"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec}
    stored = cluster.create(given, call=external())
    assert stored["apiVersion"] == "autoscaling/v2"
    assert stored["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 70


def test_repeated_events_are_counted_and_a_flood_is_cut_off(cluster: Cluster) -> None:
    about = cluster.create(config_map())
    for _ in range(3):
        cluster.record_event(about, "Normal", "Same", "again", "tester")
    (event,) = cluster.list("events")
    assert event["count"] == 3
    for number in range(100):
        cluster.record_event(about, "Warning", f"Reason{number}", "different", "tester")
    assert sum(e["count"] for e in cluster.list("events")) == 25


def test_events_are_forgotten_an_hour_after_their_last_change(cluster: Cluster) -> None:
    about = cluster.create(config_map())
    cluster.record_event(about, "Normal", "Seen", "once", "tester")
    cluster.engine.run_for(3000)
    cluster.record_event(about, "Normal", "Seen", "once", "tester")
    cluster.engine.run_for(3000)
    assert len(cluster.list("events")) == 1
    cluster.engine.run_for(7200)
    assert cluster.list("events") == []


def test_creating_in_a_namespace_that_is_not_there_or_is_going_is_refused(cluster: Cluster) -> None:
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "going"}})
    cluster.delete("namespaces", "", "going")
    for namespace, code in (("nowhere", 404), ("going", 403)):
        given = {**config_map(), "metadata": {"name": "c", "namespace": namespace}}
        with pytest.raises(ApiError) as refused:
            cluster.create(given)
        assert refused.value.code == code


def test_tokens_of_accounts_speak_for_them_until_they_expire(cluster: Cluster) -> None:
    answer = cluster.issue_token("default", "default", {"spec": {"expirationSeconds": 600}})
    token = answer["status"]["token"]
    assert cluster.user_of_token(token).name == "system:serviceaccount:default:default"
    cluster.engine.run_for(601)
    with pytest.raises(Exception, match="expired"):
        cluster.user_of_token(token)


def test_an_eviction_spends_the_budget_and_the_next_one_is_refused(cluster: Cluster) -> None:
    for name in ("a", "b"):
        cluster.create({**pod(name), "metadata": {"name": name, "namespace": "default", "labels": {"app": "x"}}})
        cluster.bind("default", name, "n1")
        ready = [{"type": "Ready", "status": "True"}]
        cluster.set_status(cluster.get("pods", "default", name), {"phase": "Running", "conditions": ready})
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "x"}}}
    metadata = {"name": "pdb", "namespace": "default"}
    budget = cluster.create(
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": metadata, "spec": spec}
    )
    counts = {"disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1, "expectedPods": 2}
    cluster.set_status(budget, {**counts, "observedGeneration": 1})
    cluster.evict("default", "a")
    with pytest.raises(ApiError, match="violate the pod's disruption budget") as refused:
        cluster.evict("default", "b")
    assert refused.value.code == 429
    evicted = cluster.get("pods", "default", "a")
    assert evicted["status"]["conditions"][-1]["reason"] == "EvictionByEvictionAPI"


def test_subscribers_see_an_object_that_is_already_stored(cluster: Cluster) -> None:
    seen: list[bool] = []

    def look(change: Change) -> None:
        seen.append(cluster.find("configmaps", "default", change.name) is change.object)

    cluster.subscribe("configmaps", look)
    cluster.create(config_map())
    assert seen == [True]


def test_a_request_for_a_certificate_says_who_asked_whatever_it_claims(cluster: Cluster) -> None:
    encoded = base64.b64encode(b"-----BEGIN CERTIFICATE REQUEST-----").decode()
    spec = {"request": encoded, "signerName": "example.com/boats", "usages": ["client auth"], "username": "somebody"}
    metadata = {"name": "mine"}
    asked = {"apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": metadata}
    made = cluster.create({**asked, "spec": spec}, call=external())
    assert (made["spec"]["username"], made["spec"]["groups"]) == ("admin", ["system:masters"])


def test_the_short_way_of_events_ends_where_the_long_one_does(cluster: Cluster) -> None:
    made = cluster.create(pod())
    cluster.record_event(made, "Normal", "Scheduled", "to a node", "default-scheduler", action="Binding")
    cluster.record_event(made, "Normal", "Started", "a container", "kubelet", "node-1")
    for event in cluster.list("events"):
        written = {k: v for k, v in event.items() if k != "metadata"}
        metadata = {"name": event["metadata"]["name"] + "-again", "namespace": "default"}
        long_way = cluster.create({**written, "metadata": metadata})
        assert {k: v for k, v in long_way.items() if k != "metadata"} == written
        assert long_way["metadata"].keys() == event["metadata"].keys()


def test_a_namespace_that_is_going_takes_no_events(cluster: Cluster) -> None:
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "going", "finalizers": ["a/b"]}})
    made = {**pod(), "metadata": {"name": "p", "namespace": "going", "uid": "1"}}
    cluster.delete("namespaces", "", "going")
    cluster.record_event(made, "Normal", "Started", "too late", "kubelet")
    assert cluster.list("events", "going") == []
