"""AUT005: a manifest states the replicas of a workload whose number an autoscaler sets."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import items, mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Workload


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        if workload.autoscaler and workload.stated_replicas and not _is_ignored_by_argo(case, workload):
            yield _mistake(workload, workload.stated_replicas, workload.autoscaler.manifest.title)


def _is_ignored_by_argo(case: Case, workload: Workload) -> bool:
    """Whether an Argo CD Application leaves the number alone."""
    for application in case.manifests.of_kind("Application", "ApplicationSet", group="argoproj.io"):
        spec = application.spec if application.kind == "Application" else mapping(application.spec.get("template"))
        for ignored in items(mapping(spec.get("spec", spec)).get("ignoreDifferences")):
            expressions = [*(ignored.get("jsonPointers") or ()), *(ignored.get("jqPathExpressions") or ())]
            of_kind = ignored.get("kind") in (workload.kind, "*")
            if (
                of_kind
                and ignored.get("name") in (None, workload.name)
                and any("replicas" in each for each in expressions)
            ):
                return True
    return False


def _mistake(workload: Workload, replicas: int, scaler: str) -> Mistake:
    return Mistake(
        at=workload.at("spec", "replicas"),
        message=(
            f"{workload.title} states replicas: {replicas} and {scaler} sets the same field: every apply or sync takes the "
            f"number back to {replicas}, in the middle of the load as well"
        ),
        remedy="leave spec.replicas out; in Argo CD add it to ignoreDifferences with RespectIgnoreDifferences=true",
        numbers={"replicas": replicas},
        about=(scaler,),
    )


RULE = Rule(
    id="AUT005",
    severity=Severity.WARN,
    title="Manifest and autoscaler both set the replicas",
    source="kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale (migrating deployments to autoscaling)",
    check=check,
)
