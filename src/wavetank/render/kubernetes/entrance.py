"""42-entrance.yaml: what makes Services reachable for functions and APIs: bindings of target groups, and leave to connect.

The target groups are Terraform's (entrance.tf) and are named, not addressed: their ARNs are known only after an apply.
"""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import Entrance, Plan, Service
from wavetank.render.kubernetes.parts import manifest, metadata
from wavetank.render.trace import Traced


def objects(plan: Plan) -> tuple[Traced, ...]:
    """A TargetGroupBinding for each Service, and a network policy where its pods are guarded by one."""
    entrances = plan.serverless.entrances if plan.serverless else ()
    return tuple(item for each in entrances for item in _of(plan, each))


def _of(plan: Plan, each: Entrance) -> Iterator[Traced]:
    service = next(found for found in plan.services if found.name == each.service)
    yield _binding(plan, each)
    if _is_guarded(plan, service):
        yield _policy(plan, each, service)


def _binding(plan: Plan, each: Entrance) -> Traced:
    path = f"serverless.entrances[{each.service}]"
    spec = {
        "serviceRef": {
            "name": Traced(each.service, f"{path}.service"),
            "port": Traced(each.service_port, f"{path}.servicePort"),
        },
        "targetGroupName": Traced(each.target_group, f"{path}.targetGroup"),
        "targetType": "ip",
    }
    named = metadata(plan, path, each.service, each.namespace)
    named = Traced({**named.value, "name": Traced(each.target_group, f"{path}.targetGroup")}, path)
    return manifest("elbv2.k8s.aws/v1beta1", "TargetGroupBinding", named, path, spec=spec)


def _is_guarded(plan: Plan, service: Service) -> bool:
    """Whether something denies the pods what nobody allows."""
    denied = any(each.name == service.namespace and "Ingress" in each.default_deny for each in plan.namespaces)
    policies = (each.spec for each in plan.network_policies if each.workload == service.workload)
    return denied or any("Ingress" in spec.get("policyTypes", ()) for spec in policies)


def _policy(plan: Plan, each: Entrance, service: Service) -> Traced:
    """The load balancer's addresses are in the private subnets: it does not pass on those of its clients."""
    path = f"serverless.entrances[{each.service}]"
    blocks = [
        {"ipBlock": {"cidr": Traced(subnet.cidr, f"network.subnets[{subnet.name}].cidr")}}
        for subnet in plan.network.private_subnets
    ]
    port = {"protocol": "TCP", "port": Traced(each.target_port, f"{path}.targetPort")}
    spec = {
        "podSelector": {"matchLabels": Traced(dict(service.selector), f"services[{service.name}].selector")},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": blocks, "ports": [port]}],
    }
    named = metadata(plan, path, each.service, each.namespace)
    named = Traced({**named.value, "name": Traced(f"{each.service}-from-entrance", f"{path}.service")}, path)
    return manifest("networking.k8s.io/v1", "NetworkPolicy", named, path, spec=spec)
