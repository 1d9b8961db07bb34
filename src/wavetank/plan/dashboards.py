"""Grafana's dashboard model around titles and PromQL.

The model is what a provisioned file holds: the dashboard itself, without the ``{"dashboard": ...}`` of the HTTP API, with an
uid that no other dashboard has and panels of types that exist (the Angular ``graph`` is gone since Grafana 12).
"""

from __future__ import annotations

from wavetank import catalog
from wavetank.catalog import PanelFacts
from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model.observability import Dashboard
from wavetank.plan.reasons import Default
from wavetank.spec.observability import Dashboard as WrittenDashboard

#: Grafana 11; newer ones migrate it when they load it
SCHEMA_VERSION = 39
_UID_LENGTH = 40
_GRID_COLUMNS = 24
#: columns and rows of the grid that a panel takes
_SIZES = {"stat": (6, 4), "timeseries": (12, 8)}

BUILT_IN = Default("observability.dashboards", "the built-in dashboard of this name", "grafana.com/docs/grafana/latest")


def dashboard(stated: WrittenDashboard, platform: str, ledger: Ledger) -> Dashboard:
    """A dashboard of our own or of the author's."""
    path = f"observability.dashboards[{stated.name}]"
    ledger.stated(path, stated)
    facts = catalog.dashboard(stated.name)
    panels = tuple(
        PanelFacts(each.title, each.unit or "short", each.legend or "", each.expr, "timeseries")
        for each in stated.panels or ()
    )
    if not panels:
        assert facts is not None, "the spec admits only built-in dashboards without panels"
        panels = ledger.because(f"{path}.model", facts.panels, BUILT_IN)
    title = ledger.chosen(f"{path}.title", stated.title, facts.title if facts else stated.name, BUILT_IN)
    return Dashboard(stated.name, title, _model(f"{platform}-{stated.name}", title, platform, panels))


def _model(uid: str, title: str, platform: str, panels: tuple[PanelFacts, ...]) -> Obj:
    return {
        "uid": uid[:_UID_LENGTH],
        "title": f"{platform}: {title}",
        "tags": [platform],
        "schemaVersion": SCHEMA_VERSION,
        "editable": False,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_datasource()]},
        "panels": _placed(panels),
    }


def _datasource() -> Obj:
    return {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus", "hide": 0}


def _placed(panels: tuple[PanelFacts, ...]) -> list[Obj]:
    """From left to right, a new row where one is full or the height changes."""
    placed: list[Obj] = []
    x = y = height = 0
    for number, panel in enumerate(panels, start=1):
        width, own_height = _SIZES[panel.kind]
        if x + width > _GRID_COLUMNS or (x and own_height != height):
            x, y = 0, y + height
        placed.append(_panel(number, panel, {"x": x, "y": y, "w": width, "h": own_height}))
        x, height = x + width, own_height
    return placed


def _panel(number: int, panel: PanelFacts, position: Obj) -> Obj:
    source = {"type": "prometheus", "uid": "${datasource}"}
    target: Obj = {"refId": "A", "datasource": source, "expr": panel.expr, "editorMode": "code", "range": True}
    if panel.legend:
        target["legendFormat"] = panel.legend
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "datasource": source,
        "gridPos": position,
        "fieldConfig": {"defaults": {"unit": panel.unit, "custom": {}}, "overrides": []},
        "options": {},
        "targets": [target],
    }
