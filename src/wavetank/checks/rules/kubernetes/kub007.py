"""KUB007: containers whose processes may become more than they are."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import every_container, is_system, is_windows, judged, names
from wavetank.checks.workloads import Container


def check(case: Case) -> Iterator[Mistake]:
    for workload in judged(case):
        rising = [c for c in every_container(workload) if may_rise(c)]
        if rising and not is_windows(workload):
            yield Mistake(
                at=rising[0].at("securityContext"),
                message=(
                    f"{len(rising)} containers of {workload.title} ({names(rising)}) do not say allowPrivilegeEscalation: false: "
                    "a setuid program in the image makes root of any user"
                ),
                remedy="set securityContext.allowPrivilegeEscalation: false",
                numbers={"mayEscalate": len(rising), "containers": len(every_container(workload))},
                severity=Severity.INFO if is_system(workload) else None,
            )


def may_rise(container: Container) -> bool:
    """Privileged containers are KUB005's."""
    settings = mapping(container.obj.get("securityContext"))
    return settings.get("allowPrivilegeEscalation") is not False and settings.get("privileged") is not True


RULE = Rule(
    id="KUB007",
    severity=Severity.WARN,
    title="Processes may gain privileges",
    source="kubernetes.io/docs/concepts/security/pod-security-standards (restricted)",
    check=check,
)
