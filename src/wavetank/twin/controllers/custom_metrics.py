"""The custom and external metrics APIs as the autoscaler needs them, and what they answer where no adapter is installed.

Stated here so that components that bring an adapter (KEDA, the Prometheus adapter) can be plugged in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj


class MetricError(Exception):
    """A metric from which no number of replicas can be computed; the text is that of the controller."""


class Sample(NamedTuple):
    """A pod's value over ``window_seconds`` that ended at ``moment``."""

    milli: int
    moment: datetime
    window_seconds: float


class CustomMetrics(Protocol):
    """The custom and external metrics APIs; values in milli-units. All three raise MetricError when they have none."""

    def pods(self, namespace: str, metric: str) -> Mapping[str, Sample]: ...

    def of_object(self, namespace: str, described: Obj, metric: str) -> int: ...

    def external(self, namespace: str, metric: str, selector: Obj | None) -> Sequence[int]: ...


class MetricsAdapter(CustomMetrics, Protocol):
    """An adapter whose metrics people can ask for as well, through the API."""

    def available(self) -> bool:
        """Whether external.metrics.k8s.io is registered and answers."""
        ...

    def series(self, namespace: str, metric: str, labels: LabelSelector) -> Sequence[int]:
        """The values that ``external`` gives, for a selector as a query has it."""
        ...


class NoAdapter:
    """No adapter is installed."""

    def available(self) -> bool:
        return False

    def series(self, namespace: str, metric: str, labels: LabelSelector) -> Sequence[int]:
        return self.external(namespace, metric, None)

    def pods(self, namespace: str, metric: str) -> Mapping[str, Sample]:
        raise MetricError("no custom metrics API (custom.metrics.k8s.io) registered")

    def of_object(self, namespace: str, described: Obj, metric: str) -> int:
        raise MetricError("no custom metrics API (custom.metrics.k8s.io) registered")

    def external(self, namespace: str, metric: str, selector: Obj | None) -> Sequence[int]:
        raise MetricError(f"the server could not find the requested resource (get {metric}.external.metrics.k8s.io)")
