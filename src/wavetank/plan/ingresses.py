"""Ingresses: what is shared by the load balancer behind several of them, paths, certificates, health checks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from wavetank.kube.types import Obj
from wavetank.plan.ingress_annotations import HEALTH_CHECK, alb_annotations, nginx_annotations
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Ingress, IngressHost, IngressPath, IngressTls, Service, Workload
from wavetank.plan.reasons import Default
from wavetank.spec.ingress import Ingress as WrittenIngress
from wavetank.spec.ingress import IngressPath as WrittenPath
from wavetank.spec.platform import PlatformFile

_CONTROLLER = "kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress"

INTERNAL = Default("ingresses.scheme", "the internet is a decision", f"{_CONTROLLER}/annotations")
ONE_FOR_ALL = Default("ingresses.group", "one load balancer for each scheme: every one more is paid by the hour")
NO_GROUP = Default("ingresses.group", "one network load balancer stands before NGINX")
BELOW = Default(
    "ingresses.pathType", "a path and everything below it", "kubernetes.io/docs/concepts/services-networking/ingress"
)
FIRST_PORT = Default("ingresses.port", "the first port of the Service")
EVERY_NAME = Default("ingresses.host", "no name was asked for")
PLAIN_HTTP = Default("ingresses.tls", "nothing was said about certificates")
REDIRECTED = Default("ingresses.tls.redirect", "who has a certificate wants it used")
ANYBODY = Default("ingresses.sourceRanges", "whoever the scheme lets in")
ASK_ROOT = Default("ingresses.healthCheck", "nothing was said about how to ask the pods")
NOT_ASKED = Default("ingresses.healthCheck", "NGINX sends requests to pods that are ready, and asks nothing itself")
NO_SECRET = Default("ingresses.tls.secret", "a certificate of ACM stays in AWS")

Scheme = Literal["internet-facing", "internal"]


def ingress_path(stated: WrittenIngress) -> str:
    return f"ingresses[{stated.name}]"


def ingresses(
    written: PlatformFile, services: tuple[Service, ...], workloads: tuple[Workload, ...], ledger: Ledger
) -> tuple[Ingress, ...]:
    """All of them: several share a load balancer, and what one says about it holds for all."""
    return tuple(_ingress(each, written, services, workloads, ledger) for each in written.ingresses or ())


def sharing(stated: WrittenIngress, written: PlatformFile) -> tuple[WrittenIngress, ...]:
    """The ingresses on the same load balancer, this one first."""
    key = _balancer_key(stated)
    others = (each for each in written.ingresses or () if each is not stated and _balancer_key(each) == key)
    return (stated, *others)


def _balancer_key(stated: WrittenIngress) -> tuple[str, str | None]:
    if stated.class_ == "nginx":
        return "nginx", None
    return ("group", stated.group) if stated.group is not None else ("scheme", stated.scheme or "internal")


def said_by_any(
    stated: WrittenIngress,
    written: PlatformFile,
    field: str,
    otherwise: Any,
    reason: Default,
    ledger: Ledger,
    path: str,
) -> Any:
    """What any ingress on the same load balancer says about a field, or else the default."""
    for each in sharing(stated, written):
        value = getattr(each, field)
        if value is not None:
            return ledger.stated(path, value, f"{ingress_path(each)}.{_camel(field)}")
    return ledger.because(path, otherwise, reason)


def _camel(field: str) -> str:
    head, *rest = field.split("_")
    return head + "".join(word.capitalize() for word in rest)


def _ingress(
    stated: WrittenIngress,
    written: PlatformFile,
    services: tuple[Service, ...],
    workloads: tuple[Workload, ...],
    ledger: Ledger,
) -> Ingress:
    path = ingress_path(stated)
    ledger.stated(path, stated)
    scheme: Scheme = said_by_any(stated, written, "scheme", "internal", INTERNAL, ledger, f"{path}.scheme")
    bare = Ingress(
        name=stated.name,
        namespace=_namespace(stated, services, ledger),
        ingress_class=ledger.stated(f"{path}.ingressClass", stated.class_, f"{path}.class"),
        scheme=scheme,
        group=_group(stated, written, scheme, ledger),
        hosts=_hosts(stated, services, workloads, ledger),
        tls=_tls(stated, ledger),
        source_ranges=said_by_any(stated, written, "source_ranges", (), ANYBODY, ledger, f"{path}.sourceRanges"),
        annotations={},
    )
    return replace(bare, annotations=_annotations(stated, bare, written, ledger))


def _annotations(stated: WrittenIngress, bare: Ingress, written: PlatformFile, ledger: Ledger) -> dict[str, str]:
    path = f"{ingress_path(stated)}.annotations"
    if stated.class_ == "alb":
        own = alb_annotations(bare, sharing(stated, written), written, ledger)
    else:
        own = nginx_annotations(stated, bare, written, ledger)
    for key, text in (stated.annotations or {}).items():
        ledger.stated(f"{path}[{key}]", text)
    return own | (stated.annotations or {})


def _namespace(stated: WrittenIngress, services: tuple[Service, ...], ledger: Ledger) -> str:
    path = f"{ingress_path(stated)}.namespace"
    if stated.namespace is not None:
        return ledger.stated(path, stated.namespace)
    first = _service(stated.hosts[0].paths[0].service, services)
    return ledger.derived(path, first.namespace, (f"services[{first.name}].namespace",), "that of its Services")


def _service(name: str, services: tuple[Service, ...]) -> Service:
    return next(each for each in services if each.name == name)


def _group(stated: WrittenIngress, written: PlatformFile, scheme: Scheme, ledger: Ledger) -> str | None:
    path = f"{ingress_path(stated)}.group"
    if stated.class_ == "nginx":
        return ledger.because(path, None, NO_GROUP)
    usual = written.name if scheme == "internet-facing" else f"{written.name}-internal"
    return ledger.chosen(path, stated.group, usual[:63], ONE_FOR_ALL)


def _hosts(
    stated: WrittenIngress, services: tuple[Service, ...], workloads: tuple[Workload, ...], ledger: Ledger
) -> tuple[IngressHost, ...]:
    hosts = []
    for index, host in enumerate(stated.hosts):
        path = f"{ingress_path(stated)}.hosts[{index}]"
        paths = (
            _path(each, f"{path}.paths[{at}]", stated, services, workloads, ledger)
            for at, each in enumerate(host.paths)
        )
        hosts.append(IngressHost(ledger.chosen(f"{path}.host", host.host, None, EVERY_NAME), tuple(paths)))
    return tuple(hosts)


def _path(
    stated: WrittenPath,
    path: str,
    ingress: WrittenIngress,
    services: tuple[Service, ...],
    workloads: tuple[Workload, ...],
    ledger: Ledger,
) -> IngressPath:
    service = _service(stated.service, services)
    ledger.stated(f"{path}.path", stated.path)
    return IngressPath(
        path=stated.path,
        path_type=ledger.chosen(f"{path}.pathType", stated.path_type, "Prefix", BELOW),
        service=ledger.stated(f"{path}.service", stated.service),
        port=_port(stated, service, path, ledger),
        health_check_path=_health_check(stated, path, ingress, service, workloads, ledger),
    )


def _port(stated: WrittenPath, service: Service, path: str, ledger: Ledger) -> Obj:
    port = stated.port
    if port is None and service.ports:
        origin = f"services[{service.name}].ports"
        number = service.ports[0]["port"]
        return ledger.derived(f"{path}.port", {"number": number}, (origin,), FIRST_PORT.why)
    chosen = ledger.chosen(f"{path}.port", port, 80, FIRST_PORT)
    return {"number": chosen} if isinstance(chosen, int) else {"name": chosen}


def _health_check(
    stated: WrittenPath,
    path: str,
    ingress: WrittenIngress,
    service: Service,
    workloads: tuple[Workload, ...],
    ledger: Ledger,
) -> str | None:
    where = f"{path}.healthCheckPath"
    if ingress.class_ == "nginx":
        return ledger.because(where, None, NOT_ASKED)
    if stated.health_check is not None:
        return ledger.stated(where, stated.health_check, f"{path}.healthCheck")
    if ingress.health_check is not None:
        return ledger.stated(where, ingress.health_check, f"{ingress_path(ingress)}.healthCheck")
    workload = next((each for each in workloads if each.name == service.workload), None)
    main = workload.containers[0] if workload else None
    asked = ((main.readiness_probe if main else None) or {}).get("httpGet", {}).get("path")
    if workload is not None and main is not None and isinstance(asked, str):
        origin = f"workloads[{workload.name}].containers[{main.name}].readinessProbe"
        return ledger.derived(where, asked, (origin,), "what makes a pod ready makes it a target")
    return ledger.because(where, "/", ASK_ROOT)


def _tls(stated: WrittenIngress, ledger: Ledger) -> IngressTls | None:
    path, tls = f"{ingress_path(stated)}.tls", stated.tls
    if tls is None:
        return ledger.because(path, None, PLAIN_HTTP)
    ledger.stated(path, tls)
    if tls.issuer is not None:
        secret: str | None = ledger.derived(
            f"{path}.secret", f"{stated.name}-tls", (path,), "where cert-manager puts the certificate"
        )
    else:
        secret = ledger.chosen(f"{path}.secret", tls.secret, None, NO_SECRET)
    redirect = ledger.chosen(f"{path}.redirect", tls.redirect, True, REDIRECTED)
    return IngressTls(certificate=tls.certificate, issuer=tls.issuer, secret=secret, redirect=redirect)


def with_health_checks(
    services: tuple[Service, ...], planned: tuple[Ingress, ...], ledger: Ledger
) -> tuple[Service, ...]:
    """The Services with the path that an ALB asks their pods, where it is not the one that the ingress says for all.

    The controller lets an annotation of a Service win over the same one of the Ingress.
    """
    wanted: dict[str, tuple[str, str]] = {}
    for ingress in planned:
        for at, host in enumerate(ingress.hosts):
            for index, path in enumerate(host.paths):
                if path.health_check_path not in (None, ingress.annotations.get(HEALTH_CHECK)):
                    origin = f"ingresses[{ingress.name}].hosts[{at}].paths[{index}].healthCheckPath"
                    wanted.setdefault(path.service, (str(path.health_check_path), origin))
    return tuple(_asked_at(each, *wanted[each.name], ledger) if each.name in wanted else each for each in services)


def _asked_at(service: Service, health_check: str, origin: str, ledger: Ledger) -> Service:
    path = f"services[{service.name}].annotations[{HEALTH_CHECK}]"
    ledger.derived(path, health_check, (origin,), "each Service's pods are asked at their own path")
    return replace(service, annotations={HEALTH_CHECK: health_check, **service.annotations})
