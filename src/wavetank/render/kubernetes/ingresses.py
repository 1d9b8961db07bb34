"""65-ingresses.yaml: the way in from outside."""

from __future__ import annotations

from typing import Any

from wavetank.plan.model import Ingress, IngressHost, IngressPath, Plan
from wavetank.render.kubernetes.parts import manifest, metadata, present, traced_entries
from wavetank.render.trace import Traced, tree


def objects(plan: Plan) -> tuple[Traced, ...]:
    """In the plan's order."""
    return tuple(_ingress(plan, ingress) for ingress in plan.ingresses)


def _ingress(plan: Plan, ingress: Ingress) -> Traced:
    path = f"ingresses[{ingress.name}]"
    annotations = traced_entries(ingress.annotations, f"{path}.annotations")
    framed = metadata(plan, path, ingress.name, ingress.namespace, annotations=annotations)
    return manifest("networking.k8s.io/v1", "Ingress", framed, path, spec=_spec(ingress, path))


def _spec(ingress: Ingress, path: str) -> dict[str, Any]:
    return present(
        {
            "ingressClassName": Traced(ingress.ingress_class, f"{path}.ingressClass"),
            "tls": _tls(ingress, f"{path}.tls"),
            "rules": [_rule(host, f"{path}.hosts[{index}]") for index, host in enumerate(ingress.hosts)],
        }
    )


def _tls(ingress: Ingress, path: str) -> list[Traced]:
    """The Secret with the certificate; an ALB needs no entry, it looks up ACM by the hosts of the rules."""
    if ingress.tls is None or ingress.tls.secret is None:
        return []
    hosts = [host.host for host in ingress.hosts if host.host is not None]
    return [Traced({"hosts": hosts, "secretName": Traced(ingress.tls.secret, f"{path}.secret")}, path)]


def _rule(host: IngressHost, path: str) -> Traced:
    paths = [_path(each, f"{path}.paths[{index}]") for index, each in enumerate(host.paths)]
    return Traced(present({"host": Traced(host.host, f"{path}.host"), "http": {"paths": paths}}), path)


def _path(each: IngressPath, path: str) -> Traced:
    service = {"name": Traced(each.service, f"{path}.service"), "port": tree(each.port, f"{path}.port")}
    content = {
        "path": Traced(each.path, f"{path}.path"),
        "pathType": Traced(each.path_type, f"{path}.pathType"),
        "backend": {"service": service},
    }
    return Traced(content, path)
