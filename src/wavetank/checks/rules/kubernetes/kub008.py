"""KUB008: capabilities that are nearly as good as root."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import capabilities, every_container, is_system, judged

#: what Pod Security's level baseline allows to be added
HARMLESS = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)


def check(case: Case) -> Iterator[Mistake]:
    for workload in judged(case):
        for container in every_container(workload):
            added = sorted(set(capabilities(container, "add")) - HARMLESS)
            if added:
                yield Mistake(
                    at=container.at("securityContext", "capabilities", "add"),
                    message=(
                        f"container {container.name} of {workload.title} adds {len(added)} capabilities that Pod Security's "
                        f"baseline forbids: {', '.join(added)}"
                    ),
                    remedy="drop ALL and add only what the program fails without; a mesh's CNI plugin saves pods NET_ADMIN",
                    numbers={"capabilities": ", ".join(added)},
                    severity=Severity.INFO if is_system(workload) else None,
                )


RULE = Rule(
    id="KUB008",
    severity=Severity.WARN,
    title="Capabilities nearly as good as root",
    source="kubernetes.io/docs/concepts/security/pod-security-standards (baseline)",
    check=check,
)
