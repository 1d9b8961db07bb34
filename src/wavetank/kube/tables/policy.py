"""What bounds and steers workloads: autoscalers, budgets, quotas, priorities, role bindings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from .. import quantity
from ..types import Obj
from .cells import (
    AGE,
    NAME,
    NONE,
    UNKNOWN,
    UNSET,
    Cell,
    Column,
    Printer,
    age,
    joined,
    name_of,
    spec_of,
    status_of,
    wide,
    with_more,
)

_MAX_METRICS = 2
#: metric source type -> field that holds it, in a metric's spec and status alike
_SOURCES = {
    "Resource": "resource",
    "ContainerResource": "containerResource",
    "Pods": "pods",
    "Object": "object",
    "External": "external",
}


def _autoscaler(obj: Obj, now: datetime) -> list[Cell]:
    spec, status = spec_of(obj), status_of(obj)
    target = spec.get("scaleTargetRef") or {}
    minimum = spec.get("minReplicas")
    return [
        name_of(obj),
        f"{target.get('kind', '')}/{target.get('name', '')}",
        metrics_text(_metrics(spec), _current_metrics(status)),
        UNSET if minimum is None else str(minimum),
        spec.get("maxReplicas", 0),
        status.get("currentReplicas") or 0,
        age(obj, now),
    ]


def _metrics(spec: Obj) -> Sequence[Obj]:
    """The metrics of either version of the API; v1 knows CPU only."""
    percent = spec.get("targetCPUUtilizationPercentage")
    if percent is None:
        return spec.get("metrics") or ()
    target = {"type": "Utilization", "averageUtilization": percent}
    return ({"type": "Resource", "resource": {"name": "cpu", "target": target}},)


def _current_metrics(status: Obj) -> Sequence[Obj]:
    percent = status.get("currentCPUUtilizationPercentage")
    if percent is None:
        return status.get("currentMetrics") or ()
    return ({"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": percent}}},)


def metrics_text(metrics: Sequence[Obj], current: Sequence[Obj]) -> str:
    """``cpu: 12%/70%`` of up to two metrics, ``<unknown>`` for what was not measured (``formatHPAMetrics``)."""
    if not metrics:
        return NONE
    shown = [_metric_text(m, current[i] if i < len(current) else {}) for i, m in enumerate(metrics)]
    return with_more(shown, _MAX_METRICS, ", ")


def _metric_text(metric: Obj, status: Obj) -> str:
    kind = metric.get("type", "")
    if kind not in _SOURCES:
        return "<unknown type>"
    source = metric.get(_SOURCES[kind]) or {}
    now = (status.get(_SOURCES[kind]) or {}).get("current") or {}
    target = source.get("target") or {}
    if kind in ("Resource", "ContainerResource"):
        return f"{source.get('name', '')}: {_share_or_amount(target, now)}"
    if target.get("averageValue") is not None:
        suffix = "" if kind == "Pods" else " (avg)"
        return f"{_amount(now.get('averageValue'))}/{_amount(target['averageValue'])}{suffix}"
    return f"{_amount(now.get('value'))}/{_amount(target.get('value'))}"


def _share_or_amount(target: Obj, now: Obj) -> str:
    if target.get("averageValue") is not None:
        return f"{_amount(now.get('averageValue'))}/{_amount(target['averageValue'])}"
    wanted = target.get("averageUtilization")
    return f"{_percent(now.get('averageUtilization'))}/{'<auto>' if wanted is None else _percent(wanted)}"


def _percent(share: int | None) -> str:
    return UNKNOWN if share is None else f"{share}%"


def _amount(value: Any) -> str:
    return UNKNOWN if value is None else quantity.canonical(value)


def _budget(obj: Obj, now: datetime) -> list[Cell]:
    spec = spec_of(obj)
    bounds = ["N/A" if spec.get(k) is None else str(spec[k]) for k in ("minAvailable", "maxUnavailable")]
    return [name_of(obj), *bounds, status_of(obj).get("disruptionsAllowed") or 0, age(obj, now)]


def _quota(obj: Obj, now: datetime) -> list[Cell]:
    status = status_of(obj)
    hard, used = status.get("hard") or {}, status.get("used") or {}
    shown = {name: f"{name}: {quantity.canonical(used.get(name, 0))}/{quantity.canonical(hard[name])}" for name in hard}
    requests = joined((shown[name] for name in sorted(shown) if not name.startswith("limits.")), ", ")
    limits = joined((shown[name] for name in sorted(shown) if name.startswith("limits.")), ", ")
    return [name_of(obj), requests, limits, age(obj, now)]


def _priority_class(obj: Obj, now: datetime) -> list[Cell]:
    policy = obj.get("preemptionPolicy") or ""
    return [name_of(obj), obj.get("value", 0), bool(obj.get("globalDefault")), age(obj, now), policy]


def _binding(obj: Obj, now: datetime) -> list[Cell]:
    role, subjects = obj.get("roleRef") or {}, obj.get("subjects") or ()
    users = [s["name"] for s in subjects if s.get("kind") == "User"]
    groups = [s["name"] for s in subjects if s.get("kind") == "Group"]
    accounts = [f"{s.get('namespace', '')}/{s['name']}" for s in subjects if s.get("kind") == "ServiceAccount"]
    names = [joined(kind, ", ") for kind in (users, groups, accounts)]
    return [name_of(obj), f"{role.get('kind', '')}/{role.get('name', '')}", age(obj, now), *names]


def _scale(obj: Obj, now: datetime) -> list[Cell]:
    return [name_of(obj), spec_of(obj).get("replicas") or 0, status_of(obj).get("replicas") or 0, age(obj, now)]


AUTOSCALERS = Printer(
    (
        NAME,
        Column("Reference"),
        Column("Targets"),
        Column("MinPods"),
        Column("MaxPods"),
        Column("Replicas"),
        AGE,
    ),
    _autoscaler,
)
BUDGETS = Printer(
    (NAME, Column("Min Available"), Column("Max Unavailable"), Column("Allowed Disruptions", "integer"), AGE),
    _budget,
)
QUOTAS = Printer((NAME, Column("Request"), Column("Limit"), AGE), _quota)
PRIORITY_CLASSES = Printer(
    (NAME, Column("Value", "integer"), Column("Global-Default", "boolean"), AGE, Column("PreemptionPolicy")),
    _priority_class,
)
ROLE_BINDINGS = Printer(
    (NAME, Column("Role"), AGE, wide("Users"), wide("Groups"), wide("ServiceAccounts")),
    _binding,
)
SCALES = Printer((NAME, Column("Desired", "integer"), Column("Available", "integer"), AGE), _scale)
