"""KEDA's metrics server: what external.metrics.k8s.io answers, to autoscalers and to kubectl.

Upstream ``pkg/provider`` and ``pkg/scaling/scale_handler.go`` (``GetScaledObjectMetrics``): the server asks the operator, so
both must be Ready.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.controllers.custom_metrics import MetricError, NoAdapter, Sample
from wavetank.twin.controllers.informer import address

from .health import fallback_replicas, has_failed_enough, health_after, is_falling_back
from .objects import EXTERNAL_GROUP
from .operator import ScaledObjects
from .readings import Measured, Readings
from .scaled_object import COMPOSITE_METRIC, KEY, OWNER_LABEL, ScaledObject
from .scalers import ExternalScaler
from .scaling import composite
from .sources import SourceError

API_SERVICES = "apiservices.apiregistration.k8s.io"


class KedaMetrics:
    """The adapter of external metrics (a ``MetricsAdapter``)."""

    def __init__(
        self, cluster: Cluster, operator: ScaledObjects, readings: Readings, serves: Callable[[str], bool]
    ) -> None:
        self._cluster, self._operator, self._readings, self._serves = cluster, operator, readings, serves

    def available(self) -> bool:
        """Whether the API is registered and somebody serves it."""
        return self._registered() and self._serves("metrics")

    def _registered(self) -> bool:
        return self._cluster.find(API_SERVICES, "", f"v1beta1.{EXTERNAL_GROUP}") is not None

    def pods(self, namespace: str, metric: str) -> Mapping[str, Sample]:
        return NoAdapter().pods(namespace, metric)

    def of_object(self, namespace: str, described: Obj, metric: str) -> int:
        return NoAdapter().of_object(namespace, described, metric)

    def external(self, namespace: str, metric: str, selector: Obj | None) -> Sequence[int]:
        """Values in thousandths; MetricError with the words of the API."""
        return self.series(namespace, metric, LabelSelector.from_object(selector or {}))

    def series(self, namespace: str, metric: str, labels: LabelSelector) -> Sequence[int]:
        if not self._registered():
            return NoAdapter().external(namespace, metric, None)
        if not self._serves("metrics"):
            raise MetricError(f"the server is currently unable to handle the request (get {metric}.{EXTERNAL_GROUP})")
        scaled = self._scaled_object(namespace, metric, labels)
        return [self._value(scaled, metric)]

    def _scaled_object(self, namespace: str, metric: str, selector: LabelSelector) -> ScaledObject:
        """The one that the selector names; without its label, no metric can be found."""
        found = self._cluster.list(KEY, namespace, lambda obj: selector.matches(obj["metadata"].get("labels")))
        if not selector.requirements or not found:
            raise MetricError(f"scaledObject name is not specified for metric {metric}; label {OWNER_LABEL} is needed")
        if len(found) > 1:
            raise MetricError("exactly one ScaledObject should match label")
        return ScaledObject(found[0])

    def _value(self, scaled: ScaledObject, metric: str) -> int:
        loop = self._operator.loop_of(address(scaled.obj))
        if not self._serves("operator") or loop is None:
            raise MetricError("rpc error: code = Unavailable desc = the KEDA operator cannot be reached")
        scalers = [s for s in loop.external if s.metric_name == metric]
        if metric == COMPOSITE_METRIC and scaled.modifiers:
            scalers = loop.external
        if not scalers:
            raise MetricError(f"rpc error: code = Unknown desc = no matching metrics found for {metric}")
        measured = {s.metric_name: self._readings.for_autoscaler(s) for s in scalers}
        value = self._combined(scaled, scalers, measured) if metric == COMPOSITE_METRIC else _number(measured[metric])
        return self._with_fallback(scaled, scalers, measured, metric, value)

    def _combined(
        self, scaled: ScaledObject, scalers: Sequence[ExternalScaler], measured: Mapping[str, Measured | SourceError]
    ) -> float | SourceError:
        failed = next((m for m in measured.values() if isinstance(m, SourceError)), None)
        if failed is not None:
            return failed
        values = {s.trigger_name: m.value for s in scalers if isinstance(m := measured[s.metric_name], Measured)}
        return composite(scaled.modifiers, values)

    def _with_fallback(
        self,
        scaled: ScaledObject,
        scalers: Sequence[ExternalScaler],
        measured: Mapping[str, Measured | SourceError],
        metric: str,
        value: float | SourceError,
    ) -> int:
        health = self._operator.health(scaled)
        for name, each in measured.items():
            health = health_after(health, name, failed=isinstance(each, SourceError))
        kind, target = _goal(scaled, scalers)
        self._operator.note_health(scaled, health, falling_back=is_falling_back(scaled, health, kind))
        if not isinstance(value, SourceError):
            return round(value * 1000)
        fallback = scaled.fallback
        failing = next((name for name, each in measured.items() if isinstance(each, SourceError)), metric)
        if fallback is None or not has_failed_enough(fallback, health, failing, kind):
            raise MetricError(f"rpc error: code = Unknown desc = error when getting metric values {value.message}")
        return round(fallback_replicas(fallback, self._current(scaled)) * target * 1000)

    def _current(self, scaled: ScaledObject) -> int:
        key = self._cluster.resource_of(scaled.target).key
        scale = self._cluster.scale_of(key, scaled.namespace, scaled.target["name"])
        return int(scale["spec"].get("replicas") or 0)


def _number(measured: Measured | SourceError) -> float | SourceError:
    return measured.value if isinstance(measured, Measured) else measured


def _goal(scaled: ScaledObject, scalers: Sequence[ExternalScaler]) -> tuple[str, float]:
    """(type, value) of the target that the HPA has."""
    if scaled.modifiers:
        return str(scaled.modifiers.get("metricType") or "AverageValue"), float(scaled.modifiers["target"])
    return scalers[0].target_type, scalers[0].target
