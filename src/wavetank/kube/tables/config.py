"""Namespaces, configuration, accounts and events."""

from __future__ import annotations

from datetime import datetime

from ..types import Obj
from .cells import AGE, NAME, Cell, Column, Printer, age, name_of, since, status_of, wide


def _namespace(obj: Obj, now: datetime) -> list[Cell]:
    return [name_of(obj), status_of(obj).get("phase", ""), age(obj, now)]


def _config_map(obj: Obj, now: datetime) -> list[Cell]:
    return [name_of(obj), len(obj.get("data") or ()) + len(obj.get("binaryData") or ()), age(obj, now)]


def _secret(obj: Obj, now: datetime) -> list[Cell]:
    return [name_of(obj), obj.get("type", ""), len(obj.get("data") or ()), age(obj, now)]


def _only_age(obj: Obj, now: datetime) -> list[Cell]:
    return [name_of(obj), age(obj, now)]


def _event(obj: Obj, now: datetime) -> list[Cell]:
    first = since(obj.get("firstTimestamp") or obj.get("eventTime"), now)
    last = since(obj["lastTimestamp"], now) if obj.get("lastTimestamp") else first
    count = obj.get("count") or 1
    if series := obj.get("series"):
        last, count = since(series.get("lastObservedTime"), now), series.get("count", 0)
    involved = obj.get("involvedObject") or obj.get("regarding") or {}
    return [
        last,
        obj.get("type", ""),
        obj.get("reason", ""),
        _target(involved),
        involved.get("fieldPath", ""),
        _source(obj),
        (obj.get("message") or obj.get("note") or "").strip(),
        first,
        count,
        name_of(obj),
    ]


def _target(involved: Obj) -> str:
    kind = str(involved.get("kind", "")).lower()
    return f"{kind}/{involved['name']}" if involved.get("name") else kind


def _source(obj: Obj) -> str:
    source = obj.get("source") or obj.get("deprecatedSource") or {}
    component = source.get("component") or obj.get("reportingComponent") or obj.get("reportingController") or ""
    host = source.get("host") or obj.get("reportingInstance") or ""
    return f"{component}, {host}" if host else component


def _component_status(obj: Obj, now: datetime) -> list[Cell]:
    healthy: Obj | None = next((c for c in obj.get("conditions") or () if c.get("type") == "Healthy"), None)
    if healthy is None:
        return [name_of(obj), "Unknown", "", ""]
    shown = "Healthy" if healthy.get("status") == "True" else "Unhealthy"
    return [name_of(obj), shown, healthy.get("message", ""), healthy.get("error", "")]


NAMESPACES = Printer((NAME, Column("Status", description="The status of the namespace"), AGE), _namespace)
CONFIG_MAPS = Printer((NAME, Column("Data"), AGE), _config_map)
SECRETS = Printer((NAME, Column("Type"), Column("Data"), AGE), _secret)
SERVICE_ACCOUNTS = Printer((NAME, AGE), _only_age)
EVENTS = Printer(
    (
        Column("Last Seen"),
        Column("Type"),
        Column("Reason"),
        Column("Object"),
        wide("Subobject"),
        wide("Source"),
        Column("Message"),
        wide("First Seen"),
        wide("Count"),
        Column("Name", format="name", priority=1),
    ),
    _event,
)
COMPONENT_STATUSES = Printer((NAME, Column("Status"), Column("Message"), Column("Error")), _component_status)
