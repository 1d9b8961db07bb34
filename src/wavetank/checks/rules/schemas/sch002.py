"""SCH002: a quota with a scope that limits something which the scope does not know."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, items, mapping
from wavetank.checks.model import Mistake, Rule, Severity

_COMPUTE = ("pods", "cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory")
#: scope -> what it may limit (pkg/apis/core/helper IsResourceQuotaScopeValidForResource)
ALLOWED = {
    "BestEffort": ("pods",),
    "NotBestEffort": _COMPUTE,
    "Terminating": _COMPUTE,
    "NotTerminating": _COMPUTE,
    "PriorityClass": _COMPUTE,
    "CrossNamespacePodAffinity": _COMPUTE,
}


def check(case: Case) -> Iterator[Mistake]:
    for quota in case.manifests.of_kind("ResourceQuota", group=""):
        for scope in scopes(quota):
            hard = mapping(quota.spec.get("hard"))
            refused = [name for name in hard if scope in ALLOWED and name not in ALLOWED[scope]]
            if refused:
                yield _mistake(quota, scope, refused)


def scopes(quota: Manifest) -> list[str]:
    """Scopes of both notations."""
    expressions = items(mapping(quota.spec.get("scopeSelector")).get("matchExpressions"))
    return [*map(str, quota.spec.get("scopes") or ()), *(str(each.get("scopeName")) for each in expressions)]


def _mistake(quota: Manifest, scope: str, refused: list[str]) -> Mistake:
    names = ", ".join(refused)
    return Mistake(
        at=quota.at("spec", "hard", refused[0]),
        message=f"{quota.title} limits {names} under the scope {scope}, which counts pods only: the API server refuses it",
        remedy=f"move {names} to a quota without scopes",
        numbers={"scope": scope, "resources": names},
    )


RULE = Rule(
    id="SCH002",
    severity=Severity.ERROR,
    title="The quota's scope does not know what it limits",
    source="Kubernetes pkg/apis/core/helper, IsResourceQuotaScopeValidForResource",
    check=check,
)
