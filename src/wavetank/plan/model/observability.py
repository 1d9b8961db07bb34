"""The resolved side of observability: rules, dashboards, logs, alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from wavetank.kube.types import Obj


@dataclass(frozen=True)
class Alert:
    """One rule of a PrometheusRule; ``group`` is its group."""

    name: str
    group: str
    expr: str
    for_: str
    severity: str
    summary: str
    runbook: str
    labels: Mapping[str, str]
    #: the number in ``expr``; None where there is none
    threshold: Decimal | None


@dataclass(frozen=True)
class Dashboard:
    """A Grafana dashboard; ``model`` is its JSON model."""

    name: str
    title: str
    model: Obj


@dataclass(frozen=True)
class LogGroup:
    """A log group of CloudWatch Logs."""

    name: str
    retention_days: int


@dataclass(frozen=True)
class Alarm:
    """A CloudWatch alarm on a metric of Container Insights."""

    name: str
    metric: str
    statistic: str
    comparison: str
    threshold: Decimal
    description: str


@dataclass(frozen=True)
class Observability:
    namespace: str
    alerts: tuple[Alert, ...]
    dashboards: tuple[Dashboard, ...]
    logs: tuple[LogGroup, ...]
    alarms: tuple[Alarm, ...]
    #: who hears of alarms
    alarm_emails: tuple[str, ...]
    #: address of Prometheus in the cluster; "" when the platform installs none
    prometheus: str
    #: OTLP (gRPC) address that workloads and the mesh send traces to, host:port; "" without tracing
    traces: str
