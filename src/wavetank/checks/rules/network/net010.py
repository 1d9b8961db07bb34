"""NET010: a Service of type LoadBalancer that the wrong controller, or none, takes care of."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.entrances import is_network_balancer
from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Mistake, Rule, Severity

CONTROLLER = "aws-load-balancer-controller"
_ANNOTATIONS = "service.beta.kubernetes.io/aws-load-balancer"


def check(case: Case) -> Iterator[Mistake]:
    controller = case.components.installs(CONTROLLER)
    cluster = case.aws.cluster
    if cluster is not None and cluster.auto_mode is not False:
        return
    for service in case.manifests.of_kind("Service", group=""):
        if service.spec.get("type") != "LoadBalancer":
            continue
        if is_network_balancer(service):
            if controller is False:
                yield _nobody(service)
        elif not service.spec.get("loadBalancerClass") and controller is not True:
            is_network = service.annotations.get(f"{_ANNOTATIONS}-type") == "nlb"
            yield _by_instance(service) if is_network else _legacy(case, service)


def _nobody(service: Manifest) -> Mistake:
    return Mistake(
        at=service.at("spec", "type"),
        message=(
            f"Service {service.name} is for the AWS Load Balancer Controller, but 0 of the installed components are it: the "
            "load balancer is never made, and the Service stays <pending>"
        ),
        remedy=f"install the chart {CONTROLLER} with its IAM role",
        numbers={"controllers": 0, "type": "LoadBalancer"},
    )


def _by_instance(service: Manifest) -> Mistake:
    return Mistake(
        at=service.at("spec", "type"),
        message=(
            f"Service {service.name} has aws-load-balancer-type: nlb: without the AWS Load Balancer Controller the legacy code "
            "makes a network load balancer that sends to 1 port of every node, never to pods, and gets security fixes only"
        ),
        remedy="set loadBalancerClass: service.k8s.aws/nlb and install the AWS Load Balancer Controller",
        numbers={"type": "nlb", "class": "none"},
        severity=Severity.WARN,
    )


def _legacy(case: Case, service: Manifest) -> Mistake:
    on_aws = case.aws.cluster is not None or any(key.startswith(_ANNOTATIONS) for key in service.annotations)
    named = [key for key in service.annotations if key.startswith(_ANNOTATIONS)]
    return Mistake(
        at=service.at("spec", "type"),
        message=(
            f"Service {service.name} is of type LoadBalancer with neither loadBalancerClass nor aws-load-balancer-type: "
            "external "
            f"({len(named)} annotations for AWS): on EKS the legacy code makes a Classic Load Balancer of it, "
            "which is deprecated, "
            "and ignores what only the controller understands (ip targets, health checks)"
        ),
        remedy="set loadBalancerClass: service.k8s.aws/nlb and install the AWS Load Balancer Controller",
        numbers={"annotations": len(named), "class": "none"},
        # On a cluster that nobody says is EKS this is a service like any other.
        severity=None if on_aws else Severity.INFO,
    )


RULE = Rule(
    id="NET010",
    severity=Severity.ERROR,
    title="A LoadBalancer Service without the controller that makes network load balancers",
    source="AWS Load Balancer Controller guide, Network Load Balancer; Kubernetes cloud-provider-aws",
    check=check,
)
