"""AUT006: an autoscaler follows CPU or memory, and nothing in the cluster measures them."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Autoscaler

#: whatever serves metrics.k8s.io
PROVIDERS = ("metrics-server", "prometheus-adapter")


def check(case: Case) -> Iterator[Mistake]:
    if not case.components.lacks(*PROVIDERS):
        return
    for scaler in case.autoscalers:
        followed = sorted(_resources(scaler))
        if followed:
            yield _mistake(scaler, " and ".join(followed))


def _resources(scaler: Autoscaler) -> frozenset[str]:
    by_value = {m["resource"]["name"] for m in scaler.metrics if m.get("type") == "Resource" and m.get("resource")}
    return scaler.resource_metrics | {str(name) for name in by_value}


def _mistake(scaler: Autoscaler, followed: str) -> Mistake:
    return Mistake(
        at=scaler.manifest.at("spec", "triggers" if scaler.is_keda else "metrics"),
        message=(
            f"{scaler.manifest.title} follows {followed}, but neither metrics-server nor anything else that serves "
            "metrics.k8s.io is installed: it reports FailedGetResourceMetric and never scales"
        ),
        remedy="install metrics-server (EKS offers it as a managed add-on)",
        numbers={"resources": followed},
    )


RULE = Rule(
    id="AUT006",
    severity=Severity.ERROR,
    title="Nothing measures what the autoscaler follows",
    source="Kubernetes pkg/controller/podautoscaler/metrics; EKS installs no metrics-server by itself",
    check=check,
)
