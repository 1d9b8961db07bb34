"""metrics-server: the resource metrics of ``kubectl top`` and HorizontalPodAutoscalers. The twin's are in ``nodes.metrics``."""

from __future__ import annotations

from wavetank.kube.types import Obj

from .component import (
    Component,
    Installation,
    Workload,
    cluster_role,
    container,
    deployment,
    disruption_budget,
    http_probe,
    service,
    service_account,
)

LABELS = {"app.kubernetes.io/name": "metrics-server", "app.kubernetes.io/instance": "metrics-server"}


def objects(installation: Installation) -> list[Obj]:
    main = container(
        "metrics-server",
        installation.image("eks/metrics-server"),
        cpu="100m",
        memory="200Mi",
        memory_limit="400Mi",
        args=["--secure-port=10251", "--kubelet-preferred-address-types=InternalIP", "--metric-resolution=15s"],
        ports=[{"name": "https", "containerPort": 10251}],
        livenessProbe=http_probe("/livez", "https", periodSeconds=10, failureThreshold=3),
        readinessProbe=http_probe("/readyz", "https", periodSeconds=10, failureThreshold=3, initialDelaySeconds=20),
    )
    workload = Workload(
        name="metrics-server",
        labels=LABELS,
        containers=(main,),
        service_account="metrics-server",
        replicas=2,
        spread=True,
    )
    rules = [("", "nodes/metrics", "get"), ("", "pods nodes namespaces configmaps", "get list watch")]
    ports = [{"name": "https", "port": 443, "targetPort": "https"}]
    return [
        service_account("metrics-server", labels=LABELS),
        *cluster_role("system:metrics-server", rules, "metrics-server"),
        service("metrics-server", LABELS, ports),
        deployment(workload, installation),
        disruption_budget("metrics-server", LABELS),
        _api_service(),
    ]


def _api_service() -> Obj:
    spec = {
        "group": "metrics.k8s.io",
        "groupPriorityMinimum": 100,
        "insecureSkipTLSVerify": True,
        "service": {"name": "metrics-server", "namespace": "kube-system", "port": 443},
        "version": "v1beta1",
        "versionPriority": 100,
    }
    metadata = {"name": "v1beta1.metrics.k8s.io"}
    return {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": metadata, "spec": spec}


METRICS_SERVER = Component("metrics-server", objects)
