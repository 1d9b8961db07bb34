"""The way into the cluster for functions and APIs: ports of one internal load balancer that Terraform makes.

The controller makes load balancers after Terraform is done, under names that nobody knows before. So this one is Terraform's,
with a target group for each Service that is called; TargetGroupBindings have the controller put the Service's pods into them.
"""

from __future__ import annotations

from collections.abc import Iterable

from wavetank.kube.types import Obj
from wavetank.plan.aws_names import shortened
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Entrance, Service, Workload
from wavetank.spec.serverless import Serverless as WrittenServerless

#: first port for Services whose own port another one has already
_FIRST_SPARE = 8001


def entrances(
    written: WrittenServerless,
    services: tuple[Service, ...],
    workloads: tuple[Workload, ...],
    cluster_name: str,
    ledger: Ledger,
) -> tuple[Entrance, ...]:
    """A port for each Service that a function calls or a route leads to, in the order in which they are first named."""
    found: list[Entrance] = []
    for name in dict.fromkeys(called_services(written)):
        service = next(each for each in services if each.name == name)
        workload = next((each for each in workloads if each.name == service.workload), None)
        found.append(_entrance(service, workload, {each.port for each in found}, cluster_name, ledger))
    return tuple(found)


def called_services(written: WrittenServerless) -> Iterable[str]:
    """The Services that functions call and routes lead to, as often as they are named."""
    for function in written.functions or ():
        yield from (call.service for call in function.calls or ())
    for api in written.apis or ():
        yield from (route.service for route in api.routes if route.service is not None)


def _entrance(
    service: Service, workload: Workload | None, taken: set[int], cluster_name: str, ledger: Ledger
) -> Entrance:
    path, origin = f"serverless.entrances[{service.name}]", f"services[{service.name}]"
    ledger.derived(path, None, ("serverless.functions", "serverless.apis"), "functions or routes lead to this Service")
    own = int(service.ports[0]["port"])
    port = own if own not in taken else next(each for each in range(_FIRST_SPARE, 65536) if each not in taken)
    health = service.load_balancer.health_check_path if service.load_balancer else _readiness_path(workload)
    how = "the Service's port" if port == own else "the Service's port belongs to another one"
    return Entrance(
        service=service.name,
        namespace=service.namespace,
        port=ledger.derived(f"{path}.port", port, (f"{origin}.ports",), how),
        service_port=own,
        target_port=target_port(service, workload),
        target_group=ledger.derived(
            f"{path}.targetGroup",
            shortened(f"{cluster_name}-{service.name}".replace("_", "-"), 32),
            ("cluster.name", origin),
            "unique",
        ),
        health_check_path=ledger.derived(
            f"{path}.healthCheckPath", health, (f"workloads[{service.workload}]",), "what makes a pod ready"
        ),
    )


def _readiness_path(workload: Workload | None) -> str:
    probe: Obj = (workload.containers[0].readiness_probe or {}) if workload else {}
    return str((probe.get("httpGet") or {}).get("path") or "/")


def target_port(service: Service, workload: Workload | None, index: int = 0) -> int:
    """The pods' port behind a port of a Service, as a number: target groups have no names for ports."""
    wanted = service.ports[index].get("targetPort", service.ports[index]["port"])
    if isinstance(wanted, int):
        return wanted
    ports = [port for container in (workload.containers if workload else ()) for port in container.ports]
    return next(
        (int(port["containerPort"]) for port in ports if port.get("name") == wanted), int(service.ports[index]["port"])
    )
