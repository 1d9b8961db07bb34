"""The EKS Pod Identity Agent: a DaemonSet that hands pods the credentials of their role."""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster

from .component import (
    EVERYWHERE,
    NODE_CRITICAL,
    Component,
    Installation,
    Workload,
    container,
    daemon_set,
    http_probe,
    service_account,
)
from .presence import belongs_to, is_serving

LABELS = {"app.kubernetes.io/name": "eks-pod-identity-agent", "app.kubernetes.io/instance": "eks-pod-identity-agent"}


def objects(installation: Installation) -> list[Obj]:
    main = container(
        "eks-pod-identity-agent",
        installation.image("eks/eks-pod-identity-agent"),
        ports=[{"name": "proxy", "containerPort": 80}, {"name": "probes-port", "containerPort": 2703}],
        livenessProbe=http_probe("/healthz", "probes-port", initialDelaySeconds=30, timeoutSeconds=10),
        readinessProbe=http_probe(
            "/readyz", "probes-port", initialDelaySeconds=1, timeoutSeconds=10, failureThreshold=30
        ),
    )
    workload = Workload(
        name="eks-pod-identity-agent",
        labels=LABELS,
        containers=(main,),
        service_account="eks-pod-identity-agent",
        host_network=True,
        priority_class=NODE_CRITICAL,
        tolerations=EVERYWHERE,
    )
    return [service_account("eks-pod-identity-agent", labels=LABELS), daemon_set(workload, installation)]


def agent_serves(cluster: Cluster, namespace: str, pod_name: str) -> bool:
    """Whether a Ready pod of the agent runs on the node of a pod."""
    pod = cluster.find("pods", namespace, pod_name)
    node = (pod or {}).get("spec", {}).get("nodeName")
    agents = cluster.list("pods", where=lambda each: belongs_to(each, "eks-pod-identity-agent") and is_serving(each))
    return node is not None and any(agent["spec"].get("nodeName") == node for agent in agents)


POD_IDENTITY_AGENT = Component("eks-pod-identity-agent", objects)
