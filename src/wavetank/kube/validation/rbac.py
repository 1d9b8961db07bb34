"""Rules of roles and bindings (``pkg/apis/rbac/validation``). What a user may grant is the authorizer's to say."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Cause
from ..types import Obj
from .causes import invalid, not_supported, required
from .internal import printed_struct
from .metadata import metadata, metadata_update
from .names import dns_subdomain, path_segment
from .selectors import label_selector

_GROUP = "rbac.authorization.k8s.io"


def role(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {}, path_segment)
    yield from _rules(obj, namespaced=True)


def cluster_role(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {}, path_segment)
    yield from _cluster_rules(obj)


def _cluster_rules(obj: Obj) -> Iterator[Cause]:
    yield from _rules(obj, namespaced=False)
    aggregation = obj.get("aggregationRule")
    if aggregation is not None:
        selectors = aggregation.get("clusterRoleSelectors") or []
        if not selectors:
            yield required(
                "aggregationRule.clusterRoleSelectors",
                "at least one clusterRoleSelector required if aggregationRule is non-nil",
            )
        for index, selector in enumerate(selectors):
            yield from label_selector(selector, f"aggregationRule.clusterRoleSelectors[{index}]")


def _rules(obj: Obj, namespaced: bool) -> Iterator[Cause]:
    for index, rule in enumerate(obj.get("rules") or ()):
        yield from _rule(rule, f"rules[{index}]", namespaced)


def _rule(rule: Obj, path: str, namespaced: bool) -> Iterator[Cause]:
    if not rule.get("verbs"):
        yield required(f"{path}.verbs", "verbs must contain at least one value")
    urls = rule.get("nonResourceURLs")
    if urls:
        if namespaced:
            yield invalid(f"{path}.nonResourceURLs", urls, "namespaced rules cannot apply to non-resource URLs")
        if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
            yield invalid(
                f"{path}.nonResourceURLs", urls, "rules cannot apply to both regular resources and non-resource URLs"
            )
        return
    if not rule.get("apiGroups"):
        yield required(f"{path}.apiGroups", "resource rules must supply at least one api group")
    if not rule.get("resources"):
        yield required(f"{path}.resources", "resource rules must supply at least one resource")


def role_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _rules(new, namespaced=True)


def cluster_role_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _cluster_rules(new)


def role_binding(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {}, path_segment)
    yield from _binding(obj, ("Role", "ClusterRole"))


def cluster_role_binding(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {}, path_segment)
    yield from _binding(obj, ("ClusterRole",))


def _binding(obj: Obj, kinds: tuple[str, ...]) -> Iterator[Cause]:
    reference = obj.get("roleRef") or {}
    if reference.get("apiGroup") != _GROUP:
        yield not_supported("roleRef.apiGroup", reference.get("apiGroup", ""), (_GROUP,))
    if reference.get("kind") not in kinds:
        yield not_supported("roleRef.kind", reference.get("kind", ""), kinds)
    if not reference.get("name"):
        yield required("roleRef.name")
    else:
        for problem in path_segment(reference["name"]):
            yield invalid("roleRef.name", reference["name"], problem)
    for index, subject in enumerate(obj.get("subjects") or ()):
        yield from _subject(subject, f"subjects[{index}]")


def _subject(subject: Obj, path: str) -> Iterator[Cause]:
    kind, group, name = subject.get("kind", ""), subject.get("apiGroup", ""), subject.get("name", "")
    if not name:
        yield required(f"{path}.name")
    if kind == "ServiceAccount":
        for problem in dns_subdomain(name) if name else ():
            yield invalid(f"{path}.name", name, problem)
        if group:
            yield not_supported(f"{path}.apiGroup", group, ("",))
        if not subject.get("namespace"):
            yield required(f"{path}.namespace")
    elif kind in ("User", "Group"):
        if group != _GROUP:
            yield not_supported(f"{path}.apiGroup", group, (_GROUP,))
    else:
        yield not_supported(f"{path}.kind", kind, ("ServiceAccount", "User", "Group"))


def _binding_update(new: Obj, old: Obj, kinds: tuple[str, ...]) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    if new.get("roleRef") != old.get("roleRef"):
        yield invalid("roleRef", printed_struct(new.get("roleRef") or {}, "RoleRef"), "cannot change roleRef")
    yield from _binding(new, kinds)


def role_binding_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from _binding_update(new, old, ("Role", "ClusterRole"))


def cluster_role_binding_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from _binding_update(new, old, ("ClusterRole",))
