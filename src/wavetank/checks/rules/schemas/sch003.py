"""SCH003: a quota for a priority class that does not exist or that no pod has, and that therefore counts nothing."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, items, mapping
from wavetank.checks.model import Mistake, Rule, Severity

OF_THE_CLUSTER = ("system-cluster-critical", "system-node-critical")


def check(case: Case) -> Iterator[Mistake]:
    for quota in case.manifests.of_kind("ResourceQuota", group=""):
        for index, expression in enumerate(items(mapping(quota.spec.get("scopeSelector")).get("matchExpressions"))):
            if expression.get("scopeName") == "PriorityClass" and expression.get("operator") == "In":
                yield from _judged(case, quota, index, [str(value) for value in expression.get("values") or ()])


def _judged(case: Case, quota: Manifest, index: int, names: list[str]) -> Iterator[Mistake]:
    known = {each.name for each in case.manifests.of_kind("PriorityClass")} | set(OF_THE_CLUSTER)
    workloads = case.workloads_in(quota.namespace)
    used = {str(workload.spec.get("priorityClassName") or "") for workload in workloads}
    for name in names:
        # No class is called "default" unless somebody makes it; of others the input has to show that they are missing.
        in_sight = case.given.whole or bool(workloads) or name == "default"
        if name not in known and name not in used and in_sight:
            yield Mistake(
                at=quota.at("spec", "scopeSelector", "matchExpressions", index, "values"),
                message=(
                    f"{quota.title} counts pods of the priority class {name}, which does not exist and which no pod of "
                    f"{quota.namespace} has: the quota limits nothing"
                ),
                remedy="leave the scope out to count all pods, or create the class and name it in the pods",
                numbers={"priorityClass": name, "podsOfTheClass": 0},
            )


RULE = Rule(
    id="SCH003",
    severity=Severity.ERROR,
    title="The quota counts pods of a class that nobody has",
    source="kubernetes.io/docs/concepts/policy/resource-quotas (resource quota per PriorityClass)",
    check=check,
)
