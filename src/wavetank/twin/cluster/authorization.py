"""RBAC: whether a user may do something, and which rules say so.

The edge asks before every request; reviews (``kubectl auth can-i``) ask about others. Follows
``plugin/pkg/auth/authorizer/rbac`` and ``pkg/registry/rbac/validation``. Reads roles and bindings, never writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from wavetank.kube.types import Obj

from .calls import User

GROUP = "rbac.authorization.k8s.io"
ROLES, BINDINGS = f"roles.{GROUP}", f"rolebindings.{GROUP}"
CLUSTER_ROLES, CLUSTER_BINDINGS = f"clusterroles.{GROUP}", f"clusterrolebindings.{GROUP}"
KEYS = (ROLES, BINDINGS, CLUSTER_ROLES, CLUSTER_BINDINGS)
MASTERS = "system:masters"
SERVICE_ACCOUNT_PREFIX = "system:serviceaccount:"


@dataclass(frozen=True)
class Asked:
    """What is asked for: a verb on a resource, or on a path when ``path`` is set."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def combined(self) -> str:
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


@dataclass(frozen=True)
class Decision:
    allowed: bool
    reason: str = ""


@dataclass(frozen=True)
class _Binding:
    kind: str
    namespace: str
    name: str
    role_kind: str
    role_name: str
    subjects: tuple[Obj, ...]


List = Callable[[str, str], list[Obj]]
Find = Callable[[str, str, str], Obj | None]


