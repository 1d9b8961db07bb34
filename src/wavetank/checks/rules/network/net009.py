"""NET009: two ways in from the internet to one workload."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.entrances import Balancer, backends, balancers
from wavetank.checks.manifests import Manifest, items
from wavetank.checks.model import Mistake, Rule, Severity


def check(case: Case) -> Iterator[Mistake]:
    public = [b for b in balancers(case) if b.public]
    for workload in case.workloads:
        services = {service.name for service in case.services_of(workload)}
        mine = [b for b in public if b.manifest.namespace == workload.namespace and services & _services_behind(b)]
        kinds = {b.type for b in mine}
        if len(mine) > 1 and kinds == {"nlb", "alb"}:
            network = next(b.manifest for b in mine if b.type == "nlb")
            ingress = next(b.manifest for b in mine if b.type == "alb")
            yield _mistake(workload.name, network, ingress)


def _services_behind(balancer: Balancer) -> set[str]:
    if balancer.type == "nlb":
        return {balancer.manifest.name}
    return {name for name, _ in backends(balancer.manifest)}


def _mistake(workload: str, network: Manifest, ingress: Manifest) -> Mistake:
    ports = [int(p["port"]) for p in items(network.spec.get("ports")) if isinstance(p.get("port"), int)]
    without = " without TLS" if 80 in ports else ""
    return Mistake(
        at=network.at("spec"),
        message=(
            f"{workload} is reached from the internet through 2 load balancers: Ingress {ingress.name} and "
            f"Service {network.name} "
            f"on port {', '.join(map(str, ports))}{without}; both are paid, and the second goes round the rules of the first"
        ),
        remedy=f"make Service {network.name} a ClusterIP (or internal) and let the Ingress be the only way in",
        numbers={"loadBalancers": 2, "ports": ", ".join(map(str, ports))},
        about=(ingress.title,),
    )


RULE = Rule(
    id="NET009",
    severity=Severity.WARN,
    title="Two public load balancers in front of one workload",
    source="AWS Load Balancer Controller: each Service and each Ingress group is a load balancer of its own",
    check=check,
)
