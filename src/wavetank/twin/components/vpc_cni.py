"""The Amazon VPC CNI plugin: the DaemonSet aws-node. Without it nodes are not ready and pods get no network."""

from __future__ import annotations

from wavetank.kube.types import Obj

from .component import (
    EVERYWHERE,
    NODE_CRITICAL,
    Component,
    Installation,
    Workload,
    cluster_role,
    container,
    daemon_set,
    service_account,
)

LABELS = {"app.kubernetes.io/name": "aws-node", "app.kubernetes.io/instance": "aws-vpc-cni", "k8s-app": "aws-node"}


def objects(installation: Installation) -> list[Obj]:
    health = {"exec": {"command": ["/app/grpc-health-probe", "-addr=:50051"]}, "timeoutSeconds": 10}
    variables = {"ENABLE_PREFIX_DELEGATION": "false", "WARM_ENI_TARGET": "1", "AWS_VPC_K8S_CNI_LOGLEVEL": "DEBUG"}
    main = container(
        "aws-node",
        installation.image("amazon-k8s-cni"),
        cpu="25m",
        env=[{"name": name, "value": value} for name, value in variables.items()],
        ports=[{"name": "metrics", "containerPort": 61678}],
        livenessProbe={**health, "initialDelaySeconds": 60},
        readinessProbe={**health, "initialDelaySeconds": 1},
    )
    workload = Workload(
        name="aws-node",
        labels=LABELS,
        containers=(
            main,
            container("aws-eks-nodeagent", installation.image("amazon/aws-network-policy-agent"), cpu="25m"),
        ),
        init_containers=(container("aws-vpc-cni-init", installation.image("amazon-k8s-cni-init"), cpu="25m"),),
        service_account="aws-node",
        host_network=True,
        priority_class=NODE_CRITICAL,
        tolerations=EVERYWHERE,
        grace_seconds=10,
    )
    rules = [
        ("", "namespaces nodes pods", "get list watch"),
        ("networking.k8s.aws", "policyendpoints", "get list watch"),
    ]
    return [
        service_account("aws-node", labels=LABELS),
        *cluster_role("aws-node", rules, "aws-node"),
        daemon_set(workload, installation),
    ]


VPC_CNI = Component("vpc-cni", objects)
