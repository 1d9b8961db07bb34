"""KUB005: privileged containers, which are root on their node."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import every_container, is_system, judged, names


def check(case: Case) -> Iterator[Mistake]:
    for workload in judged(case):
        privileged = [
            c for c in every_container(workload) if mapping(c.obj.get("securityContext")).get("privileged") is True
        ]
        if privileged:
            yield Mistake(
                at=privileged[0].at("securityContext", "privileged"),
                message=(
                    f"{len(privileged)} containers of {workload.title} ({names(privileged)}) are privileged: whoever gets into "
                    "one owns its node, and with it the Secrets of every pod there"
                ),
                remedy="drop privileged and add the one capability or device that is needed",
                numbers={"privileged": len(privileged)},
                severity=Severity.INFO if is_system(workload) else None,
            )


RULE = Rule(
    id="KUB005",
    severity=Severity.WARN,
    title="Privileged containers",
    source="kubernetes.io/docs/concepts/security/pod-security-standards (baseline)",
    check=check,
)
