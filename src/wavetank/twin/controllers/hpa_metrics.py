"""What the metrics of an autoscaler say: from its spec and the metric sources to proposals.

Called by ``hpa`` once per metric and pass. Metrics other than resources come from a ``CustomMetrics`` adapter; without
one they fail as they do in a cluster where none is installed.
Upstream: ``pkg/controller/podautoscaler/{horizontal,replica_calculator}.go`` and ``metrics/client.go``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from wavetank.kube import conditions, quantity
from wavetank.kube.pod_phase import phase
from wavetank.kube.resources import in_units
from wavetank.kube.types import Obj
from wavetank.twin.cluster.ports import MetricsSource, PodUsage
from wavetank.twin.engine import Engine

from .custom_metrics import CustomMetrics, MetricError, Sample
from .hpa_replicas import (
    NO_METRICS,
    NO_PODS,
    Grouped,
    Proposal,
    Tolerance,
    by_average,
    by_utilization,
    by_value,
    by_value_per_pod,
    grouped,
)
from .hpa_rest import is_settled
from .settings import HpaSettings

FAILURE_REASONS = {
    "Resource": "FailedGetResourceMetric",
    "ContainerResource": "FailedGetContainerResourceMetric",
    "Pods": "FailedGetPodsMetric",
    "Object": "FailedGetObjectMetric",
    "External": "FailedGetExternalMetric",
}


class Target(NamedTuple):
    """What is scaled, as it is in this pass: its namespace, sizes and the pods behind its selector."""

    namespace: str
    spec_replicas: int
    status_replicas: int
    pods: Sequence[Obj]
    selector: str = ""


@dataclass(frozen=True)
class Failure:
    """A metric that gave nothing: the reason and text of the condition, and the text of the error around it."""

    reason: str
    message: str
    error: str


@dataclass
class _Known:
    """What has been found out about these very pods; as soon as one of them changes they are others."""

    pods: Sequence[Obj]
    are_settled: bool = False
    #: By resource and container.
    requests: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)


class MetricReader:
    """Evaluates metric specs against the sources."""

    def __init__(self, engine: Engine, resource: MetricsSource, custom: CustomMetrics, settings: HpaSettings) -> None:
        self._engine, self._resource, self._custom, self._settings = engine, resource, custom, settings
        #: By namespace and selector.
        self._known: dict[tuple[str, str], _Known] = {}

    def forget(self, namespace: str, selector: str) -> None:
        """Nobody selects this any more."""
        self._known.pop((namespace, selector), None)

    def are_settled(self, target: Target) -> bool:
        """Whether the samples of all pods count, and will go on to count while the pods stay as they are."""
        known = self._known_of(target)
        known.are_settled = known.are_settled or all(
            # The youngest first: it settles last.
            is_settled(pod, self._settings, self._engine.utc)
            for pod in reversed(target.pods)
        )
        return known.are_settled

    def _known_of(self, target: Target) -> _Known:
        key = (target.namespace, target.selector)
        known = self._known.get(key)
        if known is None or known.pods is not target.pods:
            known = self._known[key] = _Known(target.pods)
        return known

    def proposal(self, spec: Obj, target: Target, near: Tolerance) -> Proposal | Failure:
        """What one entry of ``spec.metrics`` asks for."""
        match spec["type"]:
            case "Resource":
                source = spec["resource"]
                return self._of_resource(source, "", "resource", target, near)
            case "ContainerResource":
                source = spec["containerResource"]
                return self._of_resource(source, source["container"], "containerResource", target, near)
            case "Pods":
                return self._of_pods(spec["pods"], target, near)
            case "Object":
                return self._of_object(spec["object"], target, near)
            case "External":
                return self._of_external(spec["external"], target, near)
        text = f'unknown metric source type "{spec["type"]}"'
        return Failure("InvalidMetricSourceType", text, text)

    # --- resources ---------------------------------------------------------------------------------------------

    def _of_resource(
        self, source: Obj, container: str, field: str, target: Target, near: Tolerance
    ) -> Proposal | Failure:
        name, wanted = source["name"], source["target"]
        average = wanted.get("averageValue")
        word = "usage" if average is not None else "utilization"
        try:
            values = self._samples(name, container, target)
            groups, counted = self._grouped(target, values, cpu=name == "cpu")
            if average is not None:
                goal = quantity.milli(average)
                replicas, shown = by_average(target.spec_replicas, goal, counted, groups, near)
                current: Obj = {"averageValue": _formatted(name, shown)}
                title = f"{name} {_title(container)}"
            else:
                requests = self._requests(target, name, container)
                goal = int(wanted["averageUtilization"])
                replicas, percent = by_utilization(target.spec_replicas, goal, counted, groups, requests, near)
                mean = sum(counted.values()) // len(counted)
                current = {"averageUtilization": percent, "averageValue": _formatted(name, mean)}
                title = f"{name} {_title(container)} utilization (percentage of request)"
        except MetricError as error:
            text = f"failed to get {name} {word}: {error}"
            kind = "container" if container else "resource"
            reason = FAILURE_REASONS["ContainerResource" if container else "Resource"]
            return Failure(reason, text, f"failed to get {name} {kind} metric value: {text}")
        extra = {"container": container} if container else {}
        status = {"type": field[0].upper() + field[1:], field: {"name": name, **extra, "current": current}}
        return Proposal(replicas, title, status)

    def _samples(self, resource: str, container: str, target: Target) -> dict[str, Sample]:
        if not self._resource.available():
            why = "the server could not find the requested resource (get pods.metrics.k8s.io)"
            text = f"unable to get metrics for resource {resource}: unable to fetch metrics from resource metrics API: {why}"
            raise MetricError(text)
        names = {pod["metadata"]["name"] for pod in target.pods}
        try:
            usages = [usage for usage in self._resource.pods(target.namespace, names) if usage.name in names]
        except MetricError as error:
            why = f"unable to fetch metrics from resource metrics API: {error}"
            raise MetricError(f"unable to get metrics for resource {resource}: {why}") from error
        if not usages:
            text = f"unable to get metrics for resource {resource}: no metrics returned from resource metrics API"
            raise MetricError(text)
        stranger = next((u for u in usages if container and container not in u.containers), None)
        if stranger is not None:
            place = f"{target.namespace}/{stranger.name}"
            why = f"failed to get container metrics: container {container} not present in metrics for pod {place}"
            raise MetricError(f"unable to get metrics for resource {resource}: {why}")
        # Pods that were read together share a moment.
        moments = {seconds: self._engine.epoch + timedelta(seconds=seconds) for seconds in {u.seconds for u in usages}}
        samples = ((u, _total(u, resource, container)) for u in usages)
        return {u.name: Sample(n, moments[u.seconds], u.window_seconds) for u, n in samples if n is not None}

    def _requests(self, target: Target, resource: str, container: str) -> Mapping[str, int]:
        known = self._known_of(target).requests
        if (resource, container) not in known:
            known[resource, container] = _requests(target.pods, resource, container)
        return known[resource, container]

    def _grouped(self, target: Target, samples: Mapping[str, Sample], *, cpu: bool) -> tuple[Grouped, dict[str, int]]:
        """The groups, and the values of those that count."""
        if not target.pods:
            raise MetricError(NO_PODS)
        now: datetime = self._engine.utc
        if self.are_settled(target) and len(samples) == len(target.pods):
            groups = Grouped(frozenset(samples), frozenset(), frozenset())
        else:
            groups = grouped(target.pods, samples, cpu=cpu, settings=self._settings, now=now)
        counted = {name: samples[name].milli for name in sorted(groups.ready)}
        if not counted:
            raise MetricError(NO_METRICS)
        return groups, counted

    # --- other metrics -----------------------------------------------------------------------------------------

    def _of_pods(self, source: Obj, target: Target, near: Tolerance) -> Proposal | Failure:
        name, goal = source["metric"]["name"], quantity.milli(source["target"]["averageValue"])
        try:
            try:
                values = self._custom.pods(target.namespace, name)
            except MetricError as error:
                text = f"unable to get metric {name}: unable to fetch metrics from custom metrics API: {error}"
                raise MetricError(text) from error
            if not values:
                raise MetricError(f"unable to get metric {name}: no metrics returned from custom metrics API")
            groups, counted = self._grouped(target, values, cpu=False)
            replicas, shown = by_average(target.spec_replicas, goal, counted, groups, near)
        except MetricError as error:
            return Failure(FAILURE_REASONS["Pods"], str(error), f"failed to get pods metric value: {error}")
        current = {"averageValue": quantity.format_milli(shown)}
        status = {"type": "Pods", "pods": {"metric": source["metric"], "current": current}}
        return Proposal(replicas, f"pods metric {name}", status)

    def _of_object(self, source: Obj, target: Target, near: Tolerance) -> Proposal | Failure:
        name, described = source["metric"]["name"], source["describedObject"]
        try:
            usage = self._custom.of_object(target.namespace, described, name)
        except MetricError as error:
            place = f"{described['kind']} on {target.namespace} {described['name']}"
            text = f"unable to get metric {name}: {place}/unable to fetch metrics from custom metrics API: {error}"
            return Failure(FAILURE_REASONS["Object"], text, f"failed to get object metric value: {text}")
        try:
            replicas, current = _shared(usage, source["target"], target, near)
        except MetricError as error:
            return Failure(FAILURE_REASONS["Object"], str(error), f"failed to get object metric value: {error}")
        shown = {"metric": source["metric"], "current": current, "describedObject": described}
        # Upstream calls it an external metric when its value is divided among the pods.
        per_pod = source["target"].get("averageValue") is not None
        title = f"external metric {name}({_label(source)})" if per_pod else f"{described['kind']} metric {name}"
        return Proposal(replicas, title, {"type": "Object", "object": shown})

    def _of_external(self, source: Obj, target: Target, near: Tolerance) -> Proposal | Failure:
        name, selector = source["metric"]["name"], source["metric"].get("selector")
        label = _label(source)
        per_pod = source["target"].get("averageValue") is not None
        try:
            usage = self._external_usage(target.namespace, name, selector, label)
            replicas, current = _shared(usage, source["target"], target, near)
        except MetricError as error:
            inner = f"failed to get {name} external metric" if per_pod else f"failed to get external metric {name}"
            text = f"failed to get {name} external metric value: {inner}: {error}"
            return Failure(FAILURE_REASONS["External"], str(error), text)
        shown = {"metric": source["metric"], "current": current}
        return Proposal(replicas, f"external metric {name}({label})", {"type": "External", "external": shown})

    def _external_usage(self, namespace: str, name: str, selector: Obj | None, label: str) -> int:
        """The sum over all series, of which there must be one."""
        place = f"unable to get external metric {namespace}/{name}/{label}"
        try:
            values = self._custom.external(namespace, name, selector)
        except MetricError as error:
            raise MetricError(f"{place}: unable to fetch metrics from external metrics API: {error}") from error
        if not values:
            raise MetricError(f"{place}: no metrics returned from external metrics API")
        return sum(values)


def _total(usage: PodUsage, resource: str, container: str) -> int | None:
    """In milli-units; None when there is nothing to add up."""
    used = [u for name, u in usage.containers.items() if not container or name == container]
    if not used:
        return None
    return sum(int(u.cpu_milli) if resource == "cpu" else u.memory_bytes * 1000 for u in used)


def _title(container: str) -> str:
    return "container resource" if container else "resource"


def _formatted(resource: str, milli: int) -> str:
    """CPU as it is; bytes are whole, and shown with the largest binary suffix that leaves them so."""
    if resource == "cpu":
        return quantity.format_milli(milli)
    amount, suffixes = milli // 1000, iter(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))
    suffix = ""
    while amount and amount % 1024 == 0 and (larger := next(suffixes, "")):
        amount, suffix = amount // 1024, larger
    return f"{amount}{suffix}"


def _shared(usage: int, wanted: Obj, target: Target, near: Tolerance) -> tuple[int, Obj]:
    """(replicas, current value) of a metric that does not belong to single pods."""
    if wanted.get("averageValue") is not None:
        goal = quantity.milli(wanted["averageValue"])
        replicas = by_value_per_pod(target.status_replicas, usage, goal, near)
        return replicas, {"averageValue": quantity.format_milli(-(-usage // max(1, target.status_replicas)))}
    goal = quantity.milli(wanted["value"])
    if target.spec_replicas and not target.pods:
        raise MetricError(f"unable to calculate ready pods: {NO_PODS}")
    ready = sum(1 for pod in target.pods if phase(pod) == "Running" and conditions.is_pod_ready(pod))
    return by_value(target.spec_replicas, usage, goal, ready, near), {"value": quantity.format_milli(usage)}


def _requests(pods: Sequence[Obj], resource: str, container: str) -> dict[str, int]:
    """What each pod asks for, in milli-units (``calculatePodRequests``)."""
    return {pod["metadata"]["name"]: _pod_request(pod, resource, container) for pod in pods}


def _pod_request(pod: Obj, resource: str, container: str) -> int:
    stated = (pod["spec"].get("resources") or {}).get("requests") or {}
    if not container and resource in stated:
        return _milli(resource, stated[resource])
    sidecars = [c for c in pod["spec"].get("initContainers") or () if c.get("restartPolicy") == "Always"]
    total = 0
    for one in [*pod["spec"]["containers"], *sidecars]:
        if container and one["name"] != container:
            continue
        requests = (one.get("resources") or {}).get("requests") or {}
        if resource not in requests:
            place = f"container {one['name']} of Pod {pod['metadata']['name']}"
            raise MetricError(f"missing request for {resource} in {place}")
        total += _milli(resource, requests[resource])
    return total


def _milli(resource: str, amount: quantity.QuantityLike) -> int:
    return in_units(resource, amount) * (1 if resource == "cpu" else 1000)


def _label(source: Obj) -> str:
    selector = source["metric"].get("selector")
    return "nil" if selector is None else _go_selector(selector)


def _go_selector(selector: Obj) -> str:
    """A label selector as Go's ``%+v`` prints it."""
    labels = "".join(f"{k}: {v}," for k, v in sorted((selector.get("matchLabels") or {}).items()))
    expressions = ",".join(
        f"LabelSelectorRequirement{{Key:{e['key']},Operator:{e['operator']},Values:[{' '.join(e.get('values') or ())}],}}"
        for e in selector.get("matchExpressions") or ()
    )
    listed = f"MatchExpressions:[]LabelSelectorRequirement{{{expressions}}},"
    return f"&LabelSelector{{MatchLabels:map[string]string{{{labels}}},{listed}}}"
