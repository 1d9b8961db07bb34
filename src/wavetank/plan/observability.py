"""Alerts with their numbers, dashboards, log groups, alarms, and what the charts of the monitoring stack are told."""

from __future__ import annotations

from decimal import Decimal

from wavetank import catalog
from wavetank.kube.types import Obj
from wavetank.plan.dashboards import dashboard
from wavetank.plan.ledger import Ledger
from wavetank.plan.model.components import Component
from wavetank.plan.model.observability import Alarm, Alert, LogGroup, Observability
from wavetank.plan.reasons import Default
from wavetank.spec.observability import Alert as WrittenAlert
from wavetank.spec.observability import Metrics, Tracing
from wavetank.spec.observability import Observability as Written
from wavetank.spec.platform import PlatformFile

STACK, COLLECTOR, JAEGER = "kube-prometheus-stack", "opentelemetry-collector", "jaeger"
TRACING_NAMESPACE = "observability"
INSIGHTS = "amazon-cloudwatch-observability"
_LOG_KINDS = ("application", "dataplane", "host", "performance")

NOTHING = Default("observability", "nothing was asked for")
MONITORING = Default("observability.namespace", "where the chart of Prometheus goes by itself")
BUILT_IN = Default("observability.alerts", "the built-in alert of this name", "prometheus.io/docs/practices/alerting")
A_MONTH = Default(
    "observability.logs.retentionDays", "a month of logs is enough to look back, and logs are paid for by the GB"
)
UNHURRIED = Default("observability.alerts.for", "long enough to be no accident")


def observability(written: PlatformFile, cluster_name: str, ledger: Ledger) -> Observability | None:
    """Everything that is seen; None where nothing is written."""
    stated = written.observability
    if stated is None:
        return ledger.because("observability", None, NOTHING)
    ledger.stated("observability", stated)
    namespace = ledger.chosen("observability.namespace", stated.namespace, "monitoring", MONITORING)
    return Observability(
        namespace=namespace,
        alerts=tuple(_alert(each, written, ledger) for each in stated.alerts or ()),
        dashboards=tuple(dashboard(each, written.name, ledger) for each in stated.dashboards or ()),
        logs=_logs(stated, cluster_name, ledger),
        alarms=_alarms(stated, cluster_name, ledger),
        alarm_emails=(stated.alarms.emails or ()) if stated.alarms else (),
        prometheus=prometheus_address(written),
        traces=_traces(stated, ledger),
    )


# --- alerts -----------------------------------------------------------------------------------------------------------


def _alert(stated: WrittenAlert, written: PlatformFile, ledger: Ledger) -> Alert:
    path = f"observability.alerts[{stated.name}]"
    ledger.stated(path, stated)
    facts = catalog.alert(stated.name, mesh=has_mesh(written))
    threshold = _threshold(stated, facts, written, ledger)
    expr = stated.expr or (facts.expr if facts else "")
    severity = ledger.chosen(f"{path}.severity", stated.severity, facts.severity if facts else "warning", BUILT_IN)
    return Alert(
        name=stated.name,
        group=facts.group if facts else "platform",
        expr=expr.replace(catalog.THRESHOLD, _plain(threshold)) if threshold is not None else expr,
        for_=ledger.chosen(f"{path}.for", stated.for_, facts.for_ if facts else "5m", UNHURRIED),
        severity=severity,
        summary=ledger.chosen(f"{path}.summary", stated.summary, facts.summary if facts else stated.name, BUILT_IN),
        runbook=stated.runbook or "",
        labels=stated.labels or {},
        threshold=threshold,
    )


def has_mesh(written: PlatformFile) -> bool:
    """Whether requests pass through sidecars that count them."""
    return written.mesh is not None


def _threshold(
    stated: WrittenAlert, facts: catalog.AlertFacts | None, written: PlatformFile, ledger: Ledger
) -> Decimal | None:
    """What the author says; else the objective, so that no alert is looser than it; else the built-in number."""
    path = f"observability.alerts[{stated.name}].threshold"
    if facts is None or facts.threshold is None or stated.expr is not None:
        return None
    if stated.threshold is not None:
        return ledger.stated(path, stated.threshold)
    objective = _from_objective(facts.objective, written)
    if objective is None:
        return ledger.because(path, facts.threshold, BUILT_IN)
    how = f"the objective {facts.objective}: an alert looser than it would come too late"
    return ledger.derived(path, objective, (f"objectives.{facts.objective}",), how)


def _from_objective(name: str | None, written: PlatformFile) -> Decimal | None:
    objectives = written.objectives
    if objectives is None or name is None:
        return None
    if name == "availabilityPercent":
        return None if objectives.availability_percent is None else 100 - objectives.availability_percent
    if name == "recoveryPointMinutes":
        return None if objectives.recovery_point_minutes is None else Decimal(60 * objectives.recovery_point_minutes)
    assert name == "p99Milliseconds", f"alerts know no objective {name}"
    return objectives.p99_milliseconds


def _otlp_port() -> int:
    return catalog.component_port("otlpGrpc")


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")


# --- CloudWatch -------------------------------------------------------------------------------------------------------


def wants_container_insights(written: PlatformFile) -> bool:
    """Whether the add-on of Container Insights belongs to the platform."""
    return written.observability is not None and written.observability.container_insights is True


def _logs(stated: Written, cluster_name: str, ledger: Ledger) -> tuple[LogGroup, ...]:
    path = "observability.logs"
    if stated.logs is None and not stated.container_insights:
        return ledger.because(path, (), NOTHING)
    days = ledger.chosen(
        path, stated.logs.retention_days if stated.logs else None, 30, A_MONTH, f"{path}.retentionDays"
    )
    kinds = (stated.logs.groups if stated.logs else None) or _LOG_KINDS
    return tuple(LogGroup(f"/aws/containerinsights/{cluster_name}/{kind}", days) for kind in kinds)


