"""Callers without a proxy of the mesh: functions and APIs, load balancers, ingresses, Prometheus. Called by ``mesh``.

Pods that take mutual TLS only would refuse them: a network load balancer hands on what a function sends, and that is plain. So
the ports that such callers are led to take both, and these alone; who may send what there is for tokens and network policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wavetank.plan.entrances import called_services, target_port
from wavetank.plan.ledger import Ledger
from wavetank.plan.mesh_names import Names
from wavetank.plan.model import MeshObject, Service, Workload

_SECURITY = "security.istio.io/v1"


def plain_ports(members: tuple[str, ...], names: Names, ledger: Ledger) -> Iterator[MeshObject]:
    """A PeerAuthentication for each workload of the mesh with ports that callers without a proxy are led to."""
    for workload in names.workloads:
        ports = sorted(_ports(workload, names)) if workload.namespace in members else []
        if ports:
            yield _both_ways(workload, ports, ledger)


def _both_ways(workload: Workload, ports: list[int], ledger: Ledger) -> MeshObject:
    name = f"{workload.name}-plain-callers"
    path, origin = f"mesh.peerAuthentications[{name}]", f"workloads[{workload.name}]"
    how = "functions, load balancers, ingresses and Prometheus have no certificate of the mesh"
    ledger.derived(path, None, ("mesh.mtls", origin), how)
    by_port = {str(port): {"mode": "PERMISSIVE"} for port in ports}
    spec = {"selector": {"matchLabels": dict(workload.selector_labels)}, "mtls": {"mode": "STRICT"}}
    return MeshObject(name, workload.namespace, _SECURITY, "PeerAuthentication", spec | {"portLevelMtls": by_port})


def _ports(workload: Workload, names: Names) -> set[int]:
    found: set[int] = set()
    for service in (each for each in names.services if each.workload == workload.name):
        if service.load_balancer is not None:
            found |= _of(service, workload, range(len(service.ports)))
        if service.name in _first_port_alone(names):
            found |= _of(service, workload, (0,))
        if service.name in {each.service for each in names.written.service_monitors or ()}:
            found |= _of(service, workload, range(len(service.ports)))
    return found


def _first_port_alone(names: Names) -> set[str]:
    """Services behind functions and APIs, which use their first port, and behind ingresses."""
    written = names.written
    behind = {
        path.service for ingress in written.ingresses or () for host in ingress.hosts for path in host.paths
    }  # fmt: skip
    return behind | (set(called_services(written.serverless)) if written.serverless is not None else set())


def _of(service: Service, workload: Workload, indices: Iterable[int]) -> set[int]:
    return {target_port(service, workload, index) for index in indices}
