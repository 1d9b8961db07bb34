"""Conversions between the version an object is stored in and the versions it is served in.

The pipeline calls ``stored`` on what comes in, the edge ``served`` on what goes out. Only two built-in kinds of 1.36 have
two views: HorizontalPodAutoscaler (v1 and v2) and Event (core and events.k8s.io). Custom kinds with several versions change
their apiVersion only, as with conversion strategy ``None``.
"""

from __future__ import annotations

from typing import Any

from wavetank.kube.types import Obj, Resource

_EVENT_FIELDS = (
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
)
_TO_CORE_EVENT = {new: core for core, new in _EVENT_FIELDS}
_TO_NEW_EVENT = dict(_EVENT_FIELDS)
_CPU_PERCENT = "targetCPUUtilizationPercentage"


def stored(obj: Obj, resource: Resource) -> Obj:
    """``obj``, which came in as ``resource``, in the version in which its kind is stored."""
    match resource.group, resource.version, resource.kind:
        case "autoscaling", "v1", "HorizontalPodAutoscaler":
            return _autoscaler_v2(obj)
        case "events.k8s.io", "v1", "Event":
            return {_TO_CORE_EVENT.get(k, k): v for k, v in obj.items()} | {"apiVersion": "v1"}
        case _:
            return obj


def served(obj: Obj, resource: Resource) -> Obj:
    """A stored object as ``resource`` shows it."""
    match resource.group, resource.version, resource.kind:
        case "autoscaling", "v1", "HorizontalPodAutoscaler":
            return _autoscaler_v1(obj)
        case "events.k8s.io", "v1", "Event":
            return {_TO_NEW_EVENT.get(k, k): v for k, v in obj.items()} | {"apiVersion": "events.k8s.io/v1"}
        case _ if obj.get("apiVersion") != resource.api_version and obj.get("kind") == resource.kind:
            return {**obj, "apiVersion": resource.api_version}
        case _:
            return obj


def _cpu_metric(percent: int) -> Obj:
    target = {"type": "Utilization", "averageUtilization": percent}
    return {"type": "Resource", "resource": {"name": "cpu", "target": target}}


def _autoscaler_v2(obj: Obj) -> Obj:
    spec = dict(obj.get("spec") or {})
    percent = spec.pop(_CPU_PERCENT, None)
    if percent is not None:
        spec["metrics"] = [_cpu_metric(percent)]
    converted = {**obj, "apiVersion": "autoscaling/v2", "spec": spec}
    if "status" in obj:
        status = obj["status"] or {}
        converted["status"] = {k: v for k, v in status.items() if k != "currentCPUUtilizationPercentage"}
    return converted


def _autoscaler_v1(obj: Obj) -> Obj:
    spec = dict(obj.get("spec") or {})
    metrics = spec.pop("metrics", None) or []
    spec.pop("behavior", None)
    percent = next((p for p in map(_cpu_percent, metrics) if p is not None), None)
    if percent is not None:
        spec[_CPU_PERCENT] = percent
    status = {
        k: v
        for k, v in (obj.get("status") or {}).items()
        if k in ("observedGeneration", "lastScaleTime", "currentReplicas", "desiredReplicas")
    }
    status = {"currentReplicas": 0, "desiredReplicas": 0} | status
    return {**obj, "apiVersion": "autoscaling/v1", "spec": spec, "status": status}


def _cpu_percent(metric: dict[str, Any]) -> int | None:
    resource = metric.get("resource") or {}
    percent = (resource.get("target") or {}).get("averageUtilization")
    return percent if metric.get("type") == "Resource" and resource.get("name") == "cpu" else None
