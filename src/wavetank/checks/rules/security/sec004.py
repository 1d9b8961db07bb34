"""SEC004: roles that do not do what was meant: a team as a user, a role nobody has, pods everywhere, no patch."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.security.rbac import GROUP, Binding, bindings, covers, rules

_TEAM = re.compile(
    r"(?:^|[-_.:/ ])(team|group|engineers|developers|devs|admins|users|operators|scientists|viewers|editors)\Z"
)
#: roles of Kubernetes and of programs are not people's
_OF_PROGRAMS = ("system:", "eks:", "aggregate-to-", "rbac.authorization.k8s.io/aggregate")


def check(case: Case) -> Iterator[Mistake]:
    found = list(bindings(case))
    for binding in found:
        yield from _teams(binding)
        yield from _people(binding)
    if found:
        yield from _unbound(case, found)


def _teams(binding: Binding) -> Iterator[Mistake]:
    for index, subject in enumerate(binding.subjects):
        name = str(subject.get("name", ""))
        if subject.get("kind") == "User" and _TEAM.search(name.lower()):
            yield Mistake(
                at=binding.manifest.at("subjects", index, "kind"),
                message=(
                    f"{binding.manifest.title} binds a User named {name}: no person is called so, and the team's "
                    "members have no rights"
                ),
                remedy="write kind: Group, and put people into the group by their access entries (kubernetesGroups)",
                numbers={"subject": name},
            )


def _people(binding: Binding) -> Iterator[Mistake]:
    """Rights of people (users and groups); what programs get is the business of who ships them."""
    people = [
        each for each in binding.subjects if each.get("kind") in ("User", "Group") and not _is_system(each.get("name"))
    ]
    if binding.role is None or not people:
        return
    for index, rule in enumerate(rules(binding.role)):
        if binding.is_cluster_wide and covers(rule, "", "pods", "create"):
            yield Mistake(
                at=binding.role.at("rules", index),
                message=(
                    f"{binding.role.title} lets {people[0].get('name')} create pods in every namespace: a pod can "
                    "mount any Secret "
                    "and run as any service account there, so that is all rights of the cluster"
                ),
                remedy="bind it with RoleBindings in the namespaces of the team",
                numbers={"subject": str(people[0].get("name"))},
            )
        stated = rule.get("verbs")
        verbs = set(map(str, stated)) if isinstance(stated, list) else set()
        if {"create", "update"} <= verbs and "patch" not in verbs and "*" not in verbs:
            yield Mistake(
                at=binding.role.at("rules", index, "verbs"),
                message=(
                    f"{binding.role.title} grants create and update without patch: `kubectl apply` to something that "
                    "exists is refused"
                ),
                remedy="add patch and watch",
                numbers={"verbs": ", ".join(sorted(verbs))},
                severity=Severity.WARN,
            )


def _is_system(name: object) -> bool:
    return str(name).startswith(_OF_PROGRAMS)


def _unbound(case: Case, found: list[Binding]) -> Iterator[Mistake]:
    bound = {id(binding.role) for binding in found}
    for role in case.manifests.of_kind("Role", "ClusterRole", group=GROUP):
        if id(role) not in bound and not _is_for_others(role):
            yield Mistake(
                at=role.at("metadata", "name"),
                message=f"{role.title} is bound to nobody here: it grants nothing",
                remedy="bind it, or remove it",
                numbers={"bindings": 0},
                severity=Severity.WARN,
            )


def _is_for_others(role: Manifest) -> bool:
    """Aggregated roles and those that a chart offers for people to bind."""
    aggregated = any(key.startswith(_OF_PROGRAMS[3]) for key in role.labels) or "aggregationRule" in role.obj
    return aggregated or role.name.startswith(_OF_PROGRAMS) or "helm.sh/chart" in role.labels


RULE = Rule(
    id="SEC004",
    severity=Severity.ERROR,
    title="The role does not give the rights that were meant",
    source="kubernetes.io/docs/reference/access-authn-authz/rbac; kubernetes.io/docs/concepts/security/rbac-good-practices",
    check=check,
)
