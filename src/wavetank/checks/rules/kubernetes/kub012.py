"""KUB012: containers that can write into their own program."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import is_windows, judged, names


def check(case: Case) -> Iterator[Mistake]:
    for workload in judged(case):
        writable = [
            c
            for c in workload.containers
            if mapping(c.obj.get("securityContext")).get("readOnlyRootFilesystem") is not True
        ]
        if writable and not is_windows(workload):
            yield Mistake(
                at=writable[0].at("securityContext"),
                message=(
                    f"{len(writable)} of {len(workload.containers)} containers of {workload.title} ({names(writable)}) can write "
                    "to their root filesystem: an intruder can leave programs there, and files fill the node's disk"
                ),
                remedy="set securityContext.readOnlyRootFilesystem: true, with an emptyDir for each path that is written",
                numbers={"writable": len(writable), "containers": len(workload.containers)},
            )


RULE = Rule(
    id="KUB012",
    severity=Severity.INFO,
    title="The root filesystem is writable",
    source="kubernetes.io/docs/concepts/security/application-security-checklist",
    check=check,
)
