"""KUB020: a Service that sends to a named port which its pods do not have."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, items
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import every_container
from wavetank.checks.workloads import Workload

INJECTED = ("sidecar.istio.io/inject", "linkerd.io/inject", "instrumentation.opentelemetry.io/inject-java")


def check(case: Case) -> Iterator[Mistake]:
    for service in case.manifests.of_kind("Service", group=""):
        selected = [w for w in case.workloads_of(service) if not w.is_batch]
        if not selected or any(gets_sidecars(case, workload) for workload in selected):
            continue
        for index, port in enumerate(items(service.spec.get("ports"))):
            name = port.get("targetPort")
            # Some of several workloads may serve some of several ports.
            if isinstance(name, str) and not name.isdigit() and not any(name in port_names(w) for w in selected):
                yield _mistake(service, index, name, selected)


def port_names(workload: Workload) -> list[str]:
    """Ports that containers declare by name."""
    ports = [port for container in every_container(workload) for port in items(container.obj.get("ports"))]
    return [str(port["name"]) for port in ports if port.get("name")]


def gets_sidecars(case: Case, workload: Workload) -> bool:
    """Whether something puts containers into the pods that the input does not show."""
    labels = case.namespace_labels(workload.namespace)
    meshed = labels.get("istio-injection") == "enabled" or "istio.io/rev" in labels
    return meshed or any(key in workload.labels or key in workload.annotations for key in INJECTED)


def _mistake(service: Manifest, index: int, name: str, selected: list[Workload]) -> Mistake:
    has = ", ".join(dict.fromkeys(port for workload in selected for port in port_names(workload))) or "none by name"
    headless = service.spec.get("clusterIP") == "None"  # its names still resolve to the pods
    return Mistake(
        at=service.at("spec", "ports", index, "targetPort"),
        message=(
            f'{service.title} sends to the port named "{name}", but {", ".join(w.title for w in selected)} declares {has}: the '
            f"Service has no endpoint for it{'' if headless else ', and every connection fails'}"
        ),
        remedy="name one of the container's ports, or give the number",
        numbers={"targetPort": name, "declared": has},
        severity=Severity.WARN if headless else None,
        about=tuple(workload.title for workload in selected),
    )


RULE = Rule(
    id="KUB020",
    severity=Severity.ERROR,
    title="The Service's port has no counterpart in its pods",
    source="kubernetes.io/docs/concepts/services-networking/service (named targetPort)",
    check=check,
)
