"""The load balancers that a plan leads to: of Services, of ingresses, of charts whose own Service makes one, of functions.

Read by the meters of load balancers, addresses and WAF.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from wavetank.plan.model import HelmRelease, Ingress, Plan

#: charts that bring a Service of type LoadBalancer, with the keys in their values under which that Service is described
SERVICE_KEYS = {"nginx-ingress": ("controller", "service"), "gateway": ("service",)}
_ANNOTATION = "service.beta.kubernetes.io/aws-load-balancer-scheme"


@dataclass(frozen=True)
class Balancer:
    name: str
    kind: Literal["alb", "nlb"]
    internet_facing: bool
    #: subnets it stands in
    zones: int
    path: str
    #: rules of its listeners; an ALB evaluates them
    rules: int = 0
    #: the only workload behind it; "" when there are several
    workload: str = ""
    #: a web ACL stands before it
    web_acl: str = ""


def balancers(plan: Plan) -> list[Balancer]:
    """Every load balancer of the plan; ingresses of one group share one."""
    return [*_of_services(plan), *_of_ingresses(plan), *_of_charts(plan), *_of_functions(plan)]


def _of_services(plan: Plan) -> Iterator[Balancer]:
    for service in plan.services:
        if service.load_balancer is not None:
            public = service.load_balancer.scheme == "internet-facing"
            zones = len(service.load_balancer.subnets)
            path = f"services[{service.name}]"
            yield Balancer(service.name, "nlb", public, zones, path, workload=service.workload or "")


def _of_ingresses(plan: Plan) -> Iterator[Balancer]:
    shared: dict[str, list[Ingress]] = {}
    for ingress in plan.ingresses:
        if ingress.ingress_class == "alb":
            shared.setdefault(ingress.group or f"{ingress.namespace}/{ingress.name}", []).append(ingress)
    for ingresses in shared.values():
        first = ingresses[0]
        acls = [acl for each in ingresses if (acl := each.annotations.get("alb.ingress.kubernetes.io/wafv2-acl-arn"))]
        yield Balancer(
            name=first.group or first.name,
            kind="alb",
            internet_facing=any(each.scheme == "internet-facing" for each in ingresses),
            zones=len(plan.network.zones),
            path=f"ingresses[{first.name}]",
            rules=sum(_rules(each) for each in ingresses),
            workload=_only_workload(plan, ingresses),
            web_acl=acls[0] if acls else "",
        )


def _rules(ingress: Ingress) -> int:
    """One for each path of each host, and one that redirects to TLS."""
    redirect = 1 if ingress.tls is not None and ingress.tls.redirect else 0
    return sum(len(host.paths) for host in ingress.hosts) + redirect


def _only_workload(plan: Plan, ingresses: list[Ingress]) -> str:
    names = {path.service for ingress in ingresses for host in ingress.hosts for path in host.paths}
    workloads = {service.workload for service in plan.services if service.name in names}
    return (workloads.pop() or "") if len(workloads) == 1 else ""


def _of_charts(plan: Plan) -> Iterator[Balancer]:
    for release in plan.helm_releases:
        keys = SERVICE_KEYS.get(release.chart.rsplit("/", 1)[-1])
        if keys is None:
            continue
        service = _service(release, keys)
        if service.get("create") is False or service.get("type", "LoadBalancer") != "LoadBalancer":
            continue
        public = (service.get("annotations") or {}).get(_ANNOTATION) == "internet-facing"
        yield Balancer(release.name, "nlb", public, len(plan.network.zones), f"helmReleases[{release.name}]")


def _service(release: HelmRelease, keys: tuple[str, ...]) -> dict[str, Any]:
    found: Any = release.values
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _of_functions(plan: Plan) -> Iterator[Balancer]:
    """The internal one through which functions reach Services of the cluster."""
    if plan.serverless is not None and plan.serverless.entrances:
        yield Balancer("functions' way into the cluster", "nlb", False, len(plan.network.zones), "serverless")
