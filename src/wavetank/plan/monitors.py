"""ServiceMonitors: what Prometheus scrapes."""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Service, ServiceMonitor
from wavetank.plan.reasons import Default
from wavetank.spec.shapes import shape
from wavetank.spec.workloads import ServiceMonitor as WrittenServiceMonitor

_API = "prometheus-operator.dev/docs/api-reference/api"

USUAL = Default("serviceMonitors.endpoints", "the usual path, often enough for an alert within two minutes", _API)
NO_LABELS = Default("serviceMonitors.labels", "nothing was said about which Prometheus")


def service_monitor(stated: WrittenServiceMonitor, services: tuple[Service, ...], ledger: Ledger) -> ServiceMonitor:
    """A ServiceMonitor in the namespace of its Service."""
    path = f"serviceMonitors[{stated.name}]"
    ledger.stated(path, stated)
    service = next(each for each in services if each.name == stated.service)
    labels = ledger.chosen(f"{path}.labels", stated.labels, {}, NO_LABELS)
    return ServiceMonitor(stated.name, service.namespace, labels, service.name, _endpoints(stated, service, ledger))


def _endpoints(stated: WrittenServiceMonitor, service: Service, ledger: Ledger) -> tuple[Obj, ...]:
    path = f"serviceMonitors[{stated.name}]"
    usual: Obj = {"port": service.ports[0]["name"], "path": "/metrics", "interval": "30s", "scrapeTimeout": "10s"}
    ledger.because(f"{path}.endpoints", (usual,), USUAL)
    if stated.endpoints is None:
        return (usual,)
    for index, endpoint in enumerate(stated.endpoints):
        for key, value in shape(endpoint).items():
            for at in (f"{path}.endpoints[{index}].{key}", f"{path}.{key}"):
                if ledger.is_written(at):
                    ledger.stated(f"{path}.endpoints[{index}].{key}", value, at)
    return tuple(usual | shape(endpoint) for endpoint in stated.endpoints)
