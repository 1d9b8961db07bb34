"""Rules of HorizontalPodAutoscalers (``pkg/apis/autoscaling/validation``)."""

from __future__ import annotations

from collections.abc import Iterator

from .. import quantity
from ..errors import Cause
from ..types import Obj
from .causes import forbidden, invalid, not_supported, required
from .metadata import metadata, metadata_update
from .names import path_segment
from .selectors import label_selector

_SOURCES = {"Object": "object", "Pods": "pods", "Resource": "resource", "External": "external"} | {
    "ContainerResource": "containerResource"
}
_MAX_WINDOW_SECONDS = 3600
_MAX_PERIOD_SECONDS = 1800


def autoscaler(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    yield from _spec(obj.get("spec") or {})


def autoscaler_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _spec(new["spec"])


def _spec(spec: Obj) -> Iterator[Cause]:
    least, most = spec.get("minReplicas"), spec.get("maxReplicas", 0)
    if least is not None and least < 1:
        yield invalid("spec.minReplicas", least, "must be greater than or equal to 1")
    if most < 1:
        yield invalid("spec.maxReplicas", most, "must be greater than 0")
    if least is not None and most < least:
        yield invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    yield from _reference(spec.get("scaleTargetRef") or {}, "spec.scaleTargetRef")
    for index, metric in enumerate(spec.get("metrics") or ()):
        yield from _metric(metric, f"spec.metrics[{index}]")
    for direction in ("scaleUp", "scaleDown"):
        rules = (spec.get("behavior") or {}).get(direction)
        if rules is not None:
            yield from _rules(rules, f"spec.behavior.{direction}")


def _reference(reference: Obj, path: str) -> Iterator[Cause]:
    for key in ("kind", "name"):
        value = reference.get(key)
        if not value:
            yield required(f"{path}.{key}")
        else:
            for problem in path_segment(value):
                yield invalid(f"{path}.{key}", value, problem)


def _metric(metric: Obj, path: str) -> Iterator[Cause]:
    kind = metric.get("type", "")
    if not kind:
        yield required(f"{path}.type", "must specify a metric source type")
        return
    if kind not in _SOURCES:
        yield not_supported(f"{path}.type", kind, sorted(_SOURCES))
        return
    for name in _SOURCES.values():
        if metric.get(name) is not None and name != _SOURCES[kind]:
            yield forbidden(f"{path}.{name}", "must populate the given metric source only")
    source = metric.get(_SOURCES[kind])
    if source is None:
        yield required(f"{path}.{_SOURCES[kind]}", "must populate information for the given metric source")
    else:
        yield from _source(kind, source, f"{path}.{_SOURCES[kind]}")


def _source(kind: str, source: Obj, path: str) -> Iterator[Cause]:
    target = source.get("target") or {}
    if kind in ("Resource", "ContainerResource"):
        if not source.get("name"):
            yield required(f"{path}.name", "must specify a resource name")
        if kind == "ContainerResource" and not source.get("container"):
            yield required(f"{path}.container", "must specify a container")
        yield from _resource_target(target, f"{path}.target")
        return
    metric = source.get("metric") or {}
    if not metric.get("name"):
        yield required(f"{path}.metric.name", "must specify a metric name")
    yield from label_selector(metric.get("selector"), f"{path}.metric.selector")
    if kind == "Object":
        yield from _reference(source.get("describedObject") or {}, f"{path}.describedObject")
    yield from _target(target, f"{path}.target")
    if kind == "Pods":
        if target.get("averageValue") is None:
            yield required(f"{path}.target.averageValue", "must specify a positive target averageValue")
    elif target.get("value") is None and target.get("averageValue") is None:
        yield required(f"{path}.target.averageValue", "must set either a target value for metric or a per-pod target")


def _resource_target(target: Obj, path: str) -> Iterator[Cause]:
    yield from _target(target, path)
    percent, value = target.get("averageUtilization"), target.get("averageValue")
    if percent is not None and percent < 1:
        yield invalid(f"{path}.averageUtilization", percent, "must be greater than 0")
    if percent is None and value is None:
        yield required(f"{path}.averageUtilization", "must set either a target raw value or a target utilization")
    if percent is not None and value is not None:
        yield forbidden(f"{path}.averageValue", "may not set both a target raw value and a target utilization")


def _target(target: Obj, path: str) -> Iterator[Cause]:
    kind = target.get("type", "")
    if not kind:
        yield required(f"{path}.type", "must specify a metric target type")
    elif kind not in ("Utilization", "Value", "AverageValue"):
        yield invalid(f"{path}.type", kind, "must be either Utilization, Value, or AverageValue")
    for key in ("value", "averageValue"):
        if target.get(key) is not None and quantity.parse(target[key]) <= 0:
            yield invalid(f"{path}.{key}", target[key], "must be positive")


def _rules(rules: Obj, path: str) -> Iterator[Cause]:
    window = rules.get("stabilizationWindowSeconds")
    if window is not None and window < 0:
        yield invalid(f"{path}.stabilizationWindowSeconds", window, "must be greater than or equal to zero")
    if window is not None and window > _MAX_WINDOW_SECONDS:
        yield invalid(
            f"{path}.stabilizationWindowSeconds", window, f"must be less than or equal to {_MAX_WINDOW_SECONDS}"
        )
    select = rules.get("selectPolicy")
    if select is not None and select not in ("Max", "Min", "Disabled"):
        yield not_supported(f"{path}.selectPolicy", select, ("Disabled", "Max", "Min"))
    if not rules.get("policies"):
        yield required(f"{path}.policies", "must specify at least one Policy")
    for index, policy in enumerate(rules.get("policies") or ()):
        yield from _policy(policy, f"{path}.policies[{index}]")
    tolerance = rules.get("tolerance")
    if tolerance is not None and quantity.parse(tolerance) < 0:
        yield invalid(f"{path}.tolerance", tolerance, "must be greater or equal to zero")


def _policy(policy: Obj, path: str) -> Iterator[Cause]:
    if policy.get("type") not in ("Pods", "Percent"):
        yield not_supported(f"{path}.type", policy.get("type", ""), ("Percent", "Pods"))
    if policy.get("value", 0) <= 0:
        yield invalid(f"{path}.value", policy.get("value", 0), "must be greater than zero")
    seconds = policy.get("periodSeconds", 0)
    if seconds <= 0:
        yield invalid(f"{path}.periodSeconds", seconds, "must be greater than zero")
    if seconds > _MAX_PERIOD_SECONDS:
        yield invalid(f"{path}.periodSeconds", seconds, f"must be less than or equal to {_MAX_PERIOD_SECONDS}")