class Authorizer:
    """Answers from the RBAC objects as they are now; bindings are indexed until one changes."""

    def __init__(self, find: Find, list_all: Callable[[str], list[Obj]]) -> None:
        self._find, self._list = find, list_all
        self._bindings: tuple[_Binding, ...] | None = None

    def forget(self) -> None:
        """Bindings changed."""
        self._bindings = None

    def decide(self, user: User, asked: Asked) -> Decision:
        if MASTERS in user.groups:
            return Decision(True)
        for rule, binding in self._rules(user, asked.namespace):
            if rule_allows(rule, asked):
                return Decision(True, _reason(binding, user))
        return Decision(False)

    def rules(self, user: User, namespace: str) -> list[Obj]:
        """Every rule that holds for a user in a namespace: cluster-wide ones first, in the order of their bindings."""
        if MASTERS in user.groups:
            return [
                {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
                {"verbs": ["*"], "nonResourceURLs": ["*"]},
            ]
        return [rule for rule, _ in self._rules(user, namespace)]

    def rules_of_role(self, kind: str, namespace: str, name: str) -> list[Obj] | None:
        """The rules of a role; None when there is no such role."""
        found = self._find(CLUSTER_ROLES, "", name) if kind == "ClusterRole" else self._find(ROLES, namespace, name)
        return None if found is None else list(found.get("rules") or ())

    def _rules(self, user: User, namespace: str) -> Iterator[tuple[Obj, _Binding]]:
        for binding in self._index():
            if binding.namespace and binding.namespace != namespace:
                continue
            if any(_is_subject(user, s, binding.namespace) for s in binding.subjects):
                for rule in self.rules_of_role(binding.role_kind, binding.namespace, binding.role_name) or ():
                    yield rule, binding

    def _index(self) -> tuple[_Binding, ...]:
        if self._bindings is None:
            cluster = sorted(self._list(CLUSTER_BINDINGS), key=lambda b: str(b["metadata"]["name"]))
            local = sorted(self._list(BINDINGS), key=lambda b: str(b["metadata"]["name"]))
            self._bindings = tuple(_binding(b) for b in (*cluster, *local))
        return self._bindings


def _binding(obj: Obj) -> _Binding:
    metadata, role = obj["metadata"], obj.get("roleRef") or {}
    return _Binding(
        obj["kind"],
        metadata.get("namespace", ""),
        metadata["name"],
        role.get("kind", ""),
        role.get("name", ""),
        tuple(obj.get("subjects") or ()),
    )


def _reason(binding: _Binding, user: User) -> str:
    shown = f'{binding.kind} "{binding.name}'
    shown += f'/{binding.namespace}"' if binding.namespace else '"'
    return f'RBAC: allowed by {shown} of {binding.role_kind} "{binding.role_name}" to {_subject_text(binding, user)}'


def _subject_text(binding: _Binding, user: User) -> str:
    subject = next(s for s in binding.subjects if _is_subject(user, s, binding.namespace))
    if subject.get("kind") == "ServiceAccount":
        namespace = subject.get("namespace") or binding.namespace
        return f'ServiceAccount "{subject["name"]}/{namespace}"'
    return f'{subject.get("kind")} "{subject.get("name")}"'


def _is_subject(user: User, subject: Obj, namespace: str) -> bool:
    match subject.get("kind"):
        case "User":
            return bool(user.name == subject.get("name"))
        case "Group":
            return subject.get("name") in user.groups
        case "ServiceAccount":
            owner = subject.get("namespace") or namespace
            return bool(owner) and user.name == f"{SERVICE_ACCOUNT_PREFIX}{owner}:{subject.get('name')}"
        case _:
            return False


# Rules -------------------------------------------------------------------------------------------------------------


def rule_allows(rule: Obj, asked: Asked) -> bool:
    if asked.path:
        return _has(rule.get("verbs"), asked.verb) and _path_matches(rule.get("nonResourceURLs") or (), asked.path)
    return (
        _has(rule.get("verbs"), asked.verb)
        and _has(rule.get("apiGroups"), asked.group)
        and _resource_matches(rule.get("resources") or (), asked)
        and (not rule.get("resourceNames") or asked.name in rule["resourceNames"])
    )


def _has(values: Iterable[str] | None, wanted: str) -> bool:
    listed = values or ()
    return "*" in listed or wanted in listed


def _resource_matches(resources: Iterable[str], asked: Asked) -> bool:
    listed = tuple(resources)
    if "*" in listed or asked.combined in listed:
        return True
    return bool(asked.subresource) and f"*/{asked.subresource}" in listed


def _path_matches(paths: Iterable[str], path: str) -> bool:
    return any(p in ("*", path) or (p.endswith("*") and path.startswith(p.rstrip("*"))) for p in paths)


# Granting ----------------------------------------------------------------------------------------------------------


def uncovered(held: Iterable[Obj], wanted: Iterable[Obj]) -> list[Obj]:
    """The rules of ``wanted`` that ``held`` does not cover, broken down to single permissions (``validation.Covers``)."""
    have = tuple(held)
    return [part for rule in wanted for part in _broken_down(rule) if not any(_covers(h, part) for h in have)]


def _broken_down(rule: Obj) -> Iterator[Obj]:
    for verb in rule.get("verbs") or ():
        for group in rule.get("apiGroups") or ():
            for resource in rule.get("resources") or ():
                part: Obj = {"verbs": [verb], "apiGroups": [group], "resources": [resource]}
                names = rule.get("resourceNames") or ()
                yield from ({**part, "resourceNames": [name]} for name in names)
                if not names:
                    yield part
        for path in rule.get("nonResourceURLs") or ():
            yield {"verbs": [verb], "nonResourceURLs": [path]}


def _covers(rule: Obj, part: Obj) -> bool:
    if not _has(rule.get("verbs"), part["verbs"][0]):
        return False
    if "nonResourceURLs" in part:
        return _path_matches(rule.get("nonResourceURLs") or (), part["nonResourceURLs"][0])
    resource, _, subresource = part["resources"][0].partition("/")
    asked = Asked("", part["apiGroups"][0], resource, subresource)
    names = rule.get("resourceNames") or ()
    return (
        _has(rule.get("apiGroups"), asked.group)
        and _resource_matches(rule.get("resources") or (), asked)
        and (not names or (part.get("resourceNames") or [None])[0] in names)
    )


def compacted(rules: Iterable[Obj]) -> list[Obj]:
    """Single permissions put together again by group, resource and name (``validation.CompactRules``)."""
    merged: dict[tuple[object, ...], Obj] = {}
    for rule in rules:
        key = tuple(tuple(rule.get(k) or ()) for k in ("apiGroups", "resources", "resourceNames", "nonResourceURLs"))
        known = merged.get(key)
        merged[key] = {**known, "verbs": [*known["verbs"], *rule["verbs"]]} if known else rule
    return list(merged.values())


def go_text(rule: Obj) -> str:
    """A rule as Go prints it in refusals: ``{APIGroups:[""], Resources:["pods"], Verbs:["get"]}``."""
    fields = (
        ("APIGroups", "apiGroups"),
        ("Resources", "resources"),
        ("ResourceNames", "resourceNames"),
        ("NonResourceURLs", "nonResourceURLs"),
        ("Verbs", "verbs"),
    )
    parts = []
    for title, key in fields:
        if rule.get(key):
            quoted = " ".join(f'"{value}"' for value in rule[key])
            parts.append(f"{title}:[{quoted}]")
    return "{" + ", ".join(parts) + "}"
