"""Declared connections with their names resolved: which pods or addresses stand at the other end, and on which ports.

Read by ``policies`` and by whoever draws or checks who talks to whom. Decides nothing about what is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable

from wavetank.kube.types import Obj
from wavetank.plan.ledger import Ledger
from wavetank.plan.model import Connections, Peer
from wavetank.plan.namespaces import only_namespace
from wavetank.plan.reasons import Default
from wavetank.spec.connections import PLACES, Connection, Source, is_host
from wavetank.spec.peers import PolicyPort
from wavetank.spec.platform import PlatformFile
from wavetank.spec.services import Service
from wavetank.spec.workloads import Workload

UNRULED = Default("workloads.connects", "nothing was said about who talks to whom")
_HTTPS: Obj = {"port": 443, "protocol": "TCP"}


def connections(stated: Workload, written: PlatformFile, ledger: Ledger) -> Connections | None:
    """What a workload declares, or None when it declares nothing at all."""
    holder = f"workloads[{stated.name}]"
    path = f"{holder}.connections"
    if stated.connects is None and stated.allow_from is None:
        return ledger.because(path, None, UNRULED)
    ledger.stated(path, stated, holder)
    for key in ("connects", "allowFrom"):
        if ledger.is_written(f"{holder}.{key}"):
            ledger.stated(f"{path}.{key}", None, f"{holder}.{key}")
    connects = tuple(_connected(each, written) for each in stated.connects or ())
    sources = tuple(_source(each, stated, written) for each in stated.allow_from or ())
    _note(f"{path}.connects", f"{holder}.connects", connects, ledger)
    _note(f"{path}.allowFrom", f"{holder}.allowFrom", sources, ledger)
    return Connections(connects, sources)


def _note(path: str, at: str, peers: tuple[Peer, ...], ledger: Ledger) -> None:
    for index, peer in enumerate(peers):
        for key in dict.fromkeys((peer.name, str(index))):
            line = f"{at}[{index}]" if ledger.is_written(f"{at}[{index}]") else at
            if "[" not in key and "]" not in key:
                ledger.stated(f"{path}[{key}]", None, line)


def _connected(each: Connection, written: PlatformFile) -> Peer:
    if each.to is None:
        return _foreign(each.namespace, each.pods, each.port)
    if each.to in PLACES or "/" in each.to or is_host(each.to):
        return _place(each.to, each.port)
    service = _service(each.to, written)
    target = _workload(service.workload if service and service.workload else each.to, each.namespace, written)
    if service is not None and service.external_name is not None:
        return _place(service.external_name, each.port, each.to)
    if target is None and (store := _store(each, written)) is not None:
        return store
    if target is None:
        assert each.namespace is not None, f"nothing of the platform is called {each.to}, and the spec let it pass"
        return _foreign(each.namespace, {"app.kubernetes.io/name": each.to}, each.port)
    ports = _pod_ports(each.port, service, target)
    place = target.namespace or only_namespace(written)
    return Peer("workload", each.to, target.name, place, {}, (), ports)


#: ElastiCache's own, of Valkey and of Redis
_CACHE_PORT: Obj = {"port": 6379, "protocol": "TCP"}


def _store(each: Connection, written: PlatformFile) -> Peer | None:
    """A cache stands in the private subnets; tables, buckets and queues are reached as all of AWS is."""
    name, stores = each.to or "", written.serverless
    if stores is None or each.namespace is not None:
        return None
    if any(cache.name == name for cache in stores.caches or ()):
        ports = _written_out(each.port) or (_CACHE_PORT,)
        return Peer("addresses", name, None, None, {}, ("privateSubnets",), ports)
    held = {each.name for each in stores.tables or ()} | {each.name for each in stores.buckets or ()}
    if name in held | {each.name for each in stores.queues or ()}:
        return Peer("aws", name, None, None, {}, (), _written_out(each.port) or (_HTTPS,))
    return None


def _source(each: Source, stated: Workload, written: PlatformFile) -> Peer:
    ports = each.port or None
    if each.from_ is None:
        return _foreign(each.namespace, each.pods, None, _pod_ports(ports, None, stated))
    if each.from_ in PLACES or "/" in each.from_:
        place = _place(each.from_, None)
        return Peer(place.kind, place.name, None, None, {}, place.cidrs, _pod_ports(ports, None, stated))
    source = _workload(each.from_, each.namespace, written)
    if source is None:
        assert each.namespace is not None, f"nothing of the platform is called {each.from_}, and the spec let it pass"
        labels = {"app.kubernetes.io/name": each.from_}
        return _foreign(each.namespace, labels, None, _pod_ports(ports, None, stated))
    place_name = source.namespace or only_namespace(written)
    return Peer("workload", each.from_, source.name, place_name, {}, (), _pod_ports(ports, None, stated))


def _foreign(
    namespace: str | None, pods: dict[str, str] | None, ports: Iterable[PolicyPort] | None, known: tuple[Obj, ...] = ()
) -> Peer:
    assert namespace is not None, "a peer without a name has a namespace"
    return Peer("namespace", namespace, None, namespace, pods or {}, (), known or _written_out(ports))


def _place(name: str, ports: Iterable[PolicyPort] | None, shown: str = "") -> Peer:
    """Addresses; without ports those of the web for what lies outside, all of a range."""
    stated = _written_out(ports)
    if name in ("internet", "aws"):
        return Peer("aws" if name == "aws" else "internet", name, None, None, {}, (), stated or (_HTTPS,))
    if is_host(name):
        return Peer("host", shown or name, None, None, {}, (), stated or (_HTTPS,))
    return Peer("addresses", shown or name, None, None, {}, (name,), stated)


def _service(name: str, written: PlatformFile) -> Service | None:
    return next((each for each in written.services or () if each.name == name), None)


def _workload(name: str, namespace: str | None, written: PlatformFile) -> Workload | None:
    """The workload of this name, unless it was asked for in another namespace than its own."""
    found = next((each for each in written.workloads or () if each.name == name), None)
    elsewhere = found is not None and namespace not in (None, found.namespace or only_namespace(written))
    return None if elsewhere else found


# --- ports ------------------------------------------------------------------------------------------------------------


def _written_out(ports: Iterable[PolicyPort] | None) -> tuple[Obj, ...]:
    return tuple(
        ({"port": each.port} if each.port is not None else {}) | {"protocol": each.protocol or "TCP"} | _range(each)
        for each in ports or ()
    )


def _range(port: PolicyPort) -> Obj:
    return {"endPort": port.end_port} if port.end_port else {}


def container_ports(workload: Workload) -> tuple[Obj, ...]:
    """All ports that the containers of a workload declare: name, number, protocol."""
    own = ({"name": "http", "port": workload.port, "protocol": "TCP"},) if workload.port is not None else ()
    further = [*(workload.ports or ())]
    for container in workload.containers or ():
        further += container.ports or ()
    return (
        *own,
        *({"name": each.name, "port": each.container_port, "protocol": each.protocol or "TCP"} for each in further),
    )


def service_ports(service: Service) -> tuple[Obj, ...]:
    """The ports of a Service: name, number, what they reach."""
    if service.ports:
        return tuple(
            {
                "name": each.name,
                "port": each.port,
                "target": each.target_port or each.port,
                "protocol": each.protocol or "TCP",
            }
            for each in service.ports
        )
    if service.port is None:
        return ()
    return (
        {
            "name": service.port_name or "http",
            "port": service.port,
            "target": service.target_port or "http",
            "protocol": "TCP",
        },
    )


def _pod_ports(asked: Iterable[PolicyPort] | None, service: Service | None, target: Workload) -> tuple[Obj, ...]:
    """The pods' own numbers, since a policy looks at a connection behind the Service."""
    declared = container_ports(target)
    offered = service_ports(service) if service else ()
    if not asked:
        everything = [_number(each["target"], each["protocol"], declared) for each in offered] if offered else declared
        return _distinct({"port": each["port"], "protocol": each["protocol"]} for each in everything)
    return _distinct(found for each in asked for found in _reached(each, offered, declared))


def _reached(asked: PolicyPort, offered: tuple[Obj, ...], declared: tuple[Obj, ...]) -> list[Obj]:
    protocol = asked.protocol or "TCP"
    for each in offered:
        if asked.port in (each["port"], each["name"]) and each["protocol"] == protocol:
            return [_number(each["target"], protocol, declared)]
    found = _number(asked.port, protocol, declared) if asked.port is not None else {"protocol": protocol}
    return [found | _range(asked)]


def _number(port: str | int, protocol: str, declared: tuple[Obj, ...]) -> Obj:
    """A port of the pods by its number, where a container declares its name."""
    number = next((each["port"] for each in declared if each["name"] == port and each["protocol"] == protocol), port)
    return {"port": number, "protocol": protocol}


def _distinct(ports: Iterable[Obj]) -> tuple[Obj, ...]:
    unique = {(str(each.get("port")), each["protocol"], each.get("endPort")): each for each in ports}
    return tuple(unique.values())
