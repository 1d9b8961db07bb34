"""Service addresses and node ports: handed out at creation, checked when asked for, free again when the Service goes.

Called by the pipeline for Services only. What is taken is read from the stored Services, so there is nothing to keep in
step. Follows ``pkg/registry/core/service/storage/alloc.go``; the choice among free ones is random with the world's seed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from random import Random

from wavetank.kube.errors import Cause, invalid
from wavetank.kube.types import Obj

DEFAULT_SERVICE_CIDR = "172.20.0.0/16"
NODE_PORTS = range(30000, 32768)
NO_ADDRESS = "None"


def allocated(service: Obj, others: Iterable[Obj], cidr: str, randomness: Random) -> Obj:
    """``service`` with addresses and node ports; ApiError 422 when it asks for one that it cannot have."""
    taken = [other for other in others if _identity(other) != _identity(service)]
    return _with_node_ports(_with_address(service, taken, IPv4Network(cidr), randomness), taken, randomness)


def _identity(service: Obj) -> tuple[str, str]:
    return service["metadata"].get("namespace", ""), service["metadata"]["name"]


def _with_address(service: Obj, others: list[Obj], network: IPv4Network, randomness: Random) -> Obj:
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        released = {
            k: v for k, v in spec.items() if k not in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")
        }
        return {**service, "spec": released}
    taken = {o["spec"].get("clusterIP") for o in others}
    address = spec.get("clusterIP") or next(iter(spec.get("clusterIPs") or ()), "")
    if not address:
        address = _free_address(network, taken, randomness)
    elif address != NO_ADDRESS:
        _check_address(service, address, network, taken)
    family = {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}
    return {**service, "spec": {**family, **spec, "clusterIP": address, "clusterIPs": [address]}}


def _free_address(network: IPv4Network, taken: set[str | None], randomness: Random) -> str:
    """A free address outside the band that upstream keeps for addresses chosen by hand (the lowest 16 to 256)."""
    band = min(max(16, network.num_addresses // 16), 256)
    while True:
        address = str(network[randomness.randrange(band + 1, network.num_addresses - 1)])
        if address not in taken:
            return address


def _check_address(service: Obj, address: str, network: IPv4Network, taken: set[str | None]) -> None:
    try:
        inside = IPv4Address(address) in network
    except ValueError:
        return  # validation has said so in its own words
    why = "" if inside else "the provided network does not match the current range"
    why = "provided IP is already allocated" if inside and address in taken else why
    if why:
        raise _refused(service, "spec.clusterIPs", [address], f"failed to allocate IP {address}: {why}")


def needs_node_ports(spec: Obj) -> bool:
    kind = spec.get("type")
    return kind == "NodePort" or (kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts", True))


def _with_node_ports(service: Obj, others: list[Obj], randomness: Random) -> Obj:
    spec = service["spec"]
    if not needs_node_ports(spec):
        return service
    taken = {(p.get("nodePort"), p.get("protocol", "TCP")) for o in others for p in o["spec"].get("ports") or ()}
    ports: list[Obj] = []
    own: set[tuple[int, str]] = set()
    for index, port in enumerate(spec.get("ports") or ()):
        protocol, wanted = port.get("protocol", "TCP"), port.get("nodePort")
        if wanted:
            _check_node_port(service, index, wanted, (wanted, protocol) in taken)
        number = wanted or _free_node_port({n for n, _ in taken | own}, randomness)
        own.add((number, protocol))
        ports.append({**port, "nodePort": number})
    return {**service, "spec": {**spec, "ports": ports}}


def _free_node_port(taken: set[int | None], randomness: Random) -> int:
    while True:
        number = randomness.choice(NODE_PORTS)
        if number not in taken:
            return number


def _check_node_port(service: Obj, index: int, number: int, is_taken: bool) -> None:
    why = "provided port is already allocated" if is_taken else ""
    if number not in NODE_PORTS:
        why = "provided port is not in the valid range. The range of valid ports is 30000-32767"
    if why:
        raise _refused(service, f"spec.ports[{index}].nodePort", number, why)


def _refused(service: Obj, field: str, value: object, why: str) -> Exception:
    shown = json.dumps(value, separators=(",", ":"))
    cause = Cause("FieldValueInvalid", f"Invalid value: {shown}: {why}", field)
    return invalid("", "Service", service["metadata"]["name"], [cause])


def kept(service: Obj, live: Obj) -> Obj:
    """An update of ``live``: addresses and node ports that it leaves out stay what they are (``patchAllocatedValues``)."""
    spec, old = _without_left_behind(service["spec"], live["spec"]), live["spec"]
    service = {**service, "spec": spec}
    if spec.get("type") == "ExternalName":
        return service
    if old.get("clusterIP") and not spec.get("clusterIP"):
        spec = {**spec, "clusterIP": old["clusterIP"]}
        spec.setdefault("clusterIPs", old.get("clusterIPs", []))
    elif (
        old.get("clusterIP")
        and spec["clusterIP"] != old["clusterIP"]
        and spec.get("clusterIPs") == old.get("clusterIPs")
    ):
        spec = {**spec, "clusterIPs": [spec["clusterIP"]]}
    if needs_node_ports(spec) and needs_node_ports(old):
        spec = {**spec, "ports": _with_old_node_ports(spec.get("ports") or [], old.get("ports") or [])}
    return {**service, "spec": spec}


def _without_left_behind(spec: Obj, old: Obj) -> Obj:
    """A Service of another type loses what only the old type has, unless it is changed too (``dropTypeDependentFields``)."""
    kind, before = spec.get("type"), old.get("type")
    if kind == before:
        return spec
    dropped: set[str] = set()
    if before == "LoadBalancer":
        dropped |= {"allocateLoadBalancerNodePorts", "loadBalancerClass", "healthCheckNodePort"}
    if _is_external(old) and not _is_external(spec):
        dropped.add("externalTrafficPolicy")
    if kind == "ExternalName":
        dropped |= {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"}
    kept_fields = {k: v for k, v in spec.items() if k not in dropped or v != old.get(k)}
    if needs_node_ports(old) and not needs_node_ports(spec) and _node_ports(spec) == _node_ports(old):
        ports = spec.get("ports") or ()
        kept_fields["ports"] = [{k: v for k, v in port.items() if k != "nodePort"} for port in ports]
    return kept_fields


def _node_ports(spec: Obj) -> list[object]:
    return [p.get("nodePort") for p in spec.get("ports") or ()]


def _is_external(spec: Obj) -> bool:
    kind = spec.get("type")
    return kind in ("NodePort", "LoadBalancer") or (kind == "ClusterIP" and bool(spec.get("externalIPs")))


def _with_old_node_ports(ports: list[Obj], old_ports: list[Obj]) -> list[Obj]:
    old = {(p.get("protocol"), p.get("port")): p.get("nodePort") for p in old_ports}
    asked = {p.get("nodePort") for p in ports}
    filled = []
    for port in ports:
        number = old.get((port.get("protocol"), port.get("port")))
        keep = not port.get("nodePort") and number and number not in asked
        filled.append({**port, "nodePort": number} if keep else port)
    return filled
