"""KUB021: a probe of a port that its container does not have under that name."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import items, mapping
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.rules.kubernetes.pods import every_container
from wavetank.checks.workloads import Container

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def check(case: Case) -> Iterator[Mistake]:
    for workload in case.workloads:
        for container in every_container(workload):
            for probe in PROBES:
                for way in ("httpGet", "tcpSocket"):
                    port = mapping(mapping(container.obj.get(probe)).get(way)).get("port")
                    if isinstance(port, str) and not port.isdigit() and port not in _names(container):
                        yield _mistake(container, probe, way, port)


def _names(container: Container) -> list[str]:
    return [str(port["name"]) for port in items(container.obj.get("ports")) if port.get("name")]


def _mistake(container: Container, probe: str, way: str, port: str) -> Mistake:
    has = ", ".join(_names(container)) or "none by name"
    return Mistake(
        at=container.at(probe, way, "port"),
        message=(
            f'the {probe} of container {container.name} of {container.workload.title} asks the port named "{port}", but the '
            f"container declares {has}: the probe fails every time"
        ),
        remedy="name one of the container's own ports, or give the number",
        numbers={"port": port, "declared": has},
    )


RULE = Rule(
    id="KUB021",
    severity=Severity.ERROR,
    title="The probe asks a port that is not there",
    source="kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes; pkg/probe",
    check=check,
)
