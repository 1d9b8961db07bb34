"""KUB031: pods that nothing replaces."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import is_hook


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        if workload.kind in ("Pod", "ReplicaSet", "ReplicationController") and not is_hook(workload):
            effect = (
                "when its node goes, it is gone for good"
                if workload.kind == "Pod"
                else "a new image reaches its pods only when somebody deletes them"
            )
            yield Mistake(
                at=workload.at("kind"),
                message=f"{workload.title} runs {workload.min_replicas} pod by itself, without a Deployment: {effect}",
                remedy="make a Deployment (or a Job, where it ends by itself) with this template",
                numbers={"kind": workload.kind, "pods": workload.min_replicas},
            )


RULE = Rule(
    id="KUB031",
    severity=Severity.INFO,
    title="Pods that nothing replaces",
    source="kubernetes.io/docs/concepts/configuration/overview (naked pods)",
    check=check,
)
