"""KEDA's operator, metrics server and webhooks in virtual time: ScaledObjects from zero to many and back."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scaling_kit import Bench

from wavetank.kube.errors import ApiError
from wavetank.kube.selectors import parse_label_selector
from wavetank.kube.types import Obj
from wavetank.twin.components.keda import Done, Question, SourceError
from wavetank.twin.components.keda.formula import FormulaError, evaluated
from wavetank.twin.components.keda.job_scaling import Running, demand_of, jobs_to_start
from wavetank.twin.components.keda.scaled_object import FINALIZER, KEY
from wavetank.twin.controllers.custom_metrics import MetricError
from wavetank.twin.engine import Engine

HPAS = "horizontalpodautoscalers.autoscaling"
STRATEGIES = ("default", "accurate", "eager", "custom")
QUEUE = "https://sqs.us-west-2.amazonaws.com/111122223333/render-jobs"


@pytest.fixture
def bench() -> Bench:
    return Bench("keda")


def sqs(**more: Any) -> Obj:
    return {
        "type": "aws-sqs-queue",
        "metadata": {"queueURL": QUEUE, "awsRegion": "us-west-2", "queueLength": "5", **more},
    }


def scaled(bench: Bench, *triggers: Obj, annotations: dict[str, str] | None = None, **spec: Any) -> Obj:
    full = {"scaleTargetRef": {"name": "worker"}, "triggers": list(triggers), **spec}
    return bench.make("keda.sh/v1alpha1", "ScaledObject", "jobs", full, annotations)


def test_an_hpa_is_made_with_names_labels_and_behaviour(bench: Bench) -> None:
    bench.sources.set("aws-sqs-queue", QUEUE, 0.0)
    bench.deployment(replicas=2)
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 60}}
    advanced = {"horizontalPodAutoscalerConfig": {"behavior": behavior}}
    scaled(bench, sqs(), minReplicaCount=2, maxReplicaCount=50, advanced=advanced)
    bench.run(1)
    hpa = bench.cluster.get(HPAS, "shop", "keda-hpa-jobs")
    assert hpa["metadata"]["labels"] == {
        "app.kubernetes.io/name": "keda-hpa-jobs",
        "app.kubernetes.io/version": "2.18.0",
        "app.kubernetes.io/part-of": "jobs",
        "app.kubernetes.io/managed-by": "keda-operator",
        "scaledobject.keda.sh/name": "jobs",
    }
    assert (hpa["spec"]["minReplicas"], hpa["spec"]["maxReplicas"]) == (2, 50)
    selector = {"matchLabels": {"scaledobject.keda.sh/name": "jobs"}}
    metric = {"name": "s0-aws-sqs-render-jobs", "selector": selector}
    assert hpa["spec"]["metrics"] == [
        {"type": "External", "external": {"metric": metric, "target": {"type": "AverageValue", "averageValue": "5"}}}
    ]
    assert hpa["spec"]["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == 60
    live = bench.cluster.get(KEY, "shop", "jobs")
    assert live["metadata"]["finalizers"] == [FINALIZER]
    status = live["status"]
    assert status["externalMetricNames"] == ["s0-aws-sqs-render-jobs"]
    assert (status["hpaName"], status["originalReplicaCount"]) == ("keda-hpa-jobs", 2)
    assert (status["scaleTargetKind"], status["triggersTypes"]) == ("apps/v1.Deployment", "aws-sqs-queue")
    assert bench.conditions(KEY, "jobs") == {
        "Ready": ("True", "ScaledObjectReady"),
        "Active": ("False", "ScalerNotActive"),
        "Fallback": ("False", "NoFallbackFound"),
        "Paused": ("Unknown", ""),
    }
    assert bench.events("ScaledObject") == [
        ("KEDAScalersStarted", "Scaler aws-sqs-queue is built"),
        ("KEDAScalersStarted", "Started scalers watch"),
        ("ScaledObjectReady", "ScaledObject is ready for scaling"),
    ]


def test_a_queue_takes_a_workload_from_zero_to_many_and_back(bench: Bench) -> None:
    bench.sources.set("aws-sqs-queue", QUEUE, 0.0)
    bench.deployment(replicas=0)
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 0}}
    advanced = {"horizontalPodAutoscalerConfig": {"behavior": behavior}}
    scaled(bench, sqs(), pollingInterval=15, cooldownPeriod=60, maxReplicaCount=10, advanced=advanced)
    bench.run(40)
    assert bench.replicas() == 0
    bench.sources.set("aws-sqs-queue", QUEUE, 40.0)
    bench.run(15)
    assert bench.replicas() >= 1
    reason, message = bench.events("ScaledObject")[-1]
    assert reason == "KEDAScaleTargetActivated"
    assert message == "Scaled apps/v1.Deployment shop/worker from 0 to 1, triggered by s0-aws-sqs-render-jobs"
    assert bench.conditions(KEY, "jobs")["Active"] == ("True", "ScalerActive")
    bench.run(60)
    assert bench.replicas() == 8  # 40 messages, 5 for each pod
    bench.sources.set("aws-sqs-queue", QUEUE, 0.0)
    bench.run(20)
    assert bench.conditions(KEY, "jobs")["Active"] == ("False", "ScalerCooldown")
    bench.run(100)
    assert bench.replicas() == 0
    assert bench.events("ScaledObject")[-1][0] == "KEDAScaleTargetDeactivated"


def test_idle_replicas_are_kept_while_nothing_is_to_do(bench: Bench) -> None:
    bench.sources.set("aws-sqs-queue", QUEUE, 0.0)
    bench.deployment(replicas=4)
    scaled(bench, sqs(), idleReplicaCount=0, minReplicaCount=3, cooldownPeriod=30, initialCooldownPeriod=100)
    bench.run(90)
    assert bench.replicas() >= 3  # the initial cooldown counts from the object's creation
    bench.run(60)
    assert bench.replicas() == 0
    bench.sources.set("aws-sqs-queue", QUEUE, 1.0)
    bench.run(31)
    assert bench.replicas() in (3, 4)  # the minimum; the HPA remembers having seen four


def test_cron_scales_within_its_hours_in_its_time_zone() -> None:
    bench = Bench("keda", epoch=datetime(2026, 6, 1, 7, 50, tzinfo=UTC))
    bench.deployment(replicas=1)
    metadata = {"timezone": "Europe/Paris", "start": "0 10 * * *", "end": "0 18 * * *", "desiredReplicas": "6"}
    scaled(bench, {"type": "cron", "metadata": metadata}, minReplicaCount=1)
    bench.run(120)
    assert bench.replicas() == 1  # 9:53 in Paris
    bench.run(9 * 60)
    assert bench.replicas() == 6
    hpa = bench.cluster.get(HPAS, "shop", "keda-hpa-jobs")
    assert hpa["spec"]["metrics"][0]["external"]["metric"]["name"] == "s0-cron-Europe-Paris-010xxx-018xxx"


def test_pods_of_another_workload_are_counted(bench: Bench) -> None:
    bench.deployment("source", 4)
    bench.deployment(replicas=1)
    metadata = {"podSelector": "app=source", "value": "2"}
    scaled(bench, {"type": "kubernetes-workload", "metadata": metadata})
    bench.run(60)
    assert bench.replicas() == 2


def test_a_formula_combines_triggers(bench: Bench) -> None:
    bench.sources.set("prometheus", "rate", 12.0)
    bench.sources.set("aws-sqs-queue", QUEUE, 30.0)
    bench.deployment(replicas=1)
    rate = {
        "type": "prometheus",
        "name": "rate",
        "metadata": {"serverAddress": "http://p", "query": "rate", "threshold": "1"},
    }
    modifiers = {"formula": "queue > 20 ? max([queue / 5, rate / 3]) : 1", "target": "1"}
    scaled(bench, rate, {**sqs(), "name": "queue"}, advanced={"scalingModifiers": modifiers})
    bench.run(60)
    assert bench.replicas() == 6
    hpa = bench.cluster.get(HPAS, "shop", "keda-hpa-jobs")
    assert [m["external"]["metric"]["name"] for m in hpa["spec"]["metrics"]] == ["composite-metric"]


def test_a_failing_source_falls_back_after_the_threshold(bench: Bench) -> None:
    bench.sources.set("aws-sqs-queue", QUEUE, SourceError("AccessDenied"))
    bench.deployment(replicas=1)
    scaled(bench, sqs(), fallback={"failureThreshold": 3, "replicas": 6})
    bench.run(40)
    assert bench.replicas() == 1
    assert bench.conditions(KEY, "jobs")["Fallback"][0] != "True"
    bench.run(60)
    assert bench.replicas() == 6
    assert bench.conditions(KEY, "jobs")["Fallback"] == ("True", "FallbackExists")
    bench.sources.set("aws-sqs-queue", QUEUE, 5.0)
    bench.run(40)
    assert bench.conditions(KEY, "jobs")["Fallback"] == ("False", "NoFallbackFound")


def test_without_fallback_the_condition_tells_of_broken_triggers(bench: Bench) -> None:
    bench.deployment(replicas=1)
    scaled(bench, sqs(), minReplicaCount=1)
    bench.run(40)
    assert bench.conditions(KEY, "jobs")["Ready"] == ("False", "TriggerError")
    condition = next(
        c
        for c in bench.cluster.get(HPAS, "shop", "keda-hpa-jobs")["status"]["conditions"]
        if c["type"] == "ScalingActive"
    )
    assert (condition["status"], condition["reason"]) == ("False", "FailedGetExternalMetric")


@pytest.mark.parametrize(
    ("trigger", "text"),
    [
        ({"type": "horoscope", "metadata": {"sign": "leo"}}, "no scaler found for type: horoscope"),
        (
            {"type": "aws-sqs-queue", "metadata": {"queueLength": "5"}},
            'error parsing SQS queue metadata: missing required parameter "queueURL" in [triggerMetadata resolvedEnv]',
        ),
        (
            {"type": "kubernetes-workload", "metadata": {"podSelector": "app=x"}},
            "error parsing kubernetes workload metadata: value must be a float greater than 0",
        ),
        ({**sqs(), "authenticationRef": {"name": "none"}}, 'TriggerAuthentication.keda.sh "none" not found'),
    ],
)
def test_triggers_that_cannot_be_built_are_told(bench: Bench, trigger: Obj, text: str) -> None:
    bench.deployment()
    scaled(bench, trigger)
    bench.run(1)
    assert ("KEDAScalerFailed", text) in bench.events("ScaledObject")
    assert bench.conditions(KEY, "jobs")["Ready"] == ("False", "ScaledObjectCheckFailed")


def test_authentications_give_parameters_and_know_who_uses_them(bench: Bench) -> None:
    bench.sources.set("prometheus", "secret", 3.0)
    data = {"token": base64.b64encode(b"secret").decode()}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "shop"}, "data": data}
    bench.cluster.create(secret)
    spec = {"secretTargetRef": [{"parameter": "bearerToken", "name": "s", "key": "token"}]}
    bench.make("keda.sh/v1alpha1", "TriggerAuthentication", "auth", spec)
    bench.deployment(replicas=1)
    metadata = {"serverAddress": "http://p", "query": "rate", "threshold": "1"}
    scaled(bench, {"type": "prometheus", "metadata": metadata, "authenticationRef": {"name": "auth"}})
    bench.run(40)
    assert bench.replicas() == 3
    found = bench.cluster.get("triggerauthentications.keda.sh", "shop", "auth")
    assert found["status"] == {"scaledobjects": "jobs"}
    events = bench.events("TriggerAuthentication")
    assert events == [("TriggerAuthenticationAdded", "New TriggerAuthentication configured")]


def test_a_target_that_appears_later_is_found(bench: Bench) -> None:
    bench.sources.set("aws-sqs-queue", QUEUE, 0.0)
    scaled(bench, sqs(), minReplicaCount=1)
    bench.run(2)
    assert bench.conditions(KEY, "jobs")["Ready"] == ("False", "ScaledObjectCheckFailed")
    assert ("ScaledObjectCheckFailed", "Target resource doesn't exist") in bench.events("ScaledObject")
    bench.deployment()
    bench.run(20)
    assert bench.conditions(KEY, "jobs")["Ready"] == ("True", "ScaledObjectReady")


def test_pausing_takes_the_hpa_away_and_sets_the_size(bench: Bench) -> None:
    bench.sources.set("aws-sqs-queue", QUEUE, 100.0)
    bench.deployment(replicas=1)
    obj = scaled(bench, sqs())
    bench.run(1)
    annotate(bench, {"autoscaling.keda.sh/paused-replicas": "2"})
    bench.run(60)
    assert bench.replicas() == 2
    assert bench.cluster.find(HPAS, "shop", "keda-hpa-jobs") is None
    assert bench.conditions(KEY, "jobs")["Paused"] == ("True", "ScaledObjectPaused")
    annotate(bench, {})
    bench.run(60)
    assert bench.replicas() > 2
    assert bench.conditions(KEY, "jobs")["Paused"] == ("False", "ScaledObjectUnpaused")
    assert obj["metadata"]["name"] == "jobs"


def annotate(bench: Bench, annotations: dict[str, str]) -> None:
    live = bench.cluster.get(KEY, "shop", "jobs")
    bench.cluster.update({**live, "metadata": {**live["metadata"], "annotations": annotations}})


def test_deletion_restores_the_first_size(bench: Bench) -> None:
    bench.sources.set("aws-sqs-queue", QUEUE, 100.0)
    bench.deployment(replicas=3)
    scaled(bench, sqs(), advanced={"restoreToOriginalReplicaCount": True})
    bench.run(60)
    assert bench.replicas() > 3
    bench.cluster.delete(KEY, "shop", "jobs")
    bench.run(5)
    assert bench.cluster.find(KEY, "shop", "jobs") is None
    assert bench.cluster.find(HPAS, "shop", "keda-hpa-jobs") is None
    assert bench.replicas() == 3
    assert bench.events("ScaledObject")[-1] == ("ScaledObjectDeleted", "ScaledObject was deleted")


def test_nothing_is_done_while_the_operator_is_away(bench: Bench) -> None:
    operator = bench.cluster.get("deployments.apps", "keda", "keda-operator")
    bench.cluster.update({**operator, "spec": {**operator["spec"], "replicas": 0}})
    bench.run(60)
    bench.sources.set("aws-sqs-queue", QUEUE, 100.0)
    bench.deployment(replicas=0)
    scaled(bench, sqs())
    bench.run(60)
    assert bench.cluster.find(HPAS, "shop", "keda-hpa-jobs") is None
    bench.cluster.set_replicas("deployments.apps", "keda", "keda-operator", 1)
    bench.run(60)
    assert bench.replicas() > 0


def test_the_metrics_server_alone_being_away_stops_the_hpa_only(bench: Bench) -> None:
    bench.cluster.set_replicas("deployments.apps", "keda", "keda-operator-metrics-apiserver", 0)
    bench.run(60)
    bench.sources.set("aws-sqs-queue", QUEUE, 100.0)
    bench.deployment(replicas=0)
    scaled(bench, sqs())
    bench.run(60)
    assert bench.replicas() == 1
    condition = bench.conditions(HPAS, "keda-hpa-jobs")["ScalingActive"]
    assert condition == ("False", "FailedGetExternalMetric")


def refused(bench: Bench, *triggers: Obj, **spec: Any) -> str:
    with pytest.raises(ApiError) as caught:
        scaled(bench, *triggers, **spec)
    assert caught.value.code == 403
    return caught.value.message.partition("denied the request: ")[2]


CPU = {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "50"}}


def test_webhooks_refuse_what_cannot_work(bench: Bench) -> None:
    bench.deployment()
    expected = "the scaledobject has a cpu trigger but the container app doesn't have the cpu request defined"
    assert refused(bench, CPU, minReplicaCount=1) == expected
    assert (
        refused(bench, sqs(), minReplicaCount=5, maxReplicaCount=2)
        == "MinReplicaCount=5 must be less than MaxReplicaCount=2"
    )
    assert refused(bench, sqs(), idleReplicaCount=0) == "IdleReplicaCount=0 must be less than MinReplicaCount=0"
    assert refused(bench) == "no triggers defined in the ScaledObject/ScaledJob"
    bench.make(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        "mine",
        {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "worker"}, "maxReplicas": 3},
    )
    expected = "the workload 'worker' of type 'apps/v1.Deployment' is already managed by the hpa 'mine'"
    assert refused(bench, sqs()) == expected


def test_two_objects_cannot_share_a_workload_and_cpu_alone_cannot_reach_zero(bench: Bench) -> None:
    bench.deployment(requests={"cpu": "100m"})
    text = "scaledobject has only cpu/memory triggers AND minReplica is 0 (scale to zero doesn't work in this case)"
    assert refused(bench, CPU) == text
    scaled(bench, CPU, minReplicaCount=1)
    bench.run(1)
    assert bench.cluster.get(HPAS, "shop", "keda-hpa-jobs")["spec"]["metrics"][0]["type"] == "Resource"
    with pytest.raises(ApiError, match="is already managed by the ScaledObject 'jobs'"):
        bench.make(
            "keda.sh/v1alpha1", "ScaledObject", "second", {"scaleTargetRef": {"name": "worker"}, "triggers": [sqs()]}
        )


def test_scaled_jobs_start_jobs_for_the_queue(bench: Bench) -> None:
    bench.sources.set("aws-sqs-queue", QUEUE, 12.0)
    template = {"spec": {"containers": [{"name": "app", "image": "registry.example/app:1"}], "restartPolicy": "Never"}}
    spec = {"jobTargetRef": {"template": template}, "triggers": [sqs()], "maxReplicaCount": 10, "pollingInterval": 30}
    bench.make("keda.sh/v1alpha1", "ScaledJob", "batch", spec)
    bench.run(1)
    assert len(bench.cluster.list("jobs.batch", "shop")) == 3
    bench.sources.set("aws-sqs-queue", QUEUE, 0.0)
    bench.run(60)
    jobs = bench.cluster.list("jobs.batch", "shop")
    assert len(jobs) == 3
    assert all((job.get("status") or {}).get("succeeded") == 1 for job in jobs)
    assert ("KEDAJobsCreated", "Created 3 jobs") in bench.events("ScaledJob")
    assert bench.conditions("scaledjobs.keda.sh", "batch")["Active"] == ("False", "ScalerNotActive")


def test_external_metrics_are_served_while_the_server_is_there(bench: Bench) -> None:
    adapter = bench.world.stand_ins.custom_metrics
    bench.sources.set("aws-sqs-queue", QUEUE, 7.0)
    bench.deployment()
    scaled(bench, sqs())
    bench.run(1)
    labels = parse_label_selector("scaledobject.keda.sh/name=jobs")
    assert adapter.available()
    assert adapter.series("shop", "s0-aws-sqs-render-jobs", labels) == [7000]
    with pytest.raises(MetricError, match="no matching metrics found for s1-other"):
        adapter.series("shop", "s1-other", labels)
    bench.cluster.set_replicas("deployments.apps", "keda", "keda-operator-metrics-apiserver", 0)
    bench.run(60)
    assert not adapter.available()


def test_an_answer_that_takes_time_is_waited_for_without_waiting() -> None:
    """A poll goes on when its answer has come; meanwhile the cluster's time goes on as well."""
    slow = SlowSource()
    bench = Bench("keda", sources=slow)
    slow.engine = bench.engine
    bench.deployment(replicas=0)
    scaled(bench, sqs())
    bench.run(1.5)
    assert bench.replicas() == 0
    bench.run(1.0)
    assert bench.replicas() == 1
    bench.run(60)
    assert bench.replicas() == 4
    assert bench.conditions(HPAS, "keda-hpa-jobs")["ScalingActive"] == ("True", "ValidMetricFound")


