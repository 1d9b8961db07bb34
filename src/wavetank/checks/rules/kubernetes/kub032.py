"""KUB032: a namespace in which every pod may talk to every other."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import SYSTEM_NAMESPACES, is_hook
from wavetank.checks.workloads import Workload

POLICIES = ("NetworkPolicy", "CiliumNetworkPolicy", "GlobalNetworkPolicy", "AuthorizationPolicy")
CLUSTER_POLICIES = ("CiliumClusterwideNetworkPolicy", "GlobalNetworkPolicy")


def check(case: Case) -> Iterator[Mistake]:
    if case.manifests.of_kind(*CLUSTER_POLICIES):
        return
    for namespace in dict.fromkeys(workload.namespace for workload in case.workloads):
        workloads = [w for w in case.workloads_in(namespace) if not is_hook(w)]
        guarded = any(case.manifests.in_namespace(kind, namespace) for kind in POLICIES)
        if workloads and not guarded and namespace not in SYSTEM_NAMESPACES:
            yield _mistake(namespace, workloads)


def _mistake(namespace: str, workloads: list[Workload]) -> Mistake:
    return Mistake(
        at=workloads[0].at("metadata"),
        message=(
            f"no NetworkPolicy among the files restricts any of the {len(workloads)} workloads of namespace {namespace}: whoever "
            "gets into one pod of the cluster reaches all of them"
        ),
        remedy="deny by default in the namespace, and allow the connections that are needed (and DNS)",
        numbers={"workloads": len(workloads), "policies": 0},
        about=(f"Namespace {namespace}",),
    )


RULE = Rule(
    id="KUB032",
    severity=Severity.INFO,
    title="Every pod may talk to every other",
    source="kubernetes.io/docs/concepts/services-networking/network-policies",
    check=check,
)
