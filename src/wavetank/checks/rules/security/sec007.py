"""SEC007: the internet speaks to the platform without TLS."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import Manifest, items, mapping
from wavetank.checks.model import Mistake, Rule, Severity

_SERVICE = "service.beta.kubernetes.io/aws-load-balancer-"
_ALB = "alb.ingress.kubernetes.io/"
_PLAIN_PORTS = (80, 8000, 8080)


def check(case: Case) -> Iterator[Mistake]:
    for service in case.manifests.of_kind("Service", group=""):
        if (
            is_public(service)
            and not service.annotations.get(f"{_SERVICE}ssl-cert")
            and not _is_an_ingress(case, service)
        ):
            plain = [port for port in items(service.spec.get("ports")) if port.get("port") in _PLAIN_PORTS]
            if plain:
                yield _service(service, int(plain[0]["port"]))
    for ingress in case.manifests.of_kind("Ingress"):
        if not has_tls(ingress) and _faces_the_internet(ingress):
            yield _ingress(ingress)


def is_public(service: Manifest) -> bool:
    """A load balancer of AWS that says it faces the internet; without a word it is internal."""
    schemes = (service.annotations.get(f"{_SERVICE}scheme"), service.annotations.get(f"{_SERVICE}internal"))
    return service.spec.get("type") == "LoadBalancer" and schemes[0] == "internet-facing"


def _is_an_ingress(case: Case, service: Manifest) -> bool:
    """Port 80 of an ingress controller or of a gateway exists to redirect."""
    ports = {port.get("port") for port in items(service.spec.get("ports"))}
    return {80, 443} <= ports


def has_tls(ingress: Manifest) -> bool:
    listens = ingress.annotations.get(f"{_ALB}listen-ports", "")
    return bool(ingress.spec.get("tls") or ingress.annotations.get(f"{_ALB}certificate-arn") or "HTTPS" in listens)


def _faces_the_internet(ingress: Manifest) -> bool:
    named = ingress.spec.get("ingressClassName") or ingress.annotations.get("kubernetes.io/ingress.class")
    if named == "alb":
        return ingress.annotations.get(f"{_ALB}scheme") == "internet-facing"
    return any(mapping(rule).get("host") for rule in items(ingress.spec.get("rules")))


def _service(service: Manifest, port: int) -> Mistake:
    return Mistake(
        at=service.at("spec", "ports"),
        message=(
            f"{service.title} takes requests from the internet on port {port} in plain HTTP: tokens and data can be "
            "read on the way"
        ),
        remedy="end TLS at the load balancer (a certificate of ACM), or let an ingress with TLS be the only way in",
        numbers={"port": port},
    )


def _ingress(ingress: Manifest) -> Mistake:
    hosts = (
        ", ".join(str(rule.get("host")) for rule in items(ingress.spec.get("rules")) if rule.get("host")) or "any host"
    )
    return Mistake(
        at=ingress.at("spec", "tls"),
        message=f"{ingress.title} serves {hosts} without TLS",
        remedy="add tls with a certificate (cert-manager), or for an ALB listen-ports HTTPS with a certificate of ACM",
        numbers={"hosts": hosts},
    )


RULE = Rule(
    id="SEC007",
    severity=Severity.WARN,
    title="No TLS at the edge",
    source="AWS Load Balancer Controller, annotations; kubernetes.io/docs/concepts/services-networking/ingress (TLS)",
    check=check,
)
