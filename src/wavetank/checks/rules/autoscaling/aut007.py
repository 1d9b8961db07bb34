"""AUT007: an autoscaler follows a metric from outside (a queue, requests), and nothing serves it."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Autoscaler

#: metric type of autoscaling/v2 -> what can serve its API
PROVIDERS = {
    "External": ("keda", "prometheus-adapter", "datadog", "k8s-cloudwatch-adapter", "kube-metrics-adapter"),
    "Pods": ("prometheus-adapter", "kube-metrics-adapter", "istio-adapter"),
    "Object": ("prometheus-adapter", "kube-metrics-adapter"),
}


def check(case: Case) -> Iterator[Mistake]:
    for scaler in case.autoscalers:
        if scaler.is_keda:
            if case.components.lacks("keda"):
                yield _keda(scaler)
            continue
        for index, metric in enumerate(scaler.metrics):
            kind = str(metric.get("type"))
            if kind in PROVIDERS and case.components.lacks(*PROVIDERS[kind]):
                yield _metric(scaler, index, kind)


def _keda(scaler: Autoscaler) -> Mistake:
    kinds = ", ".join(sorted({str(trigger.get("type")) for trigger in scaler.triggers})) or "no trigger"
    return Mistake(
        at=scaler.manifest.at("spec", "triggers"),
        message=(
            f"{scaler.manifest.title} scales {scaler.target_name} on {kinds}, but KEDA is not installed: "
            "the number of pods never changes"
        ),
        remedy="install the chart keda",
        numbers={"triggers": kinds},
    )


def _metric(scaler: Autoscaler, index: int, kind: str) -> Mistake:
    providers = " or ".join(PROVIDERS[kind][:2])
    return Mistake(
        at=scaler.manifest.at("spec", "metrics", index),
        message=(
            f"{scaler.manifest.title} follows a metric of type {kind}, but nothing in the cluster serves such metrics: "
            f"it reports FailedGet{kind}Metric and never scales"
        ),
        remedy=f"install {providers}; a node autoscaler does not read queues, it reacts to pods that do not fit",
        numbers={"type": kind},
    )


RULE = Rule(
    id="AUT007",
    severity=Severity.ERROR,
    title="Nothing serves the external metric that the autoscaler follows",
    source="Kubernetes pkg/controller/podautoscaler/metrics; custom and external metrics APIs come from adapters",
    check=check,
)
