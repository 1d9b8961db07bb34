"""Charts that the way in, the mesh and deliveries need, and what those must be told about the platform.

Called by the planner, which installs what the author did not list himself.
"""

from __future__ import annotations

from collections.abc import Iterator

from wavetank import catalog
from wavetank.kube.types import Obj
from wavetank.plan.mesh import TRACING_PROVIDER
from wavetank.plan.mesh_traffic import gateway_release, pods_of_gateway
from wavetank.plan.model.components import Component
from wavetank.spec.platform import PlatformFile

_NLB = "service.beta.kubernetes.io/aws-load-balancer"
_DNS = "external-dns.alpha.kubernetes.io/hostname"


def _network_load_balancer(scheme: str, health_port: str, health_path: str) -> dict[str, str]:
    """Annotations of a Service: straight to the pods, which see the client's own address; rate limits count by it."""
    return {
        f"{_NLB}-type": "external",
        f"{_NLB}-nlb-target-type": "ip",
        f"{_NLB}-scheme": scheme,
        f"{_NLB}-attributes": "load_balancing.cross_zone.enabled=true",
        f"{_NLB}-target-group-attributes": "preserve_client_ip.enabled=true,deregistration_delay.timeout_seconds=30",
        f"{_NLB}-healthcheck-protocol": "HTTP",
        f"{_NLB}-healthcheck-port": health_port,
        f"{_NLB}-healthcheck-path": health_path,
    }


def nginx_values(written: PlatformFile) -> Obj:
    """F5's chart nginx-ingress: one network load balancer for all ingresses of class nginx."""
    ours = [each for each in written.ingresses or () if each.class_ == "nginx"]
    scheme = next((each.scheme for each in ours if each.scheme is not None), "internal")
    ranges = next((each.source_ranges for each in ours if each.source_ranges is not None), ())
    service: Obj = {
        "type": "LoadBalancer",
        "externalTrafficPolicy": "Local",
        "annotations": _network_load_balancer(scheme, "8081", "/nginx-ready"),
    }
    if ranges:
        service["loadBalancerSourceRanges"] = list(ranges)
    return {
        "controller": {
            "ingressClass": {"name": "nginx", "create": True, "setAsDefaultIngress": False},
            "service": service,
            "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
            "telemetryReporting": {"enable": False},
        }
    }


def istiod_values(written: PlatformFile) -> Obj:
    """istiod: proxies as native sidecars, redirection by the CNI plugin.

    Both keep Pod Security `restricted`: the init container that would set up iptables needs NET_ADMIN, which it forbids.
    """
    stated = written.mesh
    values: Obj = {"pilot": {"cni": {"enabled": True}, "env": {"ENABLE_NATIVE_SIDECARS": "true"}}}
    if stated is not None and stated.revision is not None:
        values["revision"] = stated.revision
    tracing = stated.telemetry.tracing if stated is not None and stated.telemetry is not None else None
    if tracing is not None:
        collector = {"service": tracing.service, "port": tracing.port or catalog.component_port("otlpGrpc")}
        provider = {"name": TRACING_PROVIDER, "opentelemetry": collector}
        values["meshConfig"] = {"enableTracing": True, "extensionProviders": [provider]}
    return values


def gateway_values(written: PlatformFile) -> Obj:
    """The proxies at the edge: a network load balancer, names for external-dns, and what `restricted` asks for."""
    edges = (written.mesh.gateways if written.mesh is not None else None) or ()
    hosts = sorted({host for edge in edges for host in edge.hosts or () if host != "*"})
    scheme = next((edge.scheme for edge in edges if edge.scheme is not None), "internal")
    annotations = _network_load_balancer(scheme, str(catalog.component_port("istioGatewayHealth")), "/healthz/ready")
    if hosts:
        annotations[_DNS] = ",".join(hosts)
    values: Obj = {
        "service": {"type": "LoadBalancer", "annotations": annotations},
        "securityContext": {
            "seccompProfile": {"type": "RuntimeDefault"},
            "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}],
        },
        "podDisruptionBudget": {"maxUnavailable": 1},
    }
    if edges:
        values["labels"] = pods_of_gateway(gateway_release(edges[0], written)[0])
    return values


# --- the charts themselves --------------------------------------------------------------------------------------------

_BALANCERS = "aws-load-balancer-controller"


def edge_components(written: PlatformFile) -> tuple[Component, ...]:
    """The charts that ingresses, issuers, the mesh and Rollouts need, with their values."""
    return _distinct((*_of_ingresses(written), *_of_mesh(written), *_of_rollouts(written)))


def _of_ingresses(written: PlatformFile) -> Iterator[Component]:
    classes = {each.class_ for each in written.ingresses or ()}
    if classes:
        yield Component(_BALANCERS, ("ingresses",), "it makes the load balancers of ingresses")
    if "nginx" in classes:
        yield Component("nginx-ingress", ("ingresses",), "the controller of class nginx", nginx_values(written))
    if written.certificate_issuers:
        yield Component("cert-manager", ("certificateIssuers",), "it makes and renews certificates")


def _of_mesh(written: PlatformFile) -> Iterator[Component]:
    if written.mesh is None:
        return
    yield Component("base", ("mesh",), "the kinds of Istio")
    yield Component("istiod", ("mesh",), "the control plane of the mesh", istiod_values(written))
    yield Component("cni", ("mesh",), "pods of the mesh need no privileges to redirect their traffic")
    if written.mesh.gateways:
        yield Component("gateway", ("mesh.gateways",), "the proxies at the edge", gateway_values(written))
        yield Component(_BALANCERS, ("mesh.gateways",), "it makes the load balancer of the gateway")


def needs_its_policy(chart: str, written: PlatformFile) -> bool:
    """Whether a chart needs the IAM policy that the catalog has for it: cert-manager only where it proves names by DNS."""
    issuers = written.certificate_issuers or ()
    return chart != "cert-manager" or not issuers or any(each.solver == "dns01" for each in issuers)


def _of_rollouts(written: PlatformFile) -> Iterator[Component]:
    if any(each.kind == "Rollout" for each in written.workloads or ()):
        yield Component("argo-rollouts", ("workloads",), "the controller of Rollouts")


def _distinct(components: tuple[Component, ...]) -> tuple[Component, ...]:
    """The first of each chart."""
    return tuple({each.chart: each for each in reversed(components)}.values())[::-1]
