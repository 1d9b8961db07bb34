"""KUB009: containers without a seccomp profile: every system call of the kernel is open to them."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import every_container, is_windows, judged, names, security


def check(case: Case) -> Iterator[Mistake]:
    for workload in judged(case):
        open_ones = [
            c
            for c in every_container(workload)
            if mapping(security(c).get("seccompProfile")).get("type") not in ("RuntimeDefault", "Localhost")
            and security(c).get("privileged") is not True
        ]
        if open_ones and not is_windows(workload):
            yield Mistake(
                at=open_ones[0].at("securityContext"),
                message=(
                    f"{len(open_ones)} containers of {workload.title} ({names(open_ones)}) have no seccomp profile: some hundred "
                    "system calls that programs never need stay open to whoever attacks the kernel"
                ),
                remedy="set seccompProfile: {type: RuntimeDefault} in the pod's securityContext",
                numbers={"withoutProfile": len(open_ones)},
            )


RULE = Rule(
    id="KUB009",
    severity=Severity.INFO,
    title="No seccomp profile",
    source="kubernetes.io/docs/tutorials/security/seccomp",
    check=check,
)
