"""What an author writes about seeing the platform: alerts, dashboards, metrics, traces, logs, alarms."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from wavetank import catalog
from wavetank.spec.aws import RetentionDays
from wavetank.spec.problems import refuse, suggestion
from wavetank.spec.words import (
    SWITCH,
    WORD,
    Duration,
    FreeObject,
    Many,
    Name,
    Number,
    Positive,
    Quantity,
    Setting,
    Written,
)


class Alert(Written):
    """An alert rule of Prometheus. Short form: the name of a built-in one; its keys may be changed here."""

    short_forms = (WORD,)

    name: Name
    """Name; one of the built-in ones (node-down, pod-crash-looping, high-cpu, high-memory, high-latency, ...) or your own."""
    expr: str | None = None
    """PromQL that is true when something is wrong. Default: the built-in one's."""
    threshold: Number | None = None
    """Built-in alerts only: the number of its comparison, in its own unit. Default: the built-in one's, or your objective."""
    for_: Annotated[Duration | None, Field(alias="for")] = None
    """How long it must be true. Default 5m, or the built-in one's."""
    severity: Literal["critical", "warning", "info"] | None = None
    """Label `severity`. Default warning, or the built-in one's."""
    summary: str | None = None
    """Annotation `summary`, with Go templates as {{ $labels.pod }}."""
    runbook: str | None = None
    """URL of what to do."""
    labels: dict[str, Setting] | None = None
    """Further labels, by which Alertmanager routes."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _some_expression(self) -> Alert:
        if self.expr is None and catalog.alert(self.name) is None:
            remedy = suggestion(self.name, catalog.alert_names())
            refuse(f'"{self.name}" is no built-in alert and has no expr', remedy)
        if self.expr is not None and self.threshold is not None:
            refuse("threshold belongs to built-in alerts", "Write the number into expr.")
        return self


class Panel(Written):
    """A time series on a dashboard of your own."""

    title: str
    """Title of the panel."""
    expr: str
    """PromQL."""
    legend: str | None = None
    """Legend, for example {{pod}}. Default: all labels."""
    unit: str | None = None
    """Grafana's unit, for example percent, bytes, s, reqps. Default short."""


class Dashboard(Written):
    """A Grafana dashboard. Short form: the name of a built-in one."""

    short_forms = (WORD,)

    name: Name
    """Name; one of the built-in ones (cluster, workloads, model-serving, mesh, costs) or your own."""
    title: str | None = None
    """Title. Default: the name."""
    panels: Many[Panel] | None = None
    """Panels of a dashboard of your own."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _some_panel(self) -> Dashboard:
        if not self.panels and catalog.dashboard(self.name) is None:
            remedy = suggestion(self.name, catalog.dashboard_names())
            refuse(f'"{self.name}" is no built-in dashboard and has no panels', remedy)
        return self


class Metrics(Written):
    """Prometheus, Alertmanager and Grafana (chart kube-prometheus-stack). Short form: `true`."""

    short_forms = (SWITCH,)

    enabled: bool = True
    """false: you bring a Prometheus operator of your own."""
    retention_days: Positive | None = None
    """Days that Prometheus keeps. Default 15."""
    size: Quantity | None = None
    """Its volume. Default 50Gi."""
    storage_class: str | None = None
    """Storage class of its volume. Default: the cluster's default class."""
    replicas: Positive | None = None
    """Prometheus servers. Default 1: the alerts of a node that takes it along come after it has moved."""
    alertmanager: FreeObject | None = None
    """Alertmanager's configuration (`route`, `receivers`, ...) in its own shape. Default: alerts are shown, sent to nobody."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"enabled": value} if isinstance(value, bool) else value


class Tracing(Written):
    """Traces: an OpenTelemetry collector in front of Jaeger. Short form: `true`."""

    short_forms = (SWITCH,)

    enabled: bool = True
    """false turns it off."""
    sampling_percent: Number | None = None
    """Share of traces that the collector keeps. Default 10. Jaeger holds them in memory: a restart forgets them."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"enabled": value} if isinstance(value, bool) else value


class Logs(Written):
    """Log groups of containers and nodes in CloudWatch Logs. Without them the agent makes groups that never expire."""

    retention_days: RetentionDays | None = None
    """Days that CloudWatch keeps them. Default 30."""
    groups: Many[Literal["application", "dataplane", "host", "performance"]] | None = None
    """Which groups below /aws/containerinsights/<cluster>/. Default all four."""


class Alarms(Written):
    """CloudWatch alarms on Container Insights, for when the cluster cannot speak for itself. Short form: who is told."""

    short_forms = ({"type": "array", "items": WORD},)

    emails: Many[str] | None = None
    """Who is told, through an SNS topic; each confirms by a link in a first message."""
    cpu_percent: Number | None = None
    """Average CPU of the nodes above which they are told. Default 80."""
    memory_percent: Number | None = None
    """Average memory of the nodes above which they are told. Default 80."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return {"emails": value} if isinstance(value, list) else value


class Observability(Written):
    """Alerts, dashboards, metrics, traces, logs."""

    alerts: Many[Alert] | None = None
    """Alert rules. Default none."""
    dashboards: Many[Dashboard] | None = None
    """Dashboards that Grafana loads by itself. Default none."""
    namespace: Name | None = None
    """Where Prometheus, rules and dashboards live. Default monitoring."""
    metrics: Metrics | None = None
    """Prometheus and Grafana. Default: installed as soon as there are alerts or dashboards."""
    tracing: Tracing | None = None
    """Traces. Default: none."""
    logs: Logs | None = None
    """Retention of container logs. Default: groups with 30 days as soon as containerInsights is on."""
    container_insights: bool | None = None
    """The add-on amazon-cloudwatch-observability. Default false: every metric and log line is paid for."""
    alarms: Alarms | None = None
    """CloudWatch alarms; they need containerInsights. Default none."""
