"""Services and the load balancers that the AWS Load Balancer Controller makes of them."""

from __future__ import annotations

from typing import Literal

from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import LoadBalancer, Network, Service, Workload
from wavetank.plan.reasons import Default
from wavetank.spec.services import Service as WrittenService

_CONTROLLER = "kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service"
_ANNOTATION = "service.beta.kubernetes.io/aws-load-balancer"
#: the class that this controller, and nothing else, takes care of
LOAD_BALANCER_CLASS = "service.k8s.aws/nlb"

INSIDE = Default("services.type", "the internet is a decision")
OWN_PORT = Default("services.targetPort", "the workload's own port, by name")
PORT_NAME = Default("services.portName", "it speaks HTTP, as far as anything was said")
INTERNAL = Default("services.scheme", "the internet is a decision", f"{_CONTROLLER}/annotations")
TO_PODS = Default("services.targetType", "straight to the pods, without a hop over another node", f"{_CONTROLLER}/nlb")
ALL_ZONES = Default(
    "services.crossZone", "pods are used evenly even when zones hold different numbers", f"{_CONTROLLER}/annotations"
)
HIDDEN_CLIENT = Default(
    "services.preserveClientIp", "AWS's own default for ip targets, written out", f"{_CONTROLLER}/annotations"
)
DRAINED = Default(
    "services.deregistrationDelaySeconds", "requests end in seconds; AWS's 300 would only slow down rollouts"
)
ASK_ROOT = Default("services.healthCheck", "nothing was said about how to ask the pods")
ANYBODY = Default("services.sourceRanges", "whoever the scheme lets in")

Scheme = Literal["internet-facing", "internal"]
TargetType = Literal["ip", "instance"]


def service(stated: WrittenService, workloads: tuple[Workload, ...], network: Network, ledger: Ledger) -> Service:
    """A Service in front of a workload of the plan."""
    path = f"services[{stated.name}]"
    ledger.stated(path, stated)
    workload = next(each for each in workloads if each.name == stated.workload)
    kind: Literal["ClusterIP", "LoadBalancer"] = ledger.chosen(f"{path}.type", stated.type, "ClusterIP", INSIDE)
    balancer = _load_balancer(stated, workload, network, ledger) if kind == "LoadBalancer" else None
    ledger.derived(
        f"{path}.selector", None, (f"workloads[{workload.name}].selectorLabels",), "the pods of its workload"
    )
    return Service(
        name=stated.name,
        namespace=ledger.derived(
            f"{path}.namespace", workload.namespace, (f"workloads[{workload.name}].namespace",), "that of its workload"
        ),
        type=kind,
        workload=ledger.stated(f"{path}.workload", workload.name),
        selector=workload.selector_labels,
        ports=_ports(stated, ledger),
        annotations=_annotations(stated, balancer, ledger),
        load_balancer_class=LOAD_BALANCER_CLASS if balancer else None,
        load_balancer_source_ranges=ledger.chosen(
            f"{path}.loadBalancerSourceRanges", stated.source_ranges, (), ANYBODY, f"{path}.sourceRanges"
        ),
        load_balancer=balancer,
    )


def _ports(stated: WrittenService, ledger: Ledger) -> tuple[Obj, ...]:
    holder = f"services[{stated.name}]"
    name = stated.port_name or "http"
    path = f"{holder}.ports[{name}]"
    return (
        {
            "name": ledger.chosen(f"{path}.name", stated.port_name, "http", PORT_NAME, f"{holder}.portName"),
            "port": ledger.stated(f"{path}.port", stated.port, f"{holder}.port"),
            "targetPort": ledger.chosen(
                f"{path}.targetPort", stated.target_port, "http", OWN_PORT, f"{holder}.targetPort"
            ),
            "protocol": ledger.because(f"{path}.protocol", "TCP", PORT_NAME),
        },
    )


