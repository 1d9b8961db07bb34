"""KUB006: containers that may run as root."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import whole
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import every_container, is_system, is_windows, judged, names, security
from wavetank.checks.workloads import Container


def check(case: Case) -> Iterator[Mistake]:
    for workload in judged(case):
        if is_windows(workload) or workload.spec.get("hostUsers") is False:
            continue
        roots = [c for c in every_container(workload) if may_be_root(c)]
        if roots:
            yield Mistake(
                at=roots[0].at("securityContext"),
                message=(
                    f"{len(roots)} containers of {workload.title} ({names(roots)}) may run as root: neither runAsNonRoot nor a "
                    "runAsUser other than 0 keeps them from it, and root in a container is root on the node for who breaks out"
                ),
                remedy="set securityContext.runAsNonRoot: true and a runAsUser that the image's files allow",
                numbers={"mayBeRoot": len(roots), "containers": len(every_container(workload))},
                severity=Severity.INFO if is_system(workload) else None,
            )


def may_be_root(container: Container) -> bool:
    settings = security(container)
    user = whole(settings.get("runAsUser"))
    return user == 0 or (user is None and settings.get("runAsNonRoot") is not True)


RULE = Rule(
    id="KUB006",
    severity=Severity.WARN,
    title="Containers may run as root",
    source="kubernetes.io/docs/concepts/security/pod-security-standards (restricted)",
    check=check,
)
