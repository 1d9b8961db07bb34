"""72-alerts.yaml: a PrometheusRule with all alerts. 74-dashboards.yaml: a ConfigMap per dashboard for Grafana's sidecar."""

from __future__ import annotations

import json
from typing import Any

from wavetank.plan.model import Observability, Plan
from wavetank.plan.model.observability import Alert, Dashboard
from wavetank.render.kubernetes.parts import manifest, own_metadata, present
from wavetank.render.trace import Traced

PATH = "observability"
#: the label that the chart's sidecar looks for
DASHBOARD_LABEL = "grafana_dashboard"


def alerts(plan: Plan) -> tuple[Traced, ...]:
    seen = plan.observability
    return (_rules(plan, seen),) if seen is not None and seen.alerts else ()


def dashboards(plan: Plan) -> tuple[Traced, ...]:
    seen = plan.observability
    return tuple(_dashboard(plan, seen, each) for each in seen.dashboards) if seen is not None else ()


def _rules(plan: Plan, seen: Observability) -> Traced:
    groups = dict.fromkeys(alert.group for alert in seen.alerts)
    listed = [
        {"name": f"{plan.name}-{group}", "rules": [_rule(plan, each) for each in seen.alerts if each.group == group]}
        for group in groups
    ]
    framed = own_metadata(plan, PATH, f"{plan.name}-alerts", seen.namespace)
    return manifest("monitoring.coreos.com/v1", "PrometheusRule", framed, f"{PATH}.alerts", spec={"groups": listed})


def _rule(plan: Plan, alert: Alert) -> Traced:
    path = f"{PATH}.alerts[{alert.name}]"
    labels: dict[str, Any] = {
        "severity": Traced(alert.severity, f"{path}.severity"),
        "platform": plan.name,
        "environment": plan.environment,
        **alert.labels,
    }
    annotations = present({"summary": Traced(alert.summary, f"{path}.summary"), "runbook_url": alert.runbook})
    rule = {
        "alert": alert_name(alert.name),
        "expr": Traced(alert.expr, f"{path}.threshold" if alert.threshold is not None else f"{path}.expr"),
        "for": Traced(alert.for_, f"{path}.for"),
        "labels": labels,
        "annotations": annotations,
    }
    return Traced(rule, path)


def alert_name(name: str) -> str:
    """As Prometheus' alerts are called: node-down is NodeDown."""
    return "".join(word.capitalize() for word in name.split("-"))


def _dashboard(plan: Plan, seen: Observability, dashboard: Dashboard) -> Traced:
    path = f"{PATH}.dashboards[{dashboard.name}]"
    name = f"{plan.name}-dashboard-{dashboard.name}"
    framed = own_metadata(plan, path, name, seen.namespace, labels={DASHBOARD_LABEL: "1"})
    text = json.dumps(dashboard.model, indent=2, ensure_ascii=False) + "\n"
    data = {f"{plan.name}-{dashboard.name}.json": Traced(text, f"{path}.model")}
    return manifest("v1", "ConfigMap", framed, path, data=data)
