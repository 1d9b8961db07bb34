"""The autoscaler beyond the recordings: cases in the recordings' form, with answers from upstream's rules."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from tools.decisions.autoscaling import HpaReplay
from tools.decisions.bench import Bench, PodScript
from tools.decisions.given import NAMESPACE

from wavetank.kube.types import Obj
from wavetank.twin.cluster.ports import NoMetrics, PodUsage, Usage
from wavetank.twin.controllers.custom_metrics import NoAdapter
from wavetank.twin.controllers.hpa import HorizontalPodAutoscalerController
from wavetank.twin.controllers.hpa_limits import Memory, down_limit
from wavetank.twin.controllers.hpa_metrics import MetricReader, Target
from wavetank.twin.controllers.hpa_replicas import Proposal, Tolerance
from wavetank.twin.controllers.settings import HpaSettings
from wavetank.twin.engine import Engine

CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
FLAGS = {
    "syncPeriodSeconds": 1,
    "downscaleStabilizationSeconds": 20,
    "initialReadinessDelaySeconds": 2,
    "cpuInitializationPeriodSeconds": 5,
    "tolerance": 0.1,
}


def deployment(replicas: int = 2) -> Obj:
    container = {"name": "main", "image": "app:1", "resources": {"requests": {"cpu": "500m", "memory": "512Mi"}}}
    template = {"metadata": {"labels": {"app": "app"}}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "app"}}, "template": template}
    return {"kind": "Deployment", "metadata": {"name": "app"}, "spec": spec}


def autoscaler(name: str = "app", target: str = "app", kind: str = "Deployment", **spec: Any) -> Obj:
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": target}
    full = {"scaleTargetRef": reference, "minReplicas": 1, "maxReplicas": 10, "metrics": [CPU], **spec}
    return {"kind": "HorizontalPodAutoscaler", "metadata": {"name": name}, "spec": full}


def observed(*objects: Obj, seconds: float = 6, **phase: Any) -> Obj:
    given = {
        "objects": [deployment(), *(objects or (autoscaler(),))],
        "settings": FLAGS,
        "podBehavior": {"start": 0.3, "ready": 0.5, "stop": 0.3},
        "phases": [{"at": 0, **(phase or {"cpu": 250})}],
        "seconds": seconds,
    }
    return HpaReplay({"name": "own", "given": given, "observed": None}).observed()


def last_conditions(found: Obj) -> dict[str, tuple[str, str]]:
    return {c["type"]: (c["reason"], c["message"]) for c in found["hpaStatus"][-1]["conditions"]}


def test_two_autoscalers_of_the_same_pods_both_stand_still() -> None:
    found = observed(autoscaler("one"), autoscaler("two"), cpu=500)
    text = "pods by selector app=app are controlled by multiple HPAs: [{one NS} {two NS}]"
    assert last_conditions(found)["ScalingActive"] == ("AmbiguousSelector", text)


def test_a_container_without_metrics_is_an_error_and_not_a_missing_pod() -> None:
    source = {"name": "cpu", "container": "proxy", "target": {"type": "Utilization", "averageUtilization": 50}}
    found = observed(autoscaler(metrics=[{"type": "ContainerResource", "containerResource": source}]))
    reason, message = last_conditions(found)["ScalingActive"]
    assert reason == "FailedGetContainerResourceMetric"
    assert message.endswith("failed to get container metrics: container proxy not present in metrics for pod NS/POD")


def test_an_unknown_kind_of_target_is_told() -> None:
    reason, message = last_conditions(observed(autoscaler(kind="Gadget")))["AbleToScale"]
    assert reason == "FailedGetScale"
    assert message.endswith('no matches for kind "Gadget" in group "apps"')


def test_metrics_are_shown_at_their_place_also_when_one_of_them_failed() -> None:
    external = {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "1"}}
    bench = Bench(PodScript(start=0.1, ready=0.1))
    spec = autoscaler(metrics=[{"type": "External", "external": external}, CPU])
    metadata = {"name": "app", "namespace": NAMESPACE}
    bench.cluster.create({**deployment(), "apiVersion": "apps/v1", "metadata": metadata})
    bench.cluster.create({**spec, "apiVersion": "autoscaling/v2", "metadata": metadata})
    bench.engine.run_for(20)
    status = bench.cluster.get("horizontalpodautoscalers.autoscaling", NAMESPACE, "app")["status"]
    assert status["currentMetrics"] == [{"type": ""}, {"type": ""}]


def test_an_old_change_is_forgotten_only_when_another_takes_its_place() -> None:
    behavior = {"scaleUp": {"policies": [{"type": "Pods", "value": 9, "periodSeconds": 15}]}}
    memory = Memory()
    for at, before, after in ((0, 2, 4), (5, 4, 6), (100, 6, 7)):
        memory.note_scaling(at, before, after, behavior)
    assert memory.ups == [(0, 2), (100, 1)]
    rules = {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 300}]}
    assert down_limit(7, memory, 110, rules) == 7 - 3 - 1


class Source(NoMetrics):
    """One pod that uses this much memory."""

    def __init__(self, bytes_used: int) -> None:
        self._used = bytes_used

    def available(self) -> bool:
        return True

    def pods(self, namespace: str = "", names: Collection[str] | None = None) -> list[PodUsage]:
        return [PodUsage("a", "p", 0.0, 1.0, {"main": Usage(0, self._used)})]


@pytest.mark.parametrize(
    ("bytes_used", "shown"), [(450 * 2**20, "450Mi"), (2**30, "1Gi"), (1000, "1000"), (1025, "1025"), (0, "0")]
)
def test_memory_is_shown_with_a_binary_suffix_where_it_is_whole(bytes_used: int, shown: str) -> None:
    pod = {"metadata": {"name": "p"}, "status": {"phase": "Running"}, "spec": {"containers": []}}
    reader = MetricReader(Engine(), Source(bytes_used), NoAdapter(), HpaSettings())
    source = {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}}
    found = reader.proposal(
        {"type": "Resource", "resource": source}, Target("a", 1, 1, [pod]), Tolerance(down=0.1, up=0.1)
    )
    assert isinstance(found, Proposal)
    assert found.current["resource"]["current"] == {"averageValue": shown}


@pytest.mark.parametrize(("version", "covered"), [("1.36", False), ("1.35", False), ("1.34", True), ("1.31", True)])
def test_before_1_35_behavior_has_no_tolerance_of_its_own(version: str, covered: bool) -> None:
    bench = Bench(PodScript(), version=version)
    hpa = autoscaler(behavior={"scaleUp": {"tolerance": "0"}})
    loop = next(c for c in bench.controllers if isinstance(c, HorizontalPodAutoscalerController))
    assert loop.tolerance(hpa).covers(1.02) is covered


def test_a_size_that_only_stabilization_changes_has_no_reason() -> None:
    """As recorded (scale-to-zero-midway): the metric wants what there is, an older recommendation more."""
    phases = [{"at": 0, "cpu": 250}, {"at": 4, "cpu": 250, "scaleTo": 1}]
    objects = [deployment(), autoscaler()]
    behavior = {"start": 0.3, "ready": 0.5, "stop": 0.3}
    given = {"objects": objects, "settings": FLAGS, "podBehavior": behavior, "phases": phases, "seconds": 8}
    replay = HpaReplay({"name": "own", "given": given, "observed": None})
    assert replay.observed()["scaleTargetReplicas"][-1][1] == 2
    told = [e["message"] for e in replay.bench.cluster.list("events") if e["reason"] == "SuccessfulRescale"]
    assert told == ["New size: 2; reason: "]


@pytest.mark.parametrize("kind", ["External", "Pods"])
def test_no_series_at_all_is_an_error_and_not_nothing(kind: str) -> None:
    metric, target = {"name": "queue"}, {"type": "AverageValue", "averageValue": "1"}
    source = {"metric": metric, "target": target}
    found = observed(autoscaler(metrics=[{"type": kind, kind.lower(): source}]), cpu=500)
    reason, message = last_conditions(found)["ScalingActive"]
    assert reason == f"FailedGet{kind}Metric"
    assert message.endswith(f"no metrics returned from {'external' if kind == 'External' else 'custom'} metrics API")
