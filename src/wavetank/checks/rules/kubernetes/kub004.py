"""KUB004: containers whose memory may grow until the node kills something."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.amounts import has_limit
from wavetank.checks.rules.kubernetes.pods import is_hook, names


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        endless = [c for c in workload.containers if not has_limit(case, c, "memory")]
        if endless and not is_hook(workload):
            yield Mistake(
                at=endless[0].at("resources"),
                message=(
                    f"{len(endless)} of {len(workload.containers)} containers of {workload.title} ({names(endless)}) have no "
                    "memory limit: a leak takes the node's memory, and the kernel then chooses which process of whom to kill"
                ),
                remedy="add resources.limits.memory, the same as the request where the program's use is steady",
                numbers={"withoutLimit": len(endless), "containers": len(workload.containers)},
            )


RULE = Rule(
    id="KUB004",
    severity=Severity.WARN,
    title="Memory without a limit",
    source="kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction",
    check=check,
)
