"""Services and the load balancers that the AWS Load Balancer Controller makes of them."""

from __future__ import annotations

from typing import Literal

from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import LoadBalancer, Network, Service, Workload
from wavetank.plan.namespaces import only_namespace
from wavetank.plan.reasons import Default
from wavetank.spec.platform import PlatformFile
from wavetank.spec.services import Service as WrittenService
from wavetank.spec.services import ServicePort

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

NO_ADDRESS = Default("services.headless", "an address of its own, which stays while pods come and go")
READY_ONLY = Default("services.publishNotReadyAddresses", "pods are found once they are ready")
ANY_POD = Default("services.sessionAffinity", "every request goes to any pod")
KUBERNETES = Default("services.ports", "Kubernetes' own value, written out")
AN_ALIAS = Default("services.externalName", "it stands for pods")

Scheme = Literal["internet-facing", "internal"]
TargetType = Literal["ip", "instance"]


def services(
    written: PlatformFile, workloads: tuple[Workload, ...], network: Network, ledger: Ledger
) -> tuple[Service, ...]:
    """The author's Services, and a headless one for each StatefulSet that has none."""
    stated = tuple(service(each, written, workloads, network, ledger) for each in written.services or ())
    names = {each.name for each in stated}
    missing = (each for each in workloads if each.stateful and each.stateful.service_name not in names)
    return (*stated, *(_headless(each, ledger) for each in missing))


def _headless(workload: Workload, ledger: Ledger) -> Service:
    """The Service that gives the pods of a StatefulSet their names."""
    assert workload.stateful is not None, "only StatefulSets need a headless Service"
    name, path = workload.stateful.service_name, f"services[{workload.stateful.service_name}]"
    how = "a StatefulSet's pods get their names from a headless Service"
    ledger.derived(path, None, (f"workloads[{workload.name}].kind",), how)
    ports = tuple(
        {"name": port.get("name", f"port-{port['containerPort']}"), "port": port["containerPort"],
         "targetPort": port.get("name", port["containerPort"]), "protocol": port["protocol"]}
        for port in workload.containers[0].ports
    )  # fmt: skip
    return Service(
        name=name,
        namespace=workload.namespace,
        type="ClusterIP",
        workload=workload.name,
        selector=workload.selector_labels,
        ports=ports,
        annotations={},
        headless=True,
        publish_not_ready_addresses=True,
        client_affinity_seconds=None,
        external_name=None,
        load_balancer_class=None,
        load_balancer_source_ranges=(),
        load_balancer=None,
    )


def _alias(stated: WrittenService, written: PlatformFile, ledger: Ledger) -> Service:
    """A name of the cluster for something outside."""
    path = f"services[{stated.name}]"
    for key in ("headless", "type", "ports", "loadBalancer"):
        ledger.because(f"{path}.{key}", None, AN_ALIAS)
    place = only_namespace(written)
    if stated.namespace is not None:
        ledger.stated(f"{path}.namespace", stated.namespace)
    else:
        ledger.derived(f"{path}.namespace", place, (f"namespaces[{place}]",), "the only namespace of the platform")
    return Service(
        name=stated.name,
        namespace=stated.namespace or place,
        type="ExternalName",
        workload=None,
        selector={},
        ports=(),
        annotations=_annotations(stated, None, ledger),
        headless=False,
        publish_not_ready_addresses=False,
        client_affinity_seconds=None,
        external_name=ledger.stated(f"{path}.externalName", stated.external_name),
        load_balancer_class=None,
        load_balancer_source_ranges=(),
        load_balancer=None,
    )


