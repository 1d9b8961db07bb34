"""SCH007: an authorization policy that allows more than it seems to: "who" and "what" in two rules are alternatives."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, items
from wavetank.checks.model import Mistake, Rule, Severity


def check(case: Case) -> Iterator[Mistake]:
    for policy in case.manifests.of_kind("AuthorizationPolicy", group="security.istio.io"):
        if policy.spec.get("action", "ALLOW") != "ALLOW":
            continue
        rules = items(policy.spec.get("rules"))
        names_callers = any(rule.get("from") and not rule.get("to") for rule in rules)
        for index, rule in enumerate(rules):
            if names_callers and not rule.get("from") and (rule.get("to") or rule.get("when")):
                yield _mistake(policy, index)


def _mistake(policy: Manifest, index: int) -> Mistake:
    return Mistake(
        at=policy.at("spec", "rules", index),
        message=(
            f"{policy.title}: rule {index} says what is allowed but not to whom, another one says to whom but not what; "
            "rules are alternatives, so everybody may do the one and the named callers everything"
        ),
        remedy="put from and to into one rule: a single entry of the list with both",
        numbers={"rules": len(items(policy.spec.get("rules"))), "rule": index},
    )


RULE = Rule(
    id="SCH007",
    severity=Severity.ERROR,
    title="Rules of an authorization policy are alternatives",
    source="istio.io/latest/docs/reference/config/security/authorization-policy",
    check=check,
)