class SlowSource:
    """Answers twenty messages, two seconds later."""

    engine: Engine

    def ask(self, question: Question, done: Done) -> None:
        self.engine.call_later(2.0, lambda: done(20.0))


@given(st.floats(0, 1e6), st.floats(0.5, 1e3), st.integers(0, 30), st.integers(0, 30), st.sampled_from(STRATEGIES))
def test_jobs_never_exceed_the_maximum(value: float, target: float, running: int, pending: int, strategy: str) -> None:
    spec = {
        "maxReplicaCount": 20,
        "scalingStrategy": {"strategy": strategy, "customScalingRunningJobPercentage": "0.5"},
    }
    demand = demand_of([(value, target, value > 0)], "max", 20)
    new = jobs_to_start(spec, demand, Running(running, min(pending, running)))
    assert new >= 0
    if strategy != "accurate":
        assert new + running <= max(20, running)
    assert new <= demand.queue_length


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0.1, 1e6))
def test_formulas_compute_as_arithmetic_does(a: float, b: float, c: float) -> None:
    values = {"a": a, "b": b, "c": c}
    assert evaluated("a + b * c", values) == a + b * c
    assert evaluated("(a + b) / c", values) == (a + b) / c
    assert evaluated("a < b ? min(a, b) : max([b, a])", values) == (min(a, b) if a < b else max(a, b))
    assert evaluated("-a ** 2 >= 0 || not (b == b)", values) == float(-(a**2) >= 0)


