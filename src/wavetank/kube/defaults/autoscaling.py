"""Defaults of HorizontalPodAutoscalers: a CPU target of 80 %, one replica at least, and the rules of scaling."""

from __future__ import annotations

from typing import Any

from ..types import Obj

_CPU_PERCENT = 80
_UP_POLICIES = (
    {"type": "Pods", "value": 4, "periodSeconds": 15},
    {"type": "Percent", "value": 100, "periodSeconds": 15},
)
_DOWN_POLICIES = ({"type": "Percent", "value": 100, "periodSeconds": 15},)


def _fill_autoscaler(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("minReplicas", 1)
    if obj.get("apiVersion") == "autoscaling/v1":
        spec.setdefault("targetCPUUtilizationPercentage", _CPU_PERCENT)
        obj.setdefault("status", {}).setdefault("currentReplicas", 0)
    else:
        _fill_metrics(spec)
        obj.setdefault("status", {}).setdefault("currentMetrics", None)
    obj["status"].setdefault("desiredReplicas", 0)


def _fill_metrics(spec: Obj) -> None:
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": _CPU_PERCENT}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    if isinstance(spec.get("behavior"), dict):
        behavior = spec["behavior"]
        behavior["scaleUp"] = _rules(behavior.get("scaleUp"), _UP_POLICIES, {"stabilizationWindowSeconds": 0})
        behavior["scaleDown"] = _rules(behavior.get("scaleDown"), _DOWN_POLICIES, {})


def _rules(stated: Obj | None, policies: tuple[Obj, ...], defaults: dict[str, Any]) -> Obj:
    """The stated rules over the default ones, field by field (``copyHPAScalingRules``)."""
    rules: Obj = {"policies": [dict(policy) for policy in policies], "selectPolicy": "Max", **defaults}
    return rules | {key: value for key, value in (stated or {}).items() if value is not None and value != []}


FILLERS = {"HorizontalPodAutoscaler": _fill_autoscaler}
