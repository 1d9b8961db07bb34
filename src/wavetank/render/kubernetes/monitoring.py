"""70-monitoring.yaml: what Prometheus scrapes, as custom resources of the Prometheus operator.

We neither ship somebody else's CRD nor a stub of it that would pretend an operator: the chart that brings the kinds is one of
the platform's releases and is installed before these files are applied.
"""

from __future__ import annotations

from wavetank.plan.model import Plan, ServiceMonitor
from wavetank.render.kubernetes.parts import manifest, metadata, of_workload, traced_entries
from wavetank.render.kubernetes.services import SERVICE_LABEL
from wavetank.render.trace import Traced, tree

_NEEDS_OPERATOR = (
    "Needs the kinds of the Prometheus operator: its chart, or that of its CRDs alone, is installed first."
)


def objects(plan: Plan) -> tuple[Traced, ...]:
    """In the plan's order."""
    notes = [_NEEDS_OPERATOR, *[""] * len(plan.service_monitors)]
    return tuple(_monitor(plan, monitor, note) for monitor, note in zip(plan.service_monitors, notes, strict=False))


def _monitor(plan: Plan, monitor: ServiceMonitor, note: str) -> Traced:
    path = f"serviceMonitors[{monitor.name}]"
    service = next(item for item in plan.services if item.name == monitor.service)
    labels = of_workload(plan, service.workload) | traced_entries(monitor.labels, f"{path}.labels")
    framed = metadata(plan, path, monitor.name, monitor.namespace, labels=labels)
    spec = {
        "namespaceSelector": {"matchNames": [Traced(service.namespace, f"services[{service.name}].namespace")]},
        "selector": Traced({"matchLabels": {SERVICE_LABEL: service.name}}, f"{path}.service"),
        "endpoints": tree(monitor.endpoints, f"{path}.endpoints"),
    }
    return manifest("monitoring.coreos.com/v1", "ServiceMonitor", framed, path, note, spec=spec)
