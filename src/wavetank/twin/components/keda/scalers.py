"""KEDA's scalers: from a trigger as written to what it measures, its target and the name of its metric. Pure.

Upstream ``pkg/scalers``: names of metrics, defaults and the words of refusals. What lies outside of the cluster is only
described here (``Question``); time and pods are read by ``readings``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from wavetank.kube.selectors import InvalidSelectorError, LabelSelector, parse_label_selector
from wavetank.kube.types import Obj
from wavetank.twin.controllers.cron_schedule import Every, InvalidScheduleError, Schedule, schedule_of

from .sources import Question

METRIC_TYPES = ("AverageValue", "Value", "Utilization")
RESOURCES = ("cpu", "memory")


class ScalerError(Exception):
    """A trigger from which no scaler can be built; the text is KEDA's."""


@dataclass(frozen=True)
class Cron:
    """Active between two schedules; ``replicas`` is the value then, 1 otherwise."""

    start: Schedule | Every
    end: Schedule | Every
    replicas: float


@dataclass(frozen=True)
class Workload:
    """Counts pods of a namespace that match and have not ended."""

    namespace: str
    selector: LabelSelector


@dataclass(frozen=True)
class Remote:
    """Something outside is asked; ``empty`` is the value when it knows no such series, None if that is an error."""

    question: Question
    empty: float | None = None


Source: TypeAlias = Cron | Workload | Remote


@dataclass(frozen=True)
class ResourceScaler:
    """cpu and memory: the HPA measures itself."""

    kind: str
    metric: Obj


@dataclass(frozen=True)
class ExternalScaler:
    """A metric of external.metrics.k8s.io. ``target`` and ``activation`` are in units of the metric."""

    kind: str
    trigger_name: str
    metric_name: str
    target: float
    target_type: str
    activation: float
    source: Source
    cached: bool = False


Scaler: TypeAlias = ResourceScaler | ExternalScaler


