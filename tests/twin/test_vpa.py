"""The Vertical Pod Autoscaler in virtual time: it learns, evicts within its bounds, and changes pods as they are created."""

from __future__ import annotations

from typing import Any

import pytest
from scaling_kit import Bench

from wavetank.kube import quantity
from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.components.vpa.recommender import CHECKPOINTS
from wavetank.twin.components.vpa.targets import KEY
from wavetank.twin.nodes.runtime.modelled import Use

MIB = 1024**2


@pytest.fixture
def bench() -> Bench:
    found = Bench("metrics-server", "vpa")
    found.use["worker"] = Use(400.0, 600 * MIB)
    return found


def vpa(bench: Bench, mode: str = "Auto", kind: str = "Deployment", **more: Any) -> Obj:
    target = {"apiVersion": "apps/v1", "kind": kind, "name": "worker"}
    spec = {"targetRef": target, "updatePolicy": {"updateMode": mode}, **more}
    return bench.make("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", "sizes", spec)


def recommended(bench: Bench) -> Obj:
    status = bench.cluster.get(KEY, "shop", "sizes")["status"]
    found: Obj = status["recommendation"]["containerRecommendations"][0]
    return found


def requests(bench: Bench) -> list[Obj]:
    return [pod["spec"]["containers"][0]["resources"].get("requests") or {} for pod in bench.pods()]


def test_off_only_recommends(bench: Bench) -> None:
    bench.deployment(replicas=2, requests={"cpu": "100m", "memory": "64Mi"})
    vpa(bench, "Off")
    bench.run(240)
    found = recommended(bench)
    assert found["containerName"] == "app"
    assert int(found["target"]["cpu"].removesuffix("m")) == pytest.approx(400 * 1.15, rel=0.06)
    assert bench.conditions(KEY, "sizes") == {"RecommendationProvided": ("True", "")}
    assert requests(bench) == [{"cpu": "100m", "memory": "64Mi"}] * 2
    checkpoint = bench.cluster.get(CHECKPOINTS, "shop", "sizes-app")["status"]
    assert (checkpoint["version"], checkpoint["cpuHistogram"]["bucketWeights"]) == ("v3", {"22": 10000})


def test_auto_evicts_one_after_the_other_and_new_pods_are_larger(bench: Bench) -> None:
    bench.deployment(replicas=2, requests={"cpu": "100m", "memory": "64Mi"}, limits={"memory": "1Gi"})
    bench.run(1)
    before = {pod["metadata"]["uid"] for pod in bench.pods()}
    vpa(bench)
    bench.run(100)
    assert before & {pod["metadata"]["uid"] for pod in bench.pods()}, "not both at once"
    bench.run(400)
    target = recommended(bench)["target"]
    pods = [pod for pod in bench.pods() if not pod["metadata"].get("deletionTimestamp")]
    assert len(pods) == 2
    for pod in pods:
        resources = pod["spec"]["containers"][0]["resources"]
        assert resources["requests"] == target
        assert pod["metadata"]["annotations"]["vpaUpdates"].startswith(
            "Pod resources updated by sizes: container 0: cpu request"
        )
    assert "EvictedByVPA" in [reason for reason, _ in bench.events("Pod")]


def test_containers_that_are_killed_for_want_of_memory_grow_until_they_live(bench: Bench) -> None:
    bench.deployment(replicas=2, requests={"cpu": "100m", "memory": "64Mi"}, limits={"memory": "128Mi"})
    vpa(bench)
    bench.run(1500)
    pods = [pod for pod in bench.pods() if not pod["metadata"].get("deletionTimestamp")]
    limits = [quantity.value(pod["spec"]["containers"][0]["resources"]["limits"]["memory"]) for pod in pods]
    assert min(limits) > 600 * MIB
    assert all(pod["status"]["containerStatuses"][0]["restartCount"] == 0 for pod in pods)


