"""Autoscalers that rest: a pass is left out when it would look at what the last one looked at, and that one changed nothing.

Used by ``hpa`` only. Most passes of a day are of this kind; what is left of them is a look at the samples.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wavetank.kube.conditions import is_pod_ready
from wavetank.kube.pod_phase import is_terminating, phase
from wavetank.kube.times import parse
from wavetank.kube.types import Obj
from wavetank.twin.cluster.ports import ComparableMetrics, MetricsSource

from .settings import HpaSettings

_COMPARABLE = ("Resource", "ContainerResource")


@dataclass(frozen=True)
class Rest:
    """What a pass looked at: the objects themselves, since a changed object is another one, and the samples."""

    hpa: Obj
    target: Obj
    #: How often pods of the namespace, and selectors of autoscalers, had changed.
    versions: tuple[int, int]
    names: Sequence[str]
    readings: Hashable
    #: What the metrics asked for, which the autoscaler remembers each time.
    replicas: int
    window_seconds: float


def comparable(metrics: MetricsSource) -> ComparableMetrics | None:
    """The source, if it can tell cheaply whether anything has changed."""
    return metrics if isinstance(metrics, ComparableMetrics) else None


def readings(metrics: ComparableMetrics | None, hpa: Obj, names: Sequence[str]) -> Hashable | None:
    """All that the metrics of an autoscaler say of these pods, to be compared; None where that cannot be told."""
    if metrics is None or any(spec["type"] not in _COMPARABLE for spec in hpa["spec"].get("metrics") or ()):
        return None
    return metrics.readings(hpa["metadata"]["namespace"], names)


def is_settled(pod: Obj, settings: HpaSettings, now: datetime) -> bool:
    """Whether a pod's samples count, and will go on to count while the pod stays as it is."""
    started = (pod.get("status") or {}).get("startTime")
    if not started or is_terminating(pod) or phase(pod) != "Running" or not is_pod_ready(pod):
        return False
    return parse(started) + timedelta(seconds=settings.cpu_initialization_period_seconds) <= now
