"""Which chart an object goes to: that of the workload it belongs to, or the platform's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wavetank.plan.model import Plan
from wavetank.render.trace import Traced, bare, steps, untraced, value_at

NAME_LABEL = "app.kubernetes.io/name"
#: there is one of them for the whole platform, whoever asked for it
_OF_THE_PLATFORM = frozenset({"Namespace", "ClusterRole", "ClusterRoleBinding", "StorageClass", "PriorityClass"})


def owner_of(plan: Plan, item: Traced) -> str:
    """The name of a workload; "" for what belongs to the platform as a whole."""
    names = {workload.name: workload.namespace for workload in plan.workloads}
    value, path, _ = untraced(item)
    if value["kind"] in _OF_THE_PLATFORM:
        return ""
    found = (_by_path(path), _by_reference(plan, path), _by_label(value, names))
    return next((name for name in found if name in names), "")


def _by_path(path: str) -> str:
    where = steps(path)
    return where[1] if where[:1] == ("workloads",) and len(where) > 1 else ""


def _by_reference(plan: Plan, path: str) -> str:
    """What the plan says of the thing itself: its workload, or the workload of the service that it speaks of."""
    try:
        thing = value_at(plan, path)
    except LookupError:
        return ""
    service = getattr(thing, "service", None)
    served = next((item.workload for item in plan.services if item.name == service), "")
    return getattr(thing, "workload", None) or served or ""


def _by_label(value: Mapping[str, Any], names: Mapping[str, str]) -> str:
    metadata = bare(value["metadata"])
    name = str((metadata.get("labels") or {}).get(NAME_LABEL, ""))
    return name if names.get(name) == metadata.get("namespace") else ""
