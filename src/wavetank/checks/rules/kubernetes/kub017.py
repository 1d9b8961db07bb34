"""KUB017: an Ingress that sends to a Service, or a port of one, that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.entrances import backends
from wavetank.checks.manifests import Manifest, items
from wavetank.checks.model import Mistake, Rule, Severity

#: the port name by which the AWS controller takes an annotation for a backend
BY_ANNOTATION = "use-annotation"


def check(case: Case) -> Iterator[Mistake]:
    for ingress in case.manifests.of_kind("Ingress", group="networking.k8s.io"):
        for name, port in {(name, str(port)): (name, port) for name, port in backends(ingress)}.values():
            service = case.manifests.find("Service", ingress.namespace, name)
            if port == BY_ANNOTATION:
                continue
            if service is None:
                yield from _missing(case, ingress, name)
            elif service.group == "" and service.spec.get("type") != "ExternalName":
                yield from _port(ingress, service, port)


def _missing(case: Case, ingress: Manifest, name: str) -> Iterator[Mistake]:
    known = case.makers.all_pods_are_known(ingress.namespace) or case.given.whole
    if known and not case.makers.mention(ingress.namespace, name):
        there = len(case.manifests.in_namespace("Service", ingress.namespace))
        yield Mistake(
            at=ingress.at("spec", "rules"),
            message=(
                f"{ingress.title} sends to Service {name}, which is none of the {there} Services of namespace "
                f"{ingress.namespace}: its requests are answered with 503"
            ),
            remedy="name a Service of the Ingress' own namespace, or add it",
            numbers={"service": name, "services": there},
            severity=Severity.ERROR if case.given.whole else None,
        )


def _port(ingress: Manifest, service: Manifest, port: object) -> Iterator[Mistake]:
    ports = items(service.spec.get("ports"))
    if port is None or not ports or any(port in (p.get("port"), p.get("name")) for p in ports):
        return
    has = ", ".join(f"{p.get('name') or 'unnamed'} {p.get('port')}" for p in ports)
    yield Mistake(
        at=ingress.at("spec", "rules"),
        message=f"{ingress.title} sends to port {port} of Service {service.name}, which has only: {has}",
        remedy="give the Service's port (not the container's), by number or by name",
        numbers={"port": str(port), "ports": len(ports)},
        severity=Severity.ERROR,
        about=(service.title,),
    )


RULE = Rule(
    id="KUB017",
    severity=Severity.WARN,
    title="The Ingress sends to what is not there",
    source="kubernetes.io/docs/concepts/services-networking/ingress",
    check=check,
)
