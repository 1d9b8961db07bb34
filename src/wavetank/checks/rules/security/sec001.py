"""SEC001: pods that the Pod Security level of their namespace refuses."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Workload
from wavetank.kube.pod_security import Level, violations

ENFORCE = "pod-security.kubernetes.io/enforce"
LEVELS: tuple[Level, ...] = ("baseline", "restricted")


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        stated = case.namespace_labels(workload.namespace).get(ENFORCE)
        level = next((each for each in LEVELS if each == stated), None)
        if level is not None:
            metadata = {"labels": dict(workload.labels), "annotations": dict(workload.annotations)}
            try:
                found = violations(level, metadata, workload.spec)
            except (AttributeError, KeyError, TypeError):
                continue  # no pod at all, as SCH001 says
            if found:
                yield _mistake(workload, level, [str(violation) for violation in found])


def _mistake(workload: Workload, level: str, reasons: list[str]) -> Mistake:
    return Mistake(
        at=workload.at_pod("securityContext"),
        message=(
            f"namespace {workload.namespace} enforces Pod Security {level}, and every pod of {workload.title} is refused: "
            f"{'; '.join(reasons)}"
        ),
        remedy=(
            "set runAsNonRoot, seccompProfile RuntimeDefault, allowPrivilegeEscalation false and capabilities drop ALL; a mesh "
            "needs its CNI plugin instead of an init container with NET_ADMIN"
        ),
        numbers={"level": level, "violations": len(reasons)},
        about=(f"Namespace {workload.namespace}",),
    )


RULE = Rule(
    id="SEC001",
    severity=Severity.ERROR,
    title="Pod Security refuses the pods",
    source="kubernetes.io/docs/concepts/security/pod-security-standards; k8s.io/pod-security-admission",
    check=check,
)
