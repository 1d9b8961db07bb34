"""KUB014: roles that may do everything to everything of an API group."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.security.rbac import GROUP, rules
from wavetank.kube.types import Obj

WRITING = ("*", "create", "update", "patch", "delete", "deletecollection")
LABEL = "kubernetes.io/bootstrapping"


def check(case: Case) -> Iterator[Mistake]:
    for role in case.manifests.of_kind("Role", "ClusterRole", group=GROUP):
        wild = [index for index, rule in enumerate(rules(role)) if is_wild(rule)]
        if wild and LABEL not in role.labels:
            yield _mistake(role, wild)


def is_wild(rule: Obj) -> bool:
    """Every resource of Kubernetes' own groups, and not only to read; a program's own group of custom resources is its own."""
    groups, resources, verbs = (_texts(rule, key) for key in ("apiGroups", "resources", "verbs"))
    own = [group for group in groups if "." in group and not group.endswith(".k8s.io")]
    return "*" in resources and len(own) < len(groups) and any(verb in WRITING for verb in verbs)


def _texts(rule: Obj, key: str) -> list[str]:
    stated = rule.get(key)
    return [str(each) for each in stated] if isinstance(stated, list) else []


def _mistake(role: Manifest, wild: list[int]) -> Mistake:
    rule = rules(role)[wild[0]]
    groups = ", ".join(group or "core" for group in _texts(rule, "apiGroups"))
    verbs = ", ".join(_texts(rule, "verbs"))
    return Mistake(
        at=role.at("rules", wild[0]),
        message=(
            f"{role.title} allows {verbs} on every resource of {groups} (rule {wild[0] + 1} of {len(rules(role))}): whoever "
            "holds it can make roles, read Secrets and start privileged pods"
        ),
        remedy="list the resources and verbs that the program uses",
        numbers={"wildRules": len(wild), "rules": len(rules(role))},
    )


RULE = Rule(
    id="KUB014",
    severity=Severity.WARN,
    title="A role may do everything",
    source="kubernetes.io/docs/concepts/security/rbac-good-practices",
    check=check,
)
