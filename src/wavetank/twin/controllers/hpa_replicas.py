"""How many replicas a metric asks for. Pure arithmetic of the HorizontalPodAutoscaler.

Upstream: ``pkg/controller/podautoscaler/replica_calculator.go`` and ``metrics/utilization.go``. Usage, requests and
targets are integers in milli-units.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wavetank.kube import conditions
from wavetank.kube.pod_phase import is_terminating, phase
from wavetank.kube.times import parse
from wavetank.kube.types import Obj

from .base import LONG_AGO
from .custom_metrics import MetricError, Sample
from .settings import HpaSettings

NO_PODS = "no pods returned by selector while calculating replica count"
NO_METRICS = "did not receive metrics for targeted pods (pods might be unready)"


@dataclass(frozen=True)
class Tolerance:
    """How far from 1.0 a ratio may be without effect; both bounds included."""

    down: float
    up: float

    def covers(self, ratio: float) -> bool:
        return 1.0 - self.down <= ratio <= 1.0 + self.up


@dataclass(frozen=True)
class Grouped:
    """Pods by what their metrics are worth."""

    ready: frozenset[str]
    unready: frozenset[str]
    missing: frozenset[str]


@dataclass(frozen=True)
class Proposal:
    """What one metric asks for, and what is shown of it in the status."""

    replicas: int
    name: str
    current: Obj


def grouped(
    pods: Sequence[Obj], samples: Mapping[str, Sample], *, cpu: bool, settings: HpaSettings, now: datetime
) -> Grouped:
    """``groupPods``; pods that are going or have failed are in no group."""
    ready, unready, missing = set[str](), set[str](), set[str]()
    for pod in pods:
        name = pod["metadata"]["name"]
        if is_terminating(pod) or phase(pod) == "Failed":
            continue
        if phase(pod) == "Pending":
            unready.add(name)
        elif name not in samples:
            missing.add(name)
        elif cpu and _is_starting(pod, samples[name], settings, now):
            unready.add(name)
        else:
            ready.add(name)
    return Grouped(frozenset(ready), frozenset(unready), frozenset(missing))


def _is_starting(pod: Obj, sample: Sample, settings: HpaSettings, now: datetime) -> bool:
    """Its cpu use may be that of starting up, or it never became ready."""
    ready = conditions.condition(pod, "Ready")
    start_text = (pod.get("status") or {}).get("startTime")
    if ready is None or not start_text:
        return True
    start, changed = parse(start_text), parse(ready.get("lastTransitionTime") or LONG_AGO)
    if start + timedelta(seconds=settings.cpu_initialization_period_seconds) > now:
        too_early = sample.moment < changed + timedelta(seconds=sample.window_seconds)
        return ready["status"] == "False" or too_early
    grace = timedelta(seconds=settings.initial_readiness_delay_seconds)
    return ready["status"] == "False" and start + grace > changed


def utilization(usage: Mapping[str, int], requests: Mapping[str, int]) -> int:
    """Percent of the requests that is used, rounded down, over the pods in both."""
    both = [name for name in usage if name in requests]
    total = sum(requests[name] for name in both)
    if total == 0:
        raise MetricError("no metrics returned matched known pods")
    return sum(usage[name] for name in both) * 100 // total


def by_utilization(
    current: int, target: int, values: Mapping[str, int], groups: Grouped, requests: Mapping[str, int], near: Tolerance
) -> tuple[int, int]:
    """(replicas, utilization in percent) for a target utilization. ``values`` are those of the ready pods."""
    percent = utilization(values, requests)

    def ratio_of(usage: Mapping[str, int]) -> float:
        return utilization(usage, requests) / target

    fallback = {name: requests.get(name, 0) * max(100, target) // 100 for name in groups.missing}
    return _replicas(current, percent / target, values, groups, fallback, ratio_of, near), percent


def by_average(
    current: int, target: int, values: Mapping[str, int], groups: Grouped, near: Tolerance
) -> tuple[int, int]:
    """(replicas, average) for a target average value per pod (``calcPlainMetricReplicas``)."""

    def ratio_of(usage: Mapping[str, int]) -> float:
        return sum(usage.values()) // len(usage) / target

    average = sum(values.values()) // len(values)
    fallback = dict.fromkeys(groups.missing, target)
    return _replicas(current, ratio_of(values), values, groups, fallback, ratio_of, near), average


def _replicas(
    current: int,
    ratio: float,
    values: Mapping[str, int],
    groups: Grouped,
    fallback: Mapping[str, int],
    ratio_of: Callable[[Mapping[str, int]], float],
    near: Tolerance,
) -> int:
    with_unready = bool(groups.unready) and ratio > 1.0
    if not with_unready and not groups.missing:
        return current if near.covers(ratio) else math.ceil(ratio * len(values))
    filled = dict(values)
    if ratio < 1.0:
        filled |= fallback
    elif ratio > 1.0:
        filled |= dict.fromkeys(groups.missing, 0)
    if with_unready:
        filled |= dict.fromkeys(groups.unready, 0)
    cautious = ratio_of(filled)
    flipped = (ratio < 1.0 < cautious) or (cautious < 1.0 < ratio)
    if near.covers(cautious) or flipped:
        return current
    replicas = math.ceil(cautious * len(filled))
    against = (cautious < 1.0 and replicas > current) or (cautious > 1.0 and replicas < current)
    return current if against else replicas


def by_value(current: int, usage: int, target: int, ready_pods: int, near: Tolerance) -> int:
    """Replicas for a value that all pods share (``getUsageRatioReplicaCount``)."""
    ratio = usage / target
    if current == 0:
        return math.ceil(ratio)
    return current if near.covers(ratio) else math.ceil(ratio * ready_pods)


def by_value_per_pod(status_replicas: int, usage: int, target: int, near: Tolerance) -> int:
    """Replicas for a value that is divided among the pods."""
    if status_replicas and near.covers(usage / (target * status_replicas)):
        return status_replicas
    return -(-usage // target)
