"""SEC006: a role that reads every Secret of a namespace, or of all of them."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.security.rbac import GROUP, covers, rules


def check(case: Case) -> Iterator[Mistake]:
    for role in case.manifests.of_kind("Role", "ClusterRole", group=GROUP):
        for index, rule in enumerate(rules(role)):
            verbs = [verb for verb in ("get", "list", "watch") if covers(rule, "", "secrets", verb)]
            if verbs:
                yield _mistake(role, index, verbs)
                break


def _mistake(role: Manifest, index: int, verbs: list[str]) -> Mistake:
    where = f"namespace {role.namespace}" if role.namespace else "all namespaces where it is bound"
    return Mistake(
        at=role.at("rules", index),
        message=(
            f"{role.title} may {', '.join(verbs)} every Secret of {where}: whoever runs as one of its subjects has "
            "all passwords"
        ),
        remedy=(
            "name the Secrets in resourceNames (list and watch cannot be limited so: leave them out), or mount the "
            "one that is needed"
        ),
        numbers={"verbs": ", ".join(verbs)},
    )


RULE = Rule(
    id="SEC006",
    severity=Severity.WARN,
    title="A role reads every Secret",
    source="kubernetes.io/docs/concepts/security/rbac-good-practices (listing secrets)",
    check=check,
)