def _load_balancer(stated: WrittenService, workload: Workload, network: Network, ledger: Ledger) -> LoadBalancer:
    holder = f"services[{stated.name}]"
    path = f"{holder}.loadBalancer"
    scheme: Scheme = ledger.chosen(f"{path}.scheme", stated.scheme, "internal", INTERNAL, f"{holder}.scheme")
    target: TargetType = ledger.chosen(f"{path}.targetType", stated.target_type, "ip", TO_PODS, f"{holder}.targetType")
    subnets = network.public_subnets if scheme == "internet-facing" else network.private_subnets
    names = tuple(subnet.name for subnet in subnets)
    return LoadBalancer(
        scheme=scheme,
        target_type=target,
        cross_zone=ledger.chosen(f"{path}.crossZone", stated.cross_zone, True, ALL_ZONES, f"{holder}.crossZone"),
        preserve_client_ip=ledger.chosen(
            f"{path}.preserveClientIp",
            stated.preserve_client_ip,
            target == "instance",
            HIDDEN_CLIENT,
            f"{holder}.preserveClientIp",
        ),
        subnets=ledger.derived(
            f"{path}.subnets", names, (f"{path}.scheme", "network.subnets"), f"an {scheme} load balancer"
        ),
        health_check_path=_health_check(stated, workload, ledger),
        deregistration_delay_seconds=ledger.chosen(
            f"{path}.deregistrationDelaySeconds",
            stated.deregistration_delay_seconds,
            30,
            DRAINED,
            f"{holder}.deregistrationDelaySeconds",
        ),
    )


def _health_check(stated: WrittenService, workload: Workload, ledger: Ledger) -> str:
    path = f"services[{stated.name}].loadBalancer.healthCheckPath"
    if stated.health_check is not None:
        return ledger.stated(path, stated.health_check, f"services[{stated.name}].healthCheck")
    main = workload.containers[0]
    asked = ((main.readiness_probe or {}).get("httpGet") or {}).get("path")
    if isinstance(asked, str):
        origin = f"workloads[{workload.name}].containers[{main.name}].readinessProbe"
        return ledger.derived(path, asked, (origin,), "what makes a pod ready makes it a target")
    return ledger.because(path, "/", ASK_ROOT)


def _annotations(stated: WrittenService, balancer: LoadBalancer | None, ledger: Ledger) -> dict[str, str]:
    path = f"services[{stated.name}].annotations"
    own = _controller_annotations(balancer) if balancer else {}
    for key, (value, field) in own.items():
        origin = f"services[{stated.name}].loadBalancer.{field}"
        ledger.derived(f"{path}[{key}]", value, (origin,), "how the AWS Load Balancer Controller is told")
    for key, text in (stated.annotations or {}).items():
        ledger.stated(f"{path}[{key}]", text)
    return {key: value for key, (value, _) in own.items()} | (stated.annotations or {})


def _controller_annotations(balancer: LoadBalancer) -> dict[str, tuple[str, str]]:
    """Annotation -> its value and the field of the load balancer behind it."""
    attributes = {
        "deregistration_delay.timeout_seconds": str(balancer.deregistration_delay_seconds),
        "preserve_client_ip.enabled": _word(balancer.preserve_client_ip),
    }
    target_group = ",".join(f"{key}={value}" for key, value in attributes.items())
    cross_zone = f"load_balancing.cross_zone.enabled={_word(balancer.cross_zone)}"
    return {
        f"{_ANNOTATION}-scheme": (balancer.scheme, "scheme"),
        f"{_ANNOTATION}-nlb-target-type": (balancer.target_type, "targetType"),
        f"{_ANNOTATION}-attributes": (cross_zone, "crossZone"),
        f"{_ANNOTATION}-target-group-attributes": (target_group, "deregistrationDelaySeconds"),
        f"{_ANNOTATION}-healthcheck-protocol": ("HTTP", "healthCheckPath"),
        f"{_ANNOTATION}-healthcheck-path": (balancer.health_check_path, "healthCheckPath"),
        f"{_ANNOTATION}-healthcheck-port": ("traffic-port", "healthCheckPath"),
    }


def _word(value: bool) -> str:
    return "true" if value else "false"
