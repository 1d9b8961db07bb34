"""SCH013: a Grafana dashboard that provisioning ignores, or that shows panels which are gone."""

from __future__ import annotations

import json
from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, items, mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.kube.types import Obj

#: panel types of AngularJS, which Grafana 12 no longer has
GONE_PANELS = ("graph", "singlestat", "table-old", "grafana-worldmap-panel", "grafana-piechart-panel")
SIDECAR_LABEL = "grafana_dashboard"


def check(case: Case) -> Iterator[Mistake]:
    for config in case.manifests.of_kind("ConfigMap", group=""):
        dashboards = {key: found for key, found in _documents(config).items() if _is_dashboard(found)}
        for key, document in dashboards.items():
            yield from _judged(config, key, document)
        if dashboards and SIDECAR_LABEL not in config.labels and not _is_mounted(case, config):
            yield _mistake(
                config, next(iter(dashboards)), f"has no label {SIDECAR_LABEL}, so the sidecar of Grafana's chart never loads it",
                f'add the label {SIDECAR_LABEL}: "1"',
            )  # fmt: skip


def _documents(config: Manifest) -> dict[str, Obj]:
    found = {}
    for key, text in mapping(config.obj.get("data")).items():
        if key.endswith(".json") and isinstance(text, str):
            try:
                found[key] = mapping(json.loads(text))
            except ValueError:
                continue
    return found


def _is_dashboard(document: Obj) -> bool:
    inner = mapping(document.get("dashboard"))
    return "panels" in document or "panels" in inner


def _panels(document: Obj) -> Iterator[Obj]:
    for panel in items(document.get("panels")):
        yield panel
        yield from _panels(panel)


def _judged(config: Manifest, key: str, document: Obj) -> Iterator[Mistake]:
    inner = mapping(document.get("dashboard"))
    if inner:
        message = 'wraps the dashboard in {"dashboard": …}, as the HTTP API has it: provisioning from files finds none'
        yield _mistake(config, key, message, "put the dashboard itself into the file")
    gone = sorted({str(panel.get("type")) for panel in _panels(inner or document)} & set(GONE_PANELS))
    if gone:
        message = f"uses panels of the type {', '.join(gone)}, which current Grafana does not have"
        yield _mistake(config, key, message, "use timeseries, stat or table")


def _is_mounted(case: Case, config: Manifest) -> bool:
    """A Deployment of Grafana may mount it by name instead."""
    volumes = [v for w in case.workloads_in(config.namespace) for v in items(w.spec.get("volumes"))]
    return any(mapping(volume.get("configMap")).get("name") == config.name for volume in volumes)


def _mistake(config: Manifest, key: str, message: str, remedy: str) -> Mistake:
    return Mistake(config.at("data", key), f"{config.title}: {key} {message}", remedy, {"dashboard": key})


RULE = Rule(
    id="SCH013",
    severity=Severity.WARN,
    title="Grafana does not show the dashboard",
    source="grafana.com/docs (dashboard provisioning; AngularJS removed in 12); the Grafana chart's sidecar",
    check=check,
)