@pytest.mark.parametrize("formula", ["a +", "nothing", "max()", "(a", "a a", "a ? 1", "[a]"])
def test_formulas_that_cannot_be_read_are_refused(formula: str) -> None:
    with pytest.raises(FormulaError):
        evaluated(formula, {"a": 1.0})


def rendered() -> list[tuple[str, Obj]]:
    """Every ScaledObject and what it refers to, of all rendered examples."""
    folder = Path(__file__).parents[2] / "examples"
    files = sorted(folder.glob("*/rendered/*/kubernetes/*availability.yaml"))
    objects = [(str(file.relative_to(folder)), obj) for file in files for obj in yaml.safe_load_all(file.read_text())]
    return [(place, obj) for place, obj in objects if obj and obj["apiVersion"].startswith("keda.sh/")]


def test_what_the_examples_render_works(bench: Bench) -> None:
    assert any(obj["kind"] == "ScaledObject" for _, obj in rendered())
    for place, obj in rendered():
        spec, metadata = obj["spec"], {**obj["metadata"], "namespace": "shop", "name": obj["metadata"]["name"]}
        bench.cluster.create({**obj, "metadata": metadata})
        if obj["kind"] != "ScaledObject":
            continue
        for trigger in spec["triggers"]:
            for value in trigger["metadata"].values():
                bench.sources.set(trigger["type"], value, 100.0)
        workload = spec["scaleTargetRef"]["name"]
        bench.deployment(workload, replicas=1)
        bench.run(60)
        name = metadata["name"]
        assert bench.conditions(KEY, name)["Ready"] == ("True", "ScaledObjectReady"), place
        assert bench.replicas(workload) > 2, place
        for key in (KEY, "triggerauthentications.keda.sh"):
            for each in bench.cluster.list(key, "shop"):
                bench.cluster.delete(key, "shop", each["metadata"]["name"])
        bench.cluster.delete("deployments.apps", "shop", workload)
        bench.run(40)
