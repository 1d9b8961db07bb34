"""Amazon CloudWatch Observability: an operator, the CloudWatch agent and Fluent Bit on every node."""

from __future__ import annotations

from wavetank.kube.types import Obj

from .component import (
    EVERYWHERE,
    NODE_CRITICAL,
    Component,
    Installation,
    Workload,
    container,
    daemon_set,
    deployment,
    namespace,
    service_account,
)

NAMESPACE = "amazon-cloudwatch"
INSTANCE = {"app.kubernetes.io/instance": "amazon-cloudwatch-observability"}
OPERATOR = {
    "app.kubernetes.io/name": "amazon-cloudwatch-observability",
    "control-plane": "controller-manager",
    **INSTANCE,
}
AGENT = {"app.kubernetes.io/name": "cloudwatch-agent", **INSTANCE}
FLUENT_BIT = {"k8s-app": "fluent-bit", "app.kubernetes.io/name": "fluent-bit", **INSTANCE}


def objects(installation: Installation) -> list[Obj]:
    return [
        namespace(NAMESPACE),
        service_account("amazon-cloudwatch-observability-controller-manager", NAMESPACE),
        service_account("cloudwatch-agent", NAMESPACE),
        deployment(_operator(installation), installation.part("manager")),
        daemon_set(_agent(installation), installation.part("agent")),
        daemon_set(_fluent_bit(installation), installation.part("containerLogs")),
    ]


def _operator(installation: Installation) -> Workload:
    main = container("manager", installation.image("eks/observability/cloudwatch-agent-operator"), "100m", "64Mi")
    return Workload(
        name="amazon-cloudwatch-observability-controller-manager",
        namespace=NAMESPACE,
        labels=OPERATOR,
        containers=(main,),
        service_account="amazon-cloudwatch-observability-controller-manager",
        replicas=1,
        grace_seconds=10,
    )


def _agent(installation: Installation) -> Workload:
    main = container(
        "otc-container", installation.image("eks/observability/cloudwatch-agent"), "250m", "128Mi", "512Mi"
    )
    return _on_every_node("cloudwatch-agent", AGENT, main)


def _fluent_bit(installation: Installation) -> Workload:
    main = container("fluent-bit", installation.image("eks/observability/aws-for-fluent-bit"), "50m", "25Mi", "250Mi")
    return _on_every_node("fluent-bit", FLUENT_BIT, main)


def _on_every_node(name: str, labels: dict[str, str], main: Obj) -> Workload:
    return Workload(
        name=name,
        namespace=NAMESPACE,
        labels=labels,
        containers=(main,),
        service_account="cloudwatch-agent",
        host_network=name == "fluent-bit",
        priority_class=NODE_CRITICAL,
        tolerations=EVERYWHERE,
    )


CLOUDWATCH_OBSERVABILITY = Component("amazon-cloudwatch-observability", objects)
