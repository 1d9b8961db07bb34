"""Which writes a policy's ``matchConstraints`` and a binding's ``matchResources`` mean.

Upstream ``apiserver/pkg/admission/plugin/policy/matching`` and ``webhook/predicates``. An absent selector selects everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj

from .attempt import Attempt


def matches(constraints: Mapping[str, Any] | None, attempt: Attempt, namespace: Obj | None) -> bool:
    """Whether a write is meant; ``namespace`` is that of the object, or the object itself where it is one."""
    if constraints is None:
        return True
    if any(_rule_matches(rule, attempt) for rule in constraints.get("excludeResourceRules") or ()):
        return False
    rules = constraints.get("resourceRules")
    if rules and not any(_rule_matches(rule, attempt) for rule in rules):
        return False
    return _selects(constraints.get("namespaceSelector"), namespace, always=namespace is None) and (
        _selects(constraints.get("objectSelector"), attempt.obj)
        or _selects(constraints.get("objectSelector"), attempt.old)
    )


def _selects(selector: Mapping[str, Any] | None, obj: Obj | None, *, always: bool = False) -> bool:
    if selector is None or not (selector.get("matchLabels") or selector.get("matchExpressions")) or always:
        return True
    labels = ((obj or {}).get("metadata") or {}).get("labels") or {}
    return obj is not None and LabelSelector.from_object(selector).matches(labels)


def _rule_matches(rule: Mapping[str, Any], attempt: Attempt) -> bool:
    resource = attempt.resource
    return (
        _among(rule.get("operations"), attempt.operation)
        and _among(rule.get("apiGroups"), resource.group)
        # A policy means all versions of a kind unless it says Exact (matchPolicy Equivalent).
        and bool(rule.get("apiVersions"))
        and _names_resource(rule.get("resources") or (), resource.plural, attempt.subresource)
        and (not rule.get("resourceNames") or attempt.name in rule["resourceNames"])
        and rule.get("scope", "*") in ("*", "Namespaced" if resource.namespaced else "Cluster")
    )


def _among(listed: Any, value: str) -> bool:
    return "*" in (listed or ()) or value in (listed or ())


def _names_resource(listed: Any, plural: str, subresource: str) -> bool:
    """ "pods", "pods/status", "*", "*/*", "pods/*" and "*/scale"."""
    if subresource:
        return any(text in listed for text in (f"{plural}/{subresource}", f"{plural}/*", f"*/{subresource}", "*/*"))
    return any(text in listed for text in (plural, "*", "*/*"))