def _alarms(stated: Written, cluster_name: str, ledger: Ledger) -> tuple[Alarm, ...]:
    path = "observability.alarms"
    written = ledger.chosen(path, stated.alarms, None, NOTHING)
    if written is None:
        return ()
    cpu, memory = written.cpu_percent or Decimal(80), written.memory_percent or Decimal(80)
    above = "GreaterThanThreshold"
    return (
        Alarm(
            f"{cluster_name}-failed-nodes",
            "cluster_failed_node_count",
            "Maximum",
            above,
            Decimal(0),
            "Nodes have failed",
        ),
        Alarm(
            f"{cluster_name}-high-cpu", "node_cpu_utilization", "Average", above, cpu, f"CPU of the nodes above {cpu} %"
        ),
        Alarm(
            f"{cluster_name}-high-memory",
            "node_memory_utilization",
            "Average",
            above,
            memory,
            f"Memory of the nodes above {memory} %",
        ),
    )


# --- the monitoring stack ---------------------------------------------------------------------------------------------


def _wants_stack(written: PlatformFile) -> bool:
    stated = written.observability
    if stated is None:
        return False
    if stated.metrics is not None:
        return stated.metrics.enabled
    return bool(stated.alerts or stated.dashboards)


def has_operator(written: PlatformFile) -> bool:
    """Whether the cluster knows the kinds of the Prometheus operator."""
    listed = {each.chart or each.name for each in written.helm_releases or ()}
    return _wants_stack(written) or bool(listed & {STACK, "prometheus-operator-crds"})


def prometheus_address(written: PlatformFile) -> str:
    """Where programs in the cluster find Prometheus: the Service that the chart names; "" without one."""
    listed = next((each for each in written.helm_releases or () if (each.chart or each.name) == STACK), None)
    if not _wants_stack(written) and listed is None:
        return ""
    own = written.observability.namespace if written.observability else None
    namespace = (listed.namespace if listed else None) or own or "monitoring"
    return f"http://prometheus-operated.{namespace}.svc.cluster.local:9090"


def _wants_tracing(stated: Written | None) -> bool:
    return stated is not None and stated.tracing is not None and stated.tracing.enabled


def _traces(stated: Written, ledger: Ledger) -> str:
    wanted = _wants_tracing(stated)
    address = f"{COLLECTOR}.{TRACING_NAMESPACE}.svc.cluster.local:{_otlp_port()}" if wanted else ""
    ledger.chosen("observability.traces", stated.tracing, None, NOTHING, "observability.tracing")
    return address


def observability_components(written: PlatformFile) -> tuple[Component, ...]:
    """Prometheus with Grafana, and the collector with Jaeger."""
    stated = written.observability
    found: list[Component] = []
    if _wants_stack(written):
        values, namespace = _stack(stated.metrics if stated else None), (stated.namespace if stated else None) or ""
        how = "alerts and dashboards need Prometheus and Grafana"
        found.append(Component(STACK, ("observability",), how, values, namespace=namespace))
    if stated is not None and stated.tracing is not None and stated.tracing.enabled:
        found.append(
            Component(JAEGER, ("observability.tracing",), "traces are kept and shown", {"fullnameOverride": JAEGER})
        )
        found.append(
            Component(COLLECTOR, ("observability.tracing",), "traces are collected", _collector(stated.tracing))
        )
    return tuple(found)


def _stack(stated: Metrics | None) -> Obj:
    """Every rule and monitor of the cluster counts, whatever its labels; every labelled ConfigMap is a dashboard."""
    stated = stated or Metrics()
    everything = {
        f"{kind}SelectorNilUsesHelmValues": False for kind in ("rule", "serviceMonitor", "podMonitor", "probe")
    }
    claim: Obj = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": stated.size or "50Gi"}},
    }
    if stated.storage_class is not None:
        claim["storageClassName"] = stated.storage_class
    server: Obj = {
        **everything,
        "retention": f"{stated.retention_days or 15}d",
        "replicas": stated.replicas or 1,
        "storageSpec": {"volumeClaimTemplate": {"spec": claim}},
    }
    sidecar = {"enabled": True, "label": "grafana_dashboard", "labelValue": "1", "searchNamespace": "ALL"}
    values: Obj = {"prometheus": {"prometheusSpec": server}, "grafana": {"sidecar": {"dashboards": sidecar}}}
    if stated.alertmanager is not None:
        values["alertmanager"] = {"config": stated.alertmanager}
    # EKS runs these itself: nothing of them can be scraped, and alerts about that would never end.
    return values | {key: {"enabled": False} for key in ("kubeControllerManager", "kubeScheduler", "kubeEtcd")}


def _collector(stated: Tracing) -> Obj:
    percent = stated.sampling_percent if stated.sampling_percent is not None else Decimal(10)
    exporter = {"endpoint": f"{JAEGER}.{TRACING_NAMESPACE}.svc.cluster.local:{_otlp_port()}", "tls": {"insecure": True}}
    traces = {"receivers": ["otlp"], "processors": ["memory_limiter", "probabilistic_sampler", "batch"]}
    return {
        "fullnameOverride": COLLECTOR,
        "config": {
            "processors": {"probabilistic_sampler": {"sampling_percentage": float(percent)}},
            "exporters": {"otlp/jaeger": exporter},
            "service": {"pipelines": {"traces": {**traces, "exporters": ["otlp/jaeger"]}}},
        },
    }
