"""Rules of Ingresses and NetworkPolicies (``pkg/apis/networking/validation``)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from ..errors import Cause
from ..types import Obj
from .causes import forbidden, invalid, not_supported, required
from .metadata import immutable, metadata, metadata_update
from .names import dns_1035_label, dns_subdomain, domain_prefixed_path, port_name, port_number, wildcard_subdomain
from .selectors import label_selector

_PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
_PROTOCOLS = ("TCP", "UDP", "SCTP")
_BAD_PARTS = ("//", "/./", "/../", "%2f", "%2F")
_BAD_ENDS = ("/..", "/.")
_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


def ingress(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    yield from _ingress_spec(obj.get("spec") or {})


def ingress_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _ingress_spec(new.get("spec") or {})


def _ingress_spec(spec: Obj) -> Iterator[Cause]:
    if not spec.get("rules") and spec.get("defaultBackend") is None:
        yield invalid("spec", "", "either `defaultBackend` or `rules` must be specified")
    if spec.get("defaultBackend") is not None:
        yield from _backend(spec["defaultBackend"], "spec.defaultBackend")
    for index, rule in enumerate(spec.get("rules") or ()):
        yield from _rule(rule, f"spec.rules[{index}]")
    for index, tls in enumerate(spec.get("tls") or ()):
        for number, host in enumerate(tls.get("hosts") or ()):
            yield from _host(host, f"spec.tls[{index}].hosts[{number}]")
    name = spec.get("ingressClassName")
    if name is not None:
        for problem in dns_subdomain(name):
            yield invalid("spec.ingressClassName", name, problem)


def _host(host: str, path: str) -> Iterator[Cause]:
    for problem in wildcard_subdomain(host) if "*" in host else dns_subdomain(host):
        yield invalid(path, host, problem)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _rule(rule: Obj, path: str) -> Iterator[Cause]:
    host = rule.get("host")
    if host:
        if _is_address(host):
            yield invalid(f"{path}.host", host, "must be a DNS name, not an IP address")
        yield from _host(host, f"{path}.host")
    if rule.get("http") is not None:
        paths = rule["http"].get("paths") or []
        if not paths:
            yield required(f"{path}.http.paths")
        for index, entry in enumerate(paths):
            yield from _path(entry, f"{path}.http.paths[{index}]")


def _path(entry: Obj, path: str) -> Iterator[Cause]:
    kind, stated = entry.get("pathType"), entry.get("path", "")
    if not kind:
        yield required(f"{path}.pathType", "pathType must be specified")
        return
    if kind in ("Exact", "Prefix"):
        yield from _absolute(stated, f"{path}.path")
    elif kind == "ImplementationSpecific":
        if stated and not stated.startswith("/"):
            yield invalid(f"{path}.path", stated, "must be an absolute path")
    else:
        yield not_supported(f"{path}.pathType", kind, _PATH_TYPES)
    yield from _backend(entry.get("backend") or {}, f"{path}.backend")


def _absolute(stated: str, path: str) -> Iterator[Cause]:
    if not stated.startswith("/"):
        yield invalid(path, stated, "must be an absolute path")
        return
    for part in _BAD_PARTS:
        if part in stated:
            yield invalid(path, stated, f"must not contain '{part}'")
    for end in _BAD_ENDS:
        if stated.endswith(end):
            yield invalid(path, stated, f"cannot end with '{end}'")


def _backend(backend: Obj, path: str) -> Iterator[Cause]:
    service, resource = backend.get("service"), backend.get("resource")
    if resource is not None and service is not None:
        yield invalid(path, "", "cannot set both resource and service backends")
    elif service is not None:
        yield from _service(service, f"{path}.service")
    elif resource is None:
        yield invalid(path, "", "resource or service backend is required")


def _service(service: Obj, path: str) -> Iterator[Cause]:
    name, port = service.get("name", ""), service.get("port") or {}
    if not name:
        yield required(f"{path}.name")
    else:
        for problem in dns_1035_label(name):
            yield invalid(f"{path}.name", name, problem)
    if port.get("name") and port.get("number"):
        yield invalid(path, "", "cannot set both port name & port number")
    elif port.get("name"):
        for problem in port_name(port["name"]):
            yield invalid(f"{path}.port.name", port["name"], problem)
    elif port.get("number"):
        for problem in port_number(port["number"]):
            yield invalid(f"{path}.port.number", port["number"], problem)
    else:
        yield required(path, "port name or number is required")


def ingress_class(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    yield from domain_prefixed_path((obj.get("spec") or {}).get("controller") or "", "spec.controller")


def ingress_class_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from immutable(new["spec"].get("controller"), old["spec"].get("controller"), "spec.controller")


def network_policy(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {})
    yield from _policy_spec(obj.get("spec") or {})


def network_policy_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    yield from _policy_spec(new["spec"])


def _policy_spec(spec: Obj) -> Iterator[Cause]:
    yield from label_selector(spec.get("podSelector"), "spec.podSelector")
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(direction) or ()):
            path = f"spec.{direction}[{index}]"
            for number, port in enumerate(rule.get("ports") or ()):
                yield from _policy_port(port, f"{path}.ports[{number}]")
            for number, peer in enumerate(rule.get(peers) or ()):
                yield from _peer(peer, f"{path}.{peers}[{number}]")
    types = spec.get("policyTypes") or []
    if len(types) > 2:
        yield invalid("spec.policyTypes", types, "may not specify more than two policyTypes")
        return
    for index, kind in enumerate(types):
        if kind not in ("Ingress", "Egress"):
            yield not_supported(f"spec.policyTypes[{index}]", kind, ("Ingress", "Egress"))


def _policy_port(port: Obj, path: str) -> Iterator[Cause]:
    protocol, number, end = port.get("protocol"), port.get("port"), port.get("endPort")
    if protocol is not None and protocol not in _PROTOCOLS:
        yield not_supported(f"{path}.protocol", protocol, _PROTOCOLS)
    if number is not None:
        yield from _port(number, f"{path}.port")
    if end is not None:
        if number is None:
            yield invalid(f"{path}.endPort", end, "may not be specified when `port` is not specified")
        elif isinstance(number, str):
            yield invalid(f"{path}.endPort", end, "may not be specified when `port` is non-numeric")
        else:
            if end < number:
                yield invalid(f"{path}.endPort", end, "must be greater than or equal to `port`")
            yield from _port(end, f"{path}.endPort")


def _port(value: Any, path: str) -> Iterator[Cause]:
    for problem in port_name(value) if isinstance(value, str) else port_number(value):
        yield invalid(path, value, problem)


def _peer(peer: Obj, path: str) -> Iterator[Cause]:
    selectors = [key for key in ("podSelector", "namespaceSelector") if peer.get(key) is not None]
    for key in selectors:
        yield from label_selector(peer[key], f"{path}.{key}")
    block = peer.get("ipBlock")
    if block is not None:
        yield from _block(block, f"{path}.ipBlock")
    if not selectors and block is None:
        yield required(path, "must specify a peer")
    elif selectors and block is not None:
        yield forbidden(path, "may not specify both ipBlock and another peer")


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False) if "/" in text else None
    except ValueError:
        return None


def _block(block: Obj, path: str) -> Iterator[Cause]:
    cidr = block.get("cidr", "")
    if not cidr:
        yield required(f"{path}.cidr")
        return
    whole = _network(cidr)
    if whole is None:
        yield invalid(f"{path}.cidr", cidr, _CIDR)
        return
    for index, text in enumerate(block.get("except") or ()):
        part = _network(text)
        if part is None:
            yield invalid(f"{path}.except[{index}]", text, _CIDR)
        elif not _is_strictly_inside(part, whole):
            yield invalid(f"{path}.except[{index}]", text, "must be a strict subset of `cidr`")


def _is_strictly_inside(part: Any, whole: Any) -> bool:
    return part.version == whole.version and part != whole and bool(part.subnet_of(whole))
