"""GIT004: workloads in the namespace default, while policies, quotas and dashboards live elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity

#: kinds that guard or limit the pods of their namespace
GUARDS = ("NetworkPolicy", "ResourceQuota", "LimitRange", "AuthorizationPolicy", "PeerAuthentication")


def check(case: Case) -> Iterator[Mistake]:
    stated = [w for w in case.workloads if w.manifest.stated_namespace == "default"]
    # Without a word about the namespace it may come from `kubectl -n`: only files that name namespaces elsewhere tell.
    elsewhere = {
        m.stated_namespace for m in case.manifests if m.stated_namespace not in (None, "default", "kube-system")
    }
    unstated = [w for w in case.workloads if w.manifest.stated_namespace is None] if elsewhere else []
    for workload in (*stated, *unstated):
        guards = sorted({m.title for m in case.manifests.of_kind(*GUARDS) if m.namespace != "default"})
        where = f"; {guards[0]} and {len(guards) - 1} more guard other namespaces" if len(guards) > 1 else ""
        yield Mistake(
            at=workload.manifest.at("metadata", "namespace")
            if workload in stated
            else workload.manifest.at("metadata"),
            message=(
                f"{workload.title} lives in the namespace default, which everybody shares and which cannot be "
                "deleted; neither quota "
                f"nor Pod Security nor network policies of its own apply to it{where}"
            ),
            remedy="give the platform a namespace and state it in every object",
            numbers={"workloads": len(stated) + len(unstated), "guardsElsewhere": len(guards)},
        )


RULE = Rule(
    id="GIT004",
    severity=Severity.WARN,
    title="Workloads in the namespace default",
    source="kubernetes.io/docs/concepts/overview/working-with-objects/namespaces",
    check=check,
)