@dataclass(frozen=True)
class Given:
    """One trigger with everything around it: its place, its parameters from metadata, authentication and environment."""

    trigger: Obj
    index: int
    namespace: str
    authentication: Mapping[str, str]
    environment: Mapping[str, str]

    @property
    def kind(self) -> str:
        return str(self.trigger["type"])

    @property
    def metadata(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.trigger.get("metadata") or {}
        return found

    def value(self, name: str) -> str:
        """A parameter: from the authentication, the metadata, or the variable that ``<name>FromEnv`` names; "" if none."""
        direct = self.authentication.get(name) or self.metadata.get(name)
        return direct or self.environment.get(self.metadata.get(f"{name}FromEnv", ""), "")

    def required(self, name: str, order: str = "[triggerMetadata]") -> str:
        found = self.value(name)
        if not found:
            raise ScalerError(f'missing required parameter "{name}" in {order}')
        return found

    def number(self, name: str, default: float) -> float:
        text = self.value(name)
        try:
            return float(text) if text else default
        except ValueError:
            raise ScalerError(f'unable to set param "{name}" value "{text}": not a number') from None

    def parameters(self) -> dict[str, str]:
        """Everything that is known, for whoever asks outside."""
        known = {key: str(value) for key, value in self.metadata.items()} | dict(self.authentication)
        named = (key.removesuffix("FromEnv") for key in self.metadata if key.endswith("FromEnv"))
        return known | {name: self.value(name) for name in named if self.value(name)}


def normalized(name: str) -> str:
    """A name that a path of the API can hold (``NormalizeString``)."""
    for character in "/.:%()":
        name = name.replace(character, "-")
    return name


def scaler_of(given: Given) -> Scaler:
    """Raises ScalerError."""
    if given.kind in RESOURCES:
        return _resource(given)
    builder = _BUILDERS.get(given.kind)
    if builder is None:
        raise ScalerError(f"no scaler found for type: {given.kind}")
    try:
        return builder(given)
    except ScalerError as error:
        raise ScalerError(f"error parsing {_TITLES.get(given.kind, given.kind)} metadata: {error}") from None


def metric_spec(scaler: Scaler, scaled_object: str) -> Obj:
    """The entry of an HPA's ``spec.metrics``."""
    match scaler:
        case ResourceScaler(metric=metric):
            return metric
        case ExternalScaler():
            return external_metric(scaler.metric_name, scaler.target_type, _quantity(scaler.target), scaled_object)


def external_metric(name: str, target_type: str, target: str, scaled_object: str) -> Obj:
    field = "averageValue" if target_type == "AverageValue" else "value"
    selector = {"matchLabels": {"scaledobject.keda.sh/name": scaled_object}}
    goal = {"type": target_type, field: target}
    return {"type": "External", "external": {"metric": {"name": name, "selector": selector}, "target": goal}}


def _quantity(value: float) -> str:
    """In thousandths where it is not whole, as ``GetMetricTargetMili`` makes it."""
    return str(int(value)) if value == int(value) else f"{round(value * 1000)}m"


def _resource(given: Given) -> ResourceScaler:
    metric_type = given.trigger.get("metricType") or given.value("type")
    if metric_type not in ("Utilization", "AverageValue"):
        why = "unsupported metric type, allowed values are 'Utilization' or 'AverageValue'"
        raise ScalerError(f"error parsing {given.kind} metadata: {why}")
    value = given.required("value")
    target: Obj = {"type": metric_type}
    target |= {"averageUtilization": int(value)} if metric_type == "Utilization" else {"averageValue": value}
    container = given.value("containerName")
    if container:
        return ResourceScaler(
            given.kind,
            {
                "type": "ContainerResource",
                "containerResource": {"name": given.kind, "container": container, "target": target},
            },
        )
    return ResourceScaler(given.kind, {"type": "Resource", "resource": {"name": given.kind, "target": target}})


def _external(given: Given, name: str, target: float, source: Source, activation: float = 0.0) -> ExternalScaler:
    metric_type = given.trigger.get("metricType") or "AverageValue"
    if metric_type == "Utilization":
        why = "metric type Utilization cannot be set for external metrics, allowed types are 'Value' or 'AverageValue'"
        raise ScalerError(f"error getting scaler metric type: {why}")
    metric = f"s{given.index}-{normalized(name)}"
    cached = bool(given.trigger.get("useCachedMetrics"))
    trigger_name = str(given.trigger.get("name") or "")
    return ExternalScaler(given.kind, trigger_name, metric, target, metric_type, activation, source, cached)


def _remote(given: Given, empty: float | None = None) -> Remote:
    return Remote(Question(given.kind, given.namespace, given.parameters()), empty)


def _cron(given: Given) -> ExternalScaler:
    zone, start, end = (given.required(name) for name in ("timezone", "start", "end"))
    replicas = given.required("desiredReplicas")
    try:
        schedules = [schedule_of(text, zone) for text in (start, end)]
    except InvalidScheduleError as error:
        raise ScalerError(str(error)) from None
    if not replicas.isdigit():
        raise ScalerError(f'unable to set param "desiredReplicas" value "{replicas}": not a number')
    if start == end:
        raise ScalerError("start and end can not have exactly same time input")
    name = f"cron-{zone}-{_cron_name(start)}-{_cron_name(end)}"
    return _external(given, name, 1, Cron(schedules[0], schedules[1], float(replicas)))


def _cron_name(schedule: str) -> str:
    for old, new in ((" ", ""), ("*", "x"), ("/", "Sl"), ("?", "Qm")):
        schedule = schedule.replace(old, new)
    return schedule


def _workload(given: Given) -> ExternalScaler:
    try:
        selector = parse_label_selector(given.required("podSelector"))
    except InvalidSelectorError:
        raise ScalerError("invalid pod selector") from None
    value = given.number("value", 0)
    if value <= 0:
        raise ScalerError("value must be a float greater than 0")
    activation = given.number("activationValue", 0)
    return _external(given, f"workload-{given.namespace}", value, Workload(given.namespace, selector), activation)


def _sqs(given: Given) -> ExternalScaler:
    url = given.required("queueURL", "[triggerMetadata resolvedEnv]")
    given.required("awsRegion")
    parts = urlsplit(url)
    # A name is taken as it is; a URL ends with the account and the name.
    name = url
    if parts.scheme:
        path = parts.path.split("/")
        if len(path) != 3 or not path[2]:
            raise ScalerError("cannot get queueName from queueURL")
        name = path[2]
    target, activation = given.number("queueLength", 5), given.number("activationQueueLength", 0)
    return _external(given, f"aws-sqs-{name}", target, _remote(given), activation)


def _cloudwatch(given: Given) -> ExternalScaler:
    given.required("awsRegion")
    if not given.value("expression"):
        for name in ("namespace", "metricName", "dimensionName", "dimensionValue"):
            given.required(name)
    target = float(given.required("targetMetricValue"))
    empty = given.number("minMetricValue", 0)
    return _external(
        given, "aws-cloudwatch", target, _remote(given, empty), given.number("activationTargetMetricValue", 0)
    )


def _prometheus(given: Given) -> ExternalScaler:
    for name in ("serverAddress", "query"):
        given.required(name)
    target = float(given.required("threshold"))
    empty = None if given.value("ignoreNullValues") == "false" else 0.0
    return _external(given, "prometheus", target, _remote(given, empty), given.number("activationThreshold", 0))


def _metrics_api(given: Given) -> ExternalScaler:
    given.required("url")
    location, target = given.required("valueLocation"), float(given.required("targetValue"))
    activation = given.number("activationTargetValue", 0)
    return _external(given, f"metric-api-{location}", target, _remote(given), activation)


def _outside(given: Given) -> ExternalScaler:
    """External scalers say their target themselves; it is taken from ``targetValue`` here, or 1 per pod."""
    given.required("scalerAddress")
    return _external(given, given.value("metricName") or "external", given.number("targetValue", 1), _remote(given))


@dataclass(frozen=True)
class _Listed:
    """A scaler that differs from others in names only: the metric's prefix and the parameters for name and target."""

    prefix: str
    name: str
    target: str
    default: float | None = None
    activation: str = ""

    def __call__(self, given: Given) -> ExternalScaler:
        name = f"{self.prefix}-{given.required(self.name)}" if self.name else self.prefix
        if self.default is None:
            given.required(self.target)
        target = given.number(self.target, self.default or 0)
        activation = given.number(self.activation, 0) if self.activation else 0
        return _external(given, name, target, _remote(given), activation)


_BUILDERS: Mapping[str, Callable[[Given], ExternalScaler]] = {
    "cron": _cron,
    "kubernetes-workload": _workload,
    "aws-sqs-queue": _sqs,
    "aws-cloudwatch": _cloudwatch,
    "prometheus": _prometheus,
    "metrics-api": _metrics_api,
    "external": _outside,
    "external-push": _outside,
    "aws-kinesis-stream": _Listed("aws-kinesis", "streamName", "shardCount", 2, "activationShardCount"),
    "aws-dynamodb": _Listed("aws-dynamodb", "tableName", "targetValue", None, "activationTargetValue"),
    "aws-dynamodb-streams": _Listed("aws-dynamodb-streams", "tableName", "shardCount", 2, "activationShardCount"),
    "kafka": _Listed("kafka", "topic", "lagThreshold", 10, "activationLagThreshold"),
    "rabbitmq": _Listed("rabbitmq", "queueName", "value", None, "activationValue"),
    "redis": _Listed("redis", "listName", "listLength", 5, "activationListLength"),
    "redis-streams": _Listed("redis-streams", "stream", "pendingEntriesCount", 5, "activationLagCount"),
    "postgresql": _Listed("postgresql", "", "targetQueryValue", None, "activationTargetQueryValue"),
    "mysql": _Listed("mysql", "", "queryValue", None, "activationQueryValue"),
    "mongodb": _Listed("mongodb", "collection", "queryValue", None, "activationQueryValue"),
    "nats-jetstream": _Listed("nats-jetstream", "stream", "lagThreshold", 10, "activationLagThreshold"),
}
_TITLES = {
    "aws-sqs-queue": "SQS queue",
    "aws-cloudwatch": "Cloudwatch",
    "kubernetes-workload": "kubernetes workload",
    "metrics-api": "metric API",
}