def service(
    stated: WrittenService,
    written: PlatformFile,
    workloads: tuple[Workload, ...],
    network: Network,
    ledger: Ledger,
) -> Service:
    """A Service in front of a workload of the plan, or an alias for a name outside."""
    path = f"services[{stated.name}]"
    ledger.stated(path, stated)
    if stated.external_name is not None:
        return _alias(stated, written, ledger)
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
        ports=_ports(stated, workload, ledger),
        annotations=_annotations(stated, balancer, ledger),
        headless=ledger.chosen(f"{path}.headless", stated.headless, False, NO_ADDRESS),
        publish_not_ready_addresses=ledger.chosen(
            f"{path}.publishNotReadyAddresses", stated.publish_not_ready_addresses, False, READY_ONLY
        ),
        client_affinity_seconds=_client_affinity(stated, ledger),
        external_name=ledger.because(f"{path}.externalName", None, AN_ALIAS),
        load_balancer_class=LOAD_BALANCER_CLASS if balancer else None,
        load_balancer_source_ranges=ledger.chosen(
            f"{path}.loadBalancerSourceRanges", stated.source_ranges, (), ANYBODY, f"{path}.sourceRanges"
        ),
        load_balancer=balancer,
    )


def _client_affinity(stated: WrittenService, ledger: Ledger) -> int | None:
    path = f"services[{stated.name}].clientAffinitySeconds"
    if stated.session_affinity != "ClientIP":
        return ledger.because(path, None, ANY_POD)
    at = f"services[{stated.name}].sessionAffinitySeconds"
    return ledger.chosen(path, stated.session_affinity_seconds, 10800, KUBERNETES, at)


def _ports(stated: WrittenService, workload: Workload, ledger: Ledger) -> tuple[Obj, ...]:
    if stated.ports:
        return _several_ports(stated, stated.ports, workload, ledger)
    if stated.port is None:
        return ()
    return _one_port(stated, stated.port, ledger)


def _several_ports(
    stated: WrittenService, ports: tuple[ServicePort, ...], workload: Workload, ledger: Ledger
) -> tuple[Obj, ...]:
    holder = f"services[{stated.name}].ports"
    named = {
        port["containerPort"]: port["name"] for each in workload.containers for port in each.ports if "name" in port
    }
    written = []
    for index, each in enumerate(ports):
        target = each.target_port or each.port
        name = each.name or str(named.get(target, target if isinstance(target, str) else f"port-{each.port}"))
        path, at = f"{holder}[{name}]", f"{holder}[{index if each.name is None else name}]"
        ledger.stated(path, each, at if ledger.is_written(at) else holder)
        for key in ("name", "targetPort", "protocol"):
            ledger.chosen(f"{path}.{key}", getattr(each, _FIELDS[key]), None, KUBERNETES, f"{at}.{key}")
        port: Obj = {"name": name, "port": each.port, "targetPort": target, "protocol": each.protocol or "TCP"}
        port |= {"appProtocol": each.app_protocol} if each.app_protocol else {}
        written.append(port | ({"nodePort": each.node_port} if each.node_port else {}))
    return tuple(written)


_FIELDS = {"name": "name", "targetPort": "target_port", "protocol": "protocol"}


def _one_port(stated: WrittenService, number: int, ledger: Ledger) -> tuple[Obj, ...]:
    holder = f"services[{stated.name}]"
    name = stated.port_name or "http"
    path = f"{holder}.ports[{name}]"
    return (
        {
            "name": ledger.chosen(f"{path}.name", stated.port_name, "http", PORT_NAME, f"{holder}.portName"),
            "port": ledger.stated(f"{path}.port", number, f"{holder}.port"),
            "targetPort": ledger.chosen(
                f"{path}.targetPort", stated.target_port, "http", OWN_PORT, f"{holder}.targetPort"
            ),
            "protocol": ledger.because(f"{path}.protocol", "TCP", PORT_NAME),
        }
        | _app_protocol(stated, path, ledger),
    )


def _app_protocol(stated: WrittenService, path: str, ledger: Ledger) -> Obj:
    if stated.app_protocol is None:
        return {}
    at = f"services[{stated.name}].appProtocol"
    return {"appProtocol": ledger.stated(f"{path}.appProtocol", stated.app_protocol, at)}


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
