"""KUB013: pods that carry a token of the namespace's default service account."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import judged


def check(case: Case) -> Iterator[Mistake]:
    for workload in judged(case):
        if workload.service_account != "default" or workload.spec.get("automountServiceAccountToken") is False:
            continue
        account = case.manifests.find("ServiceAccount", workload.namespace, "default")
        if account is not None and account.obj.get("automountServiceAccountToken") is False:
            continue
        yield Mistake(
            at=workload.at_pod("serviceAccountName"),
            message=(
                f"{workload.title} runs as the default service account of {workload.namespace} with its token mounted: a right "
                "that is once given to that account is given to all pods there that name none"
            ),
            remedy="set automountServiceAccountToken: false, or name a service account of its own if it talks to the API",
            numbers={"serviceAccount": "default", "tokenMounted": "yes"},
        )


RULE = Rule(
    id="KUB013",
    severity=Severity.INFO,
    title="Pods carry the default account's token",
    source="kubernetes.io/docs/tasks/configure-pod-container/configure-service-account",
    check=check,
)
