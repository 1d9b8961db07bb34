"""NET008: a network policy that drops what the load balancer sends.

With IP targets packets reach the pod from the load balancer's own addresses (or from the client's, when they are preserved):
no pod and no namespace has them, so only an ``ipBlock`` can allow them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network

from wavetank.checks.case import Case
from wavetank.checks.entrances import Balancer, backends, balancers, own_addresses
from wavetank.checks.manifests import Manifest, items
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.policies import Address, Port, allows, container_port
from wavetank.checks.workloads import Workload


def check(case: Case) -> Iterator[Mistake]:
    for balancer in balancers(case):
        if balancer.to_pods:
            for service in _services(case, balancer):
                yield from _service(case, balancer, service)


def _services(case: Case, balancer: Balancer) -> Sequence[Manifest]:
    if balancer.type == "nlb":
        return [balancer.manifest]
    names = {name for name, _ in backends(balancer.manifest)}
    return [s for s in case.manifests.in_namespace("Service", balancer.manifest.namespace) if s.name in names]


def _service(case: Case, balancer: Balancer, service: Manifest) -> Iterator[Mistake]:
    for workload in case.workloads_of(service):
        policies = case.policies_of(workload, "Ingress")
        if not policies:
            continue
        for stated in items(service.spec.get("ports")):
            port = container_port(workload, stated.get("targetPort", stated.get("port")))
            missing = [s for s in _sources(case, balancer) if not allows(policies, "Ingress", Address(s), port)]
            if missing and port.number is not None:
                yield _mistake(balancer, workload, policies, port, missing)
                return


def _sources(case: Case, balancer: Balancer) -> list[IPv4Network]:
    """Where packets to the pod come from: health checks always from the balancer's subnets, requests perhaps from clients."""
    subnets = own_addresses(case, balancer)
    # Where the subnets are not known, a policy with any block that is wide enough for one is given the benefit of the doubt.
    found = list(subnets) if subnets is not None else []
    clients = [IPv4Network(cidr, strict=False) for cidr in balancer.client_cidrs if ":" not in cidr]
    return found + (clients if balancer.preserves_clients else [])


def _mistake(
    balancer: Balancer, workload: Workload, policies: Sequence[Manifest], port: Port, missing: list[IPv4Network]
) -> Mistake:
    blocks = ", ".join(map(str, missing))
    names = ", ".join(policy.name for policy in policies)
    kept = " and the client's addresses" if balancer.preserves_clients else ""
    return Mistake(
        at=_narrowest(policies).at("spec"),
        message=(
            f"load balancer {balancer.manifest.name} sends to pod addresses of {workload.name} from its own subnets{kept}, but "
            f"{names} admits no ipBlock with {blocks} on port {port.number}: its traffic and health checks are dropped"
        ),
        remedy=f"add an ingress rule with ipBlock {blocks} (a podSelector or namespaceSelector never matches a load balancer)",
        numbers={"missing": blocks, "port": str(port.number), "service": balancer.manifest.name},
        about=(workload.title, balancer.manifest.title),
    )


def _narrowest(policies: Sequence[Manifest]) -> Manifest:
    """The policy to mend: one that is about these pods rather than about the whole namespace."""
    return next((p for p in policies if p.spec.get("podSelector")), policies[0])


RULE = Rule(
    id="NET008",
    severity=Severity.ERROR,
    title="The network policy drops the load balancer's traffic",
    source="AWS Load Balancer Controller, target-type ip; Kubernetes NetworkPolicy peers",
    check=check,
)
