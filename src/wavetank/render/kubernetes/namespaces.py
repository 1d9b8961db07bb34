"""00-namespaces.yaml: namespaces with their Pod Security level, quota and limits, and what they deny by default."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.plan.model import LimitRange, Namespace, Plan, Quota
from wavetank.render.kubernetes.amounts import canonical_amounts, canonical_item
from wavetank.render.kubernetes.parts import manifest, metadata, present, traced_entries
from wavetank.render.trace import Traced, tree


def objects(plan: Plan) -> tuple[Traced, ...]:
    """The namespaces first, so that one ``kubectl apply`` of the file works; a quota stands before any pod."""
    return (
        *(_namespace(plan, namespace) for namespace in plan.namespaces),
        *(item for namespace in plan.namespaces for item in _limits(plan, namespace)),
    )


def _namespace(plan: Plan, namespace: Namespace) -> Traced:
    path = f"namespaces[{namespace.name}]"
    labels = traced_entries(namespace.labels, f"{path}.labels")
    return manifest("v1", "Namespace", metadata(plan, path, namespace.name, labels=labels), path)


def _limits(plan: Plan, namespace: Namespace) -> Iterator[Traced]:
    if namespace.quota:
        yield _quota(plan, namespace, namespace.quota, f"namespaces[{namespace.name}].quota")
    for quota in namespace.quotas:
        yield _quota(plan, namespace, quota, f"namespaces[{namespace.name}].quotas[{quota.name}]")
    if namespace.limit_range:
        yield _limit_range(plan, namespace, namespace.limit_range)


def _quota(plan: Plan, namespace: Namespace, quota: Quota, path: str) -> Traced:
    hard = Traced(traced_entries(canonical_amounts(quota.hard), f"{path}.hard"), f"{path}.hard")
    spec = present(
        {
            "hard": hard,
            "scopes": tree(quota.scopes, f"{path}.scopes"),
            "scopeSelector": tree(quota.scope_selector, f"{path}.scopeSelector"),
        }
    )
    return manifest("v1", "ResourceQuota", inside(plan, namespace, path, quota.name), path, spec=spec)


def _limit_range(plan: Plan, namespace: Namespace, limit_range: LimitRange) -> Traced:
    path = f"namespaces[{namespace.name}].limitRange"
    spec = {"limits": tree([canonical_item(item) for item in limit_range.limits], f"{path}.limits")}
    return manifest("v1", "LimitRange", inside(plan, namespace, path, limit_range.name), path, spec=spec)


def inside(plan: Plan, namespace: Namespace, path: str, name: str) -> Traced:
    """metadata of something that the plan keeps with its namespace."""
    framed = metadata(plan, path, name)
    place = Traced(namespace.name, f"namespaces[{namespace.name}].name")
    return Traced({"name": framed.value["name"], "namespace": place, "labels": framed.value["labels"]}, path)
