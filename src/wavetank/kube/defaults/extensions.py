"""Defaults of groups that have one or two kinds: scheduling, policy, extension of the API."""

from __future__ import annotations

from ..types import Obj


def _fill_priority_class(obj: Obj) -> None:
    obj.setdefault("value", 0)
    obj.setdefault("preemptionPolicy", "PreemptLowerPriority")


def _fill_budget(obj: Obj) -> None:
    obj.setdefault("spec", {})
    status = obj.setdefault("status", {})
    for count in ("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods"):
        status.setdefault(count, 0)


def _fill_definition(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    names = spec.setdefault("names", {})
    kind = names.get("kind", "")
    names["singular"] = names.get("singular") or kind.lower()
    names["listKind"] = names.get("listKind") or (kind + "List" if kind else "")
    spec["conversion"] = spec.get("conversion") or {"strategy": "None"}
    service = ((spec["conversion"].get("webhook") or {}).get("clientConfig") or {}).get("service")
    if isinstance(service, dict):
        service.setdefault("port", 443)


def _fill_api_service(obj: Obj) -> None:
    service = obj.setdefault("spec", {}).get("service")
    if isinstance(service, dict):
        service.setdefault("port", 443)
    obj.setdefault("status", {})


def _fill_flow_schema(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    spec["matchingPrecedence"] = spec.get("matchingPrecedence") or 1000
    obj.setdefault("status", {})


def _fill_lease(obj: Obj) -> None:
    obj.setdefault("spec", {})


FILLERS = {
    ("scheduling.k8s.io", "PriorityClass"): _fill_priority_class,
    ("policy", "PodDisruptionBudget"): _fill_budget,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _fill_definition,
    ("apiregistration.k8s.io", "APIService"): _fill_api_service,
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): _fill_flow_schema,
    ("coordination.k8s.io", "Lease"): _fill_lease,
}