def test_initial_changes_new_pods_only(bench: Bench) -> None:
    bench.deployment(replicas=2, requests={"cpu": "100m"})
    vpa(bench, "Initial")
    bench.run(300)
    assert requests(bench) == [{"cpu": "100m"}] * 2
    bench.cluster.set_replicas("deployments.apps", "shop", "worker", 3)
    bench.run(5)
    assert requests(bench)[-1] == recommended(bench)["target"]


def test_a_single_replica_is_left_alone_unless_that_is_allowed(bench: Bench) -> None:
    bench.deployment(replicas=1, requests={"cpu": "100m"})
    obj = vpa(bench)
    bench.run(300)
    assert requests(bench) == [{"cpu": "100m"}]
    live = bench.cluster.get(KEY, "shop", "sizes")
    policy = {"updateMode": "Recreate", "minReplicas": 1}
    bench.cluster.update({**live, "spec": {**obj["spec"], "updatePolicy": policy}})
    bench.run(120)
    assert requests(bench)[-1] == recommended(bench)["target"]


def test_in_place_the_pod_stays(bench: Bench) -> None:
    bench.deployment(replicas=2, requests={"cpu": "100m", "memory": "64Mi"})
    vpa(bench, "InPlaceOrRecreate")
    bench.run(30)
    before = [pod["metadata"]["uid"] for pod in bench.pods()]
    bench.run(240)
    assert [pod["metadata"]["uid"] for pod in bench.pods()] == before
    assert all(each["cpu"] != "100m" for each in requests(bench))


def test_each_part_acts_only_while_it_is_there(bench: Bench) -> None:
    bench.cluster.set_replicas("deployments.apps", "vpa", "vpa-admission-controller", 0)
    bench.deployment(replicas=2, requests={"cpu": "100m"})
    vpa(bench)
    bench.run(300)
    assert recommended(bench)
    assert requests(bench) == [{"cpu": "100m"}] * 2, "without admission nothing is evicted"
    bench.cluster.set_replicas("deployments.apps", "vpa", "vpa-admission-controller", 1)
    bench.cluster.set_replicas("deployments.apps", "vpa", "vpa-recommender", 0)
    bench.run(300)
    assert {each["cpu"] for each in requests(bench)} == {recommended(bench)["target"]["cpu"]}


def test_the_recommender_begins_again_where_its_checkpoints_are(bench: Bench) -> None:
    bench.deployment(replicas=2, requests={"cpu": "100m"})
    vpa(bench, "Off")
    bench.run(600)
    before = recommended(bench)["target"]
    bench.cluster.set_replicas("deployments.apps", "vpa", "vpa-recommender", 0)
    bench.run(60)
    bench.use["worker"] = Use(10.0, 20 * MIB)
    bench.cluster.set_replicas("deployments.apps", "vpa", "vpa-recommender", 1)
    bench.run(70)
    assert recommended(bench)["target"]["cpu"] == before["cpu"]


def test_conditions_tell_of_missing_targets_and_pods(bench: Bench) -> None:
    vpa(bench)
    bench.run(61)
    found = {c["type"]: c for c in bench.cluster.get(KEY, "shop", "sizes")["status"]["conditions"]}
    assert (
        found["ConfigUnsupported"]["message"] == "Cannot read targetRef. Reason: Deployment shop/worker does not exist"
    )
    bench.deployment(replicas=0)
    bench.run(61)
    assert bench.conditions(KEY, "sizes") == {
        "NoPodsMatched": ("True", "NoPodsMatched"),
        "RecommendationProvided": ("False", "NoPodsMatched"),
    }


def test_what_makes_no_sense_is_refused(bench: Bench) -> None:
    policies = [{"containerName": "app", "minAllowed": {"cpu": "2"}, "maxAllowed": {"cpu": "1"}}]
    with pytest.raises(ApiError, match="max resource for cpu is lower than min"):
        vpa(bench, resourcePolicy={"containerPolicies": policies})
