"""Budgets, and the program that shares the bill."""

from __future__ import annotations

from decimal import Decimal

from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model.components import Component
from wavetank.plan.model.spending import Budget, CostMonitoring
from wavetank.plan.reasons import Default
from wavetank.spec.platform import PlatformFile
from wavetank.spec.spending import Budget as WrittenBudget

EARLY = Default(
    "budgets.alertPercents", "once in time to act, once when it is spent", "docs.aws.amazon.com/cost-management"
)
TAGGED = Default("budgets.covers", "other platforms of the account have budgets of their own")
NO_TOOL = Default("costMonitoring", "nothing was asked for")
_CHARTS = {"opencost": "opencost", "kubecost": "cost-analyzer"}


def budget(stated: WrittenBudget, ledger: Ledger) -> Budget:
    path = f"budgets[{stated.name}]"
    ledger.stated(path, stated)
    usual = (Decimal(80), Decimal(100))
    return Budget(
        name=stated.name,
        monthly_usd=ledger.stated(f"{path}.monthlyUsd", stated.monthly_usd),
        alert_percents=ledger.chosen(f"{path}.alertPercents", stated.alert_percents, usual, EARLY),
        emails=ledger.stated(f"{path}.emails", stated.emails),
        covers=ledger.chosen(f"{path}.covers", stated.covers, "platform", TAGGED),
    )


def cost_monitoring(written: PlatformFile, prometheus: str, ledger: Ledger) -> CostMonitoring | None:
    """``prometheus``: the address of the platform's own Prometheus, "" without one."""
    stated = written.cost_monitoring
    if stated is None:
        return ledger.because("costMonitoring", None, NO_TOOL)
    ledger.stated("costMonitoring", stated)
    if stated.prometheus is not None:
        url = ledger.stated("costMonitoring.prometheus", stated.prometheus)
    else:
        how = "the platform's own Prometheus" if prometheus else "the platform has none, the tool brings its own"
        url = ledger.derived("costMonitoring.prometheus", prometheus, ("observability",), how)
    return CostMonitoring(stated.tool, url)


def cost_components(found: CostMonitoring | None, cluster_name: str) -> tuple[Component, ...]:
    if found is None:
        return ()
    values = _opencost(found, cluster_name) if found.tool == "opencost" else _kubecost(found, cluster_name)
    return (Component(_CHARTS[found.tool], ("costMonitoring",), "the bill is shared among workloads", values),)


def _opencost(found: CostMonitoring, cluster_name: str) -> Obj:
    prometheus: Obj = {"internal": {"enabled": False}, "external": {"enabled": True, "url": found.prometheus}}
    values: Obj = {"exporter": {"defaultClusterId": cluster_name}}
    if found.prometheus:
        values |= {"prometheus": prometheus, "metrics": {"serviceMonitor": {"enabled": True}}}
    return {"opencost": values}


def _kubecost(found: CostMonitoring, cluster_name: str) -> Obj:
    values: Obj = {"kubecostProductConfigs": {"clusterName": cluster_name}}
    if not found.prometheus:
        return values
    return values | {
        "global": {"prometheus": {"enabled": False, "fqdn": found.prometheus}, "grafana": {"enabled": False}},
        "serviceMonitor": {"enabled": True},
    }
