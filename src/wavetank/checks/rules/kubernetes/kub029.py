"""KUB029: pods that are killed without being asked to stop."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import whole
from wavetank.checks.model import Mistake, Rule, Severity


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        if whole(workload.spec.get("terminationGracePeriodSeconds")) == 0:
            stateful = workload.kind == "StatefulSet"
            effect = (
                "the API server forgets the pod before it has ended, and a second one may write to the same volume"
                if stateful
                else "requests in flight are lost at every rollout and drain"
            )
            yield Mistake(
                at=workload.at_pod("terminationGracePeriodSeconds"),
                message=f"{workload.title} gives its processes 0 s to stop: {effect}",
                remedy="leave the 30 s of the default, or the time that the longest request takes",
                numbers={"terminationGracePeriodSeconds": 0},
            )


RULE = Rule(
    id="KUB029",
    severity=Severity.WARN,
    title="No time to stop",
    source="kubernetes.io/docs/concepts/workloads/controllers/statefulset (limitations)",
    check=check,
)
