"""Rules of what bounds others: quotas, limit ranges, disruption budgets, priority classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .. import quantity
from ..errors import Cause
from ..types import Obj
from .amounts import amount, container_resource_name, quota_resource_name, resource_name
from .causes import duplicate, forbidden, invalid, not_supported, required
from .counts import at_most_all, count_or_percent
from .internal import printed_struct
from .metadata import immutable, metadata, metadata_update
from .selectors import label_selector

_SCOPES = frozenset({"Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass"}) | {
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
}
_CONFLICTS = ({"Terminating", "NotTerminating"}, {"BestEffort", "NotBestEffort"})
_COMPUTE = frozenset({"cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"})
#: Scopes that a pod is in or not, without further values.
_FLAGS = frozenset({"Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "CrossNamespacePodAffinity"})
_FLAGS_EXIST = (
    "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, "
    "ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
)
_MAX_USER_PRIORITY = 1_000_000_000
_SYSTEM_CLASSES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
_LIMIT_TYPES = ("Container", "Pod", "PersistentVolumeClaim")


def quota(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    yield from _quota_spec(obj.get("spec") or {})


def _quota_spec(spec: Obj) -> Iterator[Cause]:
    for name, value in (spec.get("hard") or {}).items():
        yield from quota_resource_name(name, f"spec.hard[{name}]")
        yield from amount(name, value, f"spec.hard[{name}]")
    scopes = spec.get("scopes") or []
    standard = [n for n in sorted(spec.get("hard") or ()) if "/" not in n and not any(quota_resource_name(n, ""))]
    for scope in scopes:
        if scope not in _SCOPES:
            yield invalid("spec.scopes", scopes, "unsupported scope")
        for name in standard:
            if not _may_scope(scope, name):
                yield invalid("spec.scopes", scopes, "unsupported scope applied to resource")
    if any(pair <= set(scopes) for pair in _CONFLICTS):
        yield invalid("spec.scopes", scopes, "conflicting scopes")
    if spec.get("scopeSelector") is not None:
        yield from _scope_selector(spec["scopeSelector"], standard, "spec.scopeSelector.matchExpressions")


def _may_scope(scope: str, name: str) -> bool:
    """Whether a scope makes sense for the amounts of a resource (``IsResourceQuotaScopeValidForResource``)."""
    match scope:
        case "BestEffort":
            return name == "pods"
        case "Terminating" | "NotTerminating" | "NotBestEffort" | "PriorityClass" | "CrossNamespacePodAffinity":
            return name == "pods" or name in _COMPUTE
        case "VolumeAttributesClass":
            return name in ("persistentvolumeclaims", "requests.storage")
        case _:
            return True


def _scope_selector(selector: Obj, standard: list[str], path: str) -> Iterator[Cause]:
    scopes: set[str] = set()
    for wanted in selector.get("matchExpressions") or ():
        scope = wanted.get("scopeName", "")
        scopes.add(scope)
        if scope not in _SCOPES:
            yield invalid(f"{path}.scopeName", scope, "unsupported scope")
        for name in standard:
            if not _may_scope(scope, name):
                printed = printed_struct(selector, "ScopeSelector")
                yield invalid(path, printed, "unsupported scope applied to resource")
        yield from _scope_operator(wanted, scope, path)
    if any(pair <= scopes for pair in _CONFLICTS):
        yield invalid(path, None, "conflicting scopes")


def _scope_operator(wanted: Obj, scope: str, path: str) -> Iterator[Cause]:
    operator, values = wanted.get("operator", ""), wanted.get("values") or []
    if scope in _FLAGS and operator != "Exists":
        yield invalid(f"{path}.operator", operator, _FLAGS_EXIST)
    if operator in ("In", "NotIn"):
        if not values:
            why = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
            yield required(f"{path}.values", why)
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            why = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
            yield invalid(f"{path}.values", values, why)
    else:
        yield invalid(f"{path}.operator", operator, "not a valid selector operator")


def quota_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _quota_spec(new["spec"])
    if sorted(new["spec"].get("scopes") or ()) != sorted(old["spec"].get("scopes") or ()):
        yield invalid("spec.scopes", new["spec"].get("scopes"), "field is immutable")


def limit_range(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    yield from _limits(obj.get("spec") or {})


def limit_range_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _limits(new["spec"])


def _limits(spec: Obj) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, item in enumerate(spec.get("limits") or ()):
        path = f"spec.limits[{index}]"
        kind = item.get("type", "")
        if kind in seen:
            yield duplicate(f"{path}.type", kind)
        seen.add(kind)
        if kind not in _LIMIT_TYPES and "/" not in kind:
            yield invalid(f"{path}.type", kind, "must be a standard limit type or fully qualified")
        yield from _limit_item(item, kind, path)


def _limit_item(item: Obj, kind: str, path: str) -> Iterator[Cause]:
    if kind == "Pod":
        for key in ("default", "defaultRequest"):
            if item.get(key):
                yield forbidden(f"{path}.{key}", "may not be specified when `type` is 'Pod'")
    if kind == "PersistentVolumeClaim" and not any("storage" in (item.get(k) or {}) for k in ("min", "max")):
        yield required(
            f"{path}.limits", "either minimum or maximum storage value is required, but neither was provided"
        )
    parts = ("min", "max", "default", "defaultRequest", "maxLimitRequestRatio")
    judged = container_resource_name if kind in ("Pod", "Container") else resource_name
    for part in ("max", "min") if kind == "Pod" else ("max", "min", "default", "defaultRequest"):
        for name in item.get(part) or {}:
            yield from judged(name, f"{path}.{part}[{name}]")
    names = dict.fromkeys(name for part in parts for name in item.get(part) or {})
    for name in names:
        yield from _limit_of(name, {part: (item.get(part) or {}).get(name) for part in parts}, path)


def _limit_of(name: str, item: dict[str, Any], path: str) -> Iterator[Cause]:
    """The amounts for one resource must be in order: minimum, default request, default limit, maximum."""
    least, most, default, request = item["min"], item["max"], item["default"], item["defaultRequest"]

    def above(a: Any, b: Any) -> bool:
        return a is not None and b is not None and quantity.compare(a, b) > 0

    if above(least, most):
        yield invalid(f"{path}.min[{name}]", least, f"min value {least} is greater than max value {most}")
    below = f"{path}.defaultRequest[{name}]"
    if above(least, request):
        yield invalid(below, request, f"min value {least} is greater than default request value {request}")
    if above(request, most):
        yield invalid(below, request, f"default request value {request} is greater than max value {most}")
    if above(request, default):
        yield invalid(below, request, f"default request value {request} is greater than default limit value {default}")
    # For defaults upstream prints the bound, not the default.
    if above(least, default):
        yield invalid(f"{path}.default[{name}]", least, f"min value {least} is greater than default value {default}")
    if above(default, most):
        yield invalid(f"{path}.default[{name}]", most, f"default value {default} is greater than max value {most}")
    ratio = item["maxLimitRequestRatio"]
    if ratio is not None and quantity.compare(ratio, "1") < 0:
        yield invalid(f"{path}.maxLimitRequestRatio[{name}]", ratio, f"ratio {ratio} is less than 1")


def budget(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    yield from _budget_spec(obj.get("spec") or {})


def budget_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _budget_spec(new["spec"])


def _budget_spec(spec: Obj) -> Iterator[Cause]:
    bounds = [key for key in ("minAvailable", "maxUnavailable") if spec.get(key) is not None]
    if len(bounds) == 2:
        yield invalid(
            "spec",
            printed_struct(spec, "PodDisruptionBudgetSpec"),
            "minAvailable and maxUnavailable cannot be both set",
        )
    for key in bounds:
        yield from count_or_percent(spec[key], f"spec.{key}")
        yield from at_most_all(spec[key], f"spec.{key}")
    yield from label_selector(spec.get("selector"), "spec.selector")
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None and policy not in ("AlwaysAllow", "IfHealthyBudget"):
        yield not_supported("spec.unhealthyPodEvictionPolicy", policy, ("AlwaysAllow", "IfHealthyBudget"))


def priority_class(obj: Obj) -> Iterator[Cause]:
    meta = obj.get("metadata") or {}
    yield from metadata(meta)
    name, value = meta.get("name", ""), obj.get("value", 0)
    if name.startswith("system-"):
        if _SYSTEM_CLASSES.get(name) != value:
            why = "priority class names with 'system-' prefix are reserved for system use only. error: "
            known = f"{name} is not a known system priority class"
            if name in _SYSTEM_CLASSES:
                known = f"value of {name} PriorityClass must be {_SYSTEM_CLASSES[name]}"
            yield forbidden("metadata.name", why + known)
    elif value > _MAX_USER_PRIORITY:
        yield forbidden("value", f"maximum allowed value of a user defined priority is {_MAX_USER_PRIORITY}")
    policy = obj.get("preemptionPolicy")
    if policy not in (None, "PreemptLowerPriority", "Never"):
        yield not_supported("preemptionPolicy", policy, ("PreemptLowerPriority", "Never"))


def priority_class_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    if new.get("value", 0) != old.get("value", 0):
        yield forbidden("value", "may not be changed in an update.")
    yield from immutable(new.get("preemptionPolicy"), old.get("preemptionPolicy"), "preemptionPolicy")
