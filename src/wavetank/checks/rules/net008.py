"""NET008: a network policy that drops what the load balancer sends.

With IP targets packets reach the pod from the load balancer's own addresses (or from the client's, when they are preserved):
no pod and no namespace has them, so only an ``ipBlock`` can allow them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, ip_network

from wavetank.checks.model import Case, Mistake, Rule, Severity
from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj
from wavetank.plan.model import LoadBalancer, Namespace, NetworkPolicy, Plan, Service, Workload

ANYWHERE = "0.0.0.0/0"


def check(case: Case) -> Iterator[Mistake]:
    for service in case.plan.services:
        balancer = service.load_balancer
        if balancer is not None and balancer.target_type == "ip":
            yield from _service(case.plan, service, balancer)


def _service(plan: Plan, service: Service, balancer: LoadBalancer) -> Iterator[Mistake]:
    workload = next(w for w in plan.workloads if w.name == service.workload)
    policies = [p for p in plan.network_policies if _restricts(p, workload)]
    if not policies and not _denied_by_default(plan, workload):
        return
    for port in service.ports:
        missing = [s for s in _sources(plan, service, balancer) if not _allowed(policies, workload, port, s)]
        if missing:
            yield _mistake(service, policies, port, balancer, missing)
            return


def _restricts(policy: NetworkPolicy, workload: Workload) -> bool:
    selector = LabelSelector.from_object(policy.spec.get("podSelector", {}))
    types = policy.spec.get("policyTypes", ["Ingress"])
    return policy.namespace == workload.namespace and "Ingress" in types and selector.matches(dict(workload.labels))


def _denied_by_default(plan: Plan, workload: Workload) -> bool:
    namespace: Namespace = next(n for n in plan.namespaces if n.name == workload.namespace)
    return "Ingress" in namespace.default_deny


def _sources(plan: Plan, service: Service, balancer: LoadBalancer) -> list[IPv4Network]:
    """Where packets to the pod come from: health checks always from the balancer's subnets, requests perhaps from clients."""
    subnets = [IPv4Network(subnet.cidr) for subnet in plan.network.subnets if subnet.name in balancer.subnets]
    clients = [IPv4Network(cidr) for cidr in service.load_balancer_source_ranges or (ANYWHERE,)]
    return subnets + (clients if balancer.preserve_client_ip else [])


def _allowed(policies: Iterable[NetworkPolicy], workload: Workload, port: Obj, source: IPv4Network) -> bool:
    rules = [rule for policy in policies for rule in policy.spec.get("ingress") or []]
    return any(_port_matches(rule, workload, port) and _from_matches(rule, source) for rule in rules)


def _port_matches(rule: Obj, workload: Workload, port: Obj) -> bool:
    ports = rule.get("ports") or []
    target = _number(workload, (port.get("targetPort") or port["port"]))
    return not ports or any(_covers(entry, workload, target) for entry in ports)


def _covers(entry: Obj, workload: Workload, target: int | None) -> bool:
    if "port" not in entry:
        return True
    first = _number(workload, entry["port"])
    if first is None or target is None:
        return False
    return first <= target <= int(entry.get("endPort", first))


def _number(workload: Workload, port: int | str) -> int | None:
    """A container port by number or name."""
    if isinstance(port, int):
        return port
    named = (p for container in workload.containers for p in container.ports if p.get("name") == port)
    return next((int(p["containerPort"]) for p in named), None)


def _from_matches(rule: Obj, source: IPv4Network) -> bool:
    peers = rule.get("from") or []
    return not peers or any(_block_covers(peer["ipBlock"], source) for peer in peers if "ipBlock" in peer)


def _block_covers(block: Obj, source: IPv4Network) -> bool:
    cidr = ip_network(block["cidr"], strict=False)
    if not isinstance(cidr, IPv4Network) or not source.subnet_of(cidr):
        return False
    return not any(ip_network(hole, strict=False).overlaps(source) for hole in block.get("except", []))


def _mistake(
    service: Service, policies: list[NetworkPolicy], port: Obj, balancer: LoadBalancer, missing: list[IPv4Network]
) -> Mistake:
    blocks = ", ".join(map(str, missing))
    names = ", ".join(policy.name for policy in policies) or "the namespace's default deny"
    kept = " and the client's addresses" if balancer.preserve_client_ip else ""
    return Mistake(
        path=f"networkPolicies[{policies[0].name}]" if policies else f"services[{service.name}]",
        message=(
            f"load balancer {service.name} sends to pod addresses from its own subnets{kept}, but {names} admits no "
            f"ipBlock with {blocks} on port {port.get('targetPort', port['port'])}: its traffic and health checks are dropped"
        ),
        remedy=f"add an ingress rule with ipBlock {blocks} (a podSelector or namespaceSelector never matches a load balancer)",
        numbers={"missing": blocks, "service": service.name},
    )


RULE = Rule(
    id="NET008",
    severity=Severity.ERROR,
    title="The network policy drops the load balancer's traffic",
    source="AWS Load Balancer Controller, target-type ip; Kubernetes NetworkPolicy peers",
    check=check,
)
