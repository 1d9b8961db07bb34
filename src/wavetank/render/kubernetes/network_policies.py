"""20-network-policies.yaml: what may talk to what; before the workloads, so that no pod ever runs unprotected."""

from __future__ import annotations

from wavetank.plan.model import Namespace, NetworkPolicy, Plan
from wavetank.render.kubernetes.namespaces import inside
from wavetank.render.kubernetes.parts import manifest, metadata, of_workload
from wavetank.render.trace import Traced, tree

API_VERSION = "networking.k8s.io/v1"
DEFAULT_DENY = "default-deny"


def objects(plan: Plan) -> tuple[Traced, ...]:
    """The namespaces' default first, then the exceptions."""
    return (
        *(_default_deny(plan, namespace) for namespace in plan.namespaces if namespace.default_deny),
        *(_policy(plan, policy) for policy in plan.network_policies),
    )


def _default_deny(plan: Plan, namespace: Namespace) -> Traced:
    path = f"namespaces[{namespace.name}].defaultDeny"
    framed = inside(plan, namespace, path, DEFAULT_DENY).value | {"name": DEFAULT_DENY}
    types = Traced(list(namespace.default_deny), path)
    spec: dict[str, object] = {"podSelector": {}, "policyTypes": types}
    return manifest(API_VERSION, "NetworkPolicy", Traced(framed, path), path, spec=spec)


def _policy(plan: Plan, policy: NetworkPolicy) -> Traced:
    path = f"networkPolicies[{policy.name}]"
    labels = of_workload(plan, policy.workload) if policy.workload else {}
    framed = metadata(plan, path, policy.name, policy.namespace, labels=labels)
    return manifest(API_VERSION, "NetworkPolicy", framed, path, spec=tree(policy.spec, f"{path}.spec"))
