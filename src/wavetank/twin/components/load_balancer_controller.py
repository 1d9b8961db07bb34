"""The AWS Load Balancer Controller as its chart installs it. What it does is in ``service_load_balancers``."""

from __future__ import annotations

from wavetank import catalog
from wavetank.kube.types import Obj

from .charts import definitions
from .component import (
    Component,
    Installation,
    Workload,
    cluster_role,
    container,
    deployment,
    http_probe,
    service,
    service_account,
)

NAME = "aws-load-balancer-controller"
LABELS = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": NAME}


def objects(installation: Installation) -> list[Obj]:
    main = container(
        NAME,
        f"public.ecr.aws/eks/{NAME}:{installation.version}",
        args=["--ingress-class=alb"],
        ports=[{"name": "webhook-server", "containerPort": 9443}, {"name": "metrics-server", "containerPort": 8080}],
        livenessProbe=http_probe("/healthz", 61779, initialDelaySeconds=30, timeoutSeconds=10, failureThreshold=2),
        readinessProbe=http_probe("/readyz", 61779, initialDelaySeconds=10, timeoutSeconds=10, failureThreshold=2),
    )
    workload = Workload(
        name=NAME,
        labels=LABELS,
        containers=(main,),
        service_account=NAME,
        replicas=2,
        grace_seconds=10,
        spread=True,
    )
    rules = [
        ("", "endpoints namespaces nodes pods secrets services", "get list watch"),
        ("", "services/status pods/status", "patch update"),
        ("", "events", "create patch"),
        ("discovery.k8s.io", "endpointslices", "get list watch"),
        ("networking.k8s.io", "ingresses ingressclasses ingresses/status", "get list watch patch update"),
    ]
    ports = [{"name": "webhook-server", "port": 443, "targetPort": "webhook-server"}]
    ingress_class = {"controller": "ingress.k8s.aws/alb"}
    facts = catalog.chart(NAME)
    return [
        *definitions(facts.crd_groups if facts else ()),
        service_account(NAME, labels=LABELS),
        *cluster_role(f"{NAME}-role", rules, NAME),
        service("aws-load-balancer-webhook-service", LABELS, ports),
        deployment(workload, installation),
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {"name": "alb"},
            "spec": ingress_class,
        },
    ]


LOAD_BALANCER_CONTROLLER = Component(NAME, objects)
