"""Dashboards that a platform may name: titles and PromQL, without Grafana's model around them."""

from __future__ import annotations

from dataclasses import dataclass

from wavetank.catalog.files import data


@dataclass(frozen=True)
class PanelFacts:
    title: str
    #: Grafana's unit
    unit: str
    legend: str
    expr: str
    #: Grafana's panel type: timeseries or stat
    kind: str


@dataclass(frozen=True)
class DashboardFacts:
    """One built-in dashboard."""

    name: str
    title: str
    panels: tuple[PanelFacts, ...]
    #: whose metrics it shows
    source: str


def dashboard(name: str) -> DashboardFacts | None:
    """A built-in dashboard; None when there is no such one."""
    row = data("dashboards")["dashboards"].get(name)
    if row is None:
        return None
    return DashboardFacts(name, row["title"], tuple(PanelFacts(**panel) for panel in row["panels"]), row["source"])


def dashboard_names() -> tuple[str, ...]:
    """Every built-in dashboard."""
    return tuple(data("dashboards")["dashboards"])
