"""Rules of Services (core ``ValidateService``). Whether an address or node port is free is the allocators' to say."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from ..errors import Cause
from ..types import Obj
from .causes import duplicate, forbidden, invalid, not_supported, required
from .internal import printed_struct
from .metadata import label_key, label_map, metadata, metadata_update
from .names import dns_label, dns_subdomain, port_name, port_number
from .pod_network import address

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_AFFINITIES = ("ClientIP", "None")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_POLICIES = ("Cluster", "Local")
_DISTRIBUTIONS = ("PreferClose", "PreferSameNode", "PreferSameZone")
_EXTERNAL = "externalTrafficPolicy"
#: With a capital letter, as upstream.
_RANGES = "spec.LoadBalancerSourceRanges"
_KUBELET_PORT = 10250
_BLOCK = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_MAX_AFFINITY_SECONDS = 86400


def service(obj: Obj) -> Iterator[Cause]:
    yield from metadata(obj.get("metadata") or {}, dns_label)
    yield from _spec(obj.get("spec") or {})


def _spec(spec: Obj) -> Iterator[Cause]:
    kind, ports = spec.get("type", ""), spec.get("ports") or []
    headless = spec.get("clusterIP") == "None"
    if not ports and not headless and kind != "ExternalName":
        yield required("spec.ports")
    if kind in ("LoadBalancer", "NodePort") and headless:
        yield invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {kind} services")
    for index, port in enumerate(ports) if kind == "LoadBalancer" else ():
        if port.get("port") == _KUBELET_PORT:
            why = f"may not expose port {_KUBELET_PORT} externally since it is used by kubelet"
            yield invalid(f"spec.ports[{index}]", _KUBELET_PORT, why)
    if kind == "ExternalName":
        yield from _external_name(spec)
    yield from _ports(ports, kind)
    yield from label_map(spec.get("selector") or {}, "spec.selector")
    yield from _affinity(spec)
    if kind not in _TYPES:
        yield not_supported("spec.type", kind, _TYPES)
    yield from _repeated_node_ports(ports)
    yield from _repeated_ports(ports)
    yield from _traffic(spec, kind)
    yield from _reached_from_outside(spec, kind)


def _external_name(spec: Obj) -> Iterator[Cause]:
    name = (spec.get("externalName") or "").removesuffix(".")
    if not name:
        yield required("spec.externalName")
        return
    for problem in dns_subdomain(name):
        yield invalid("spec.externalName", name, problem)


def _ports(ports: list[Obj], kind: str) -> Iterator[Cause]:
    names: set[str] = set()
    for index, port in enumerate(ports):
        path = f"spec.ports[{index}]"
        name = port.get("name", "")
        if not name and len(ports) > 1:
            yield required(f"{path}.name")
        elif name:
            for problem in dns_label(name):
                yield invalid(f"{path}.name", name, problem)
            if name in names:
                yield duplicate(f"{path}.name", name)
            names.add(name)
        for problem in port_number(port.get("port", 0)):
            yield invalid(f"{path}.port", port.get("port", 0), problem)
        if port.get("protocol") not in _PROTOCOLS:
            yield not_supported(f"{path}.protocol", port.get("protocol", ""), _PROTOCOLS)
        yield from _target(port.get("targetPort", 0), f"{path}.targetPort")
        if kind == "ClusterIP" and port.get("nodePort"):
            yield forbidden(f"{path}.nodePort", "may not be used when `type` is 'ClusterIP'")


def _target(target: Any, path: str) -> Iterator[Cause]:
    for problem in port_name(target) if isinstance(target, str) else port_number(target):
        yield invalid(path, target, problem)


def _repeated_ports(ports: list[Obj]) -> Iterator[Cause]:
    seen: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        key = (port.get("protocol"), port.get("port"))
        if key in seen:
            stated = {"protocol": key[0], "port": key[1]}
            yield duplicate(f"spec.ports[{index}]", printed_struct(stated, "ServicePort"))
        seen.add(key)


def _affinity(spec: Obj) -> Iterator[Cause]:
    affinity = spec.get("sessionAffinity", "")
    if affinity not in _AFFINITIES:
        yield not_supported("spec.sessionAffinity", affinity, _AFFINITIES)
    if affinity == "None" and spec.get("sessionAffinityConfig") is not None:
        yield forbidden("spec.sessionAffinityConfig", "must not be set when session affinity is None")
    if affinity == "ClientIP":
        seconds = ((spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}).get("timeoutSeconds", 0)
        if not 0 < seconds <= _MAX_AFFINITY_SECONDS:
            why = f"must be greater than 0 and less than {_MAX_AFFINITY_SECONDS}"
            yield invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, why)


def _traffic(spec: Obj, kind: str) -> Iterator[Cause]:
    external = kind in ("LoadBalancer", "NodePort") or (kind == "ClusterIP" and spec.get("externalIPs"))
    policy = spec.get("externalTrafficPolicy")
    if policy and not external:
        yield invalid("spec.externalTrafficPolicy", policy, "may only be set for externally-accessible services")
    elif policy and policy not in _POLICIES:
        yield not_supported("spec.externalTrafficPolicy", policy, _POLICIES)
    internal = spec.get("internalTrafficPolicy")
    if internal and internal not in _POLICIES:
        yield not_supported("spec.internalTrafficPolicy", internal, _POLICIES)
    if kind != "LoadBalancer":
        for key in ("loadBalancerClass", "allocateLoadBalancerNodePorts", "loadBalancerSourceRanges"):
            if spec.get(key) not in (None, []):
                path = _RANGES if key == "loadBalancerSourceRanges" else f"spec.{key}"
                yield forbidden(path, "may only be used when `type` is 'LoadBalancer'")


def _reached_from_outside(spec: Obj, kind: str) -> Iterator[Cause]:
    """Addresses, node ports and load balancers."""
    if spec.get("ipFamilyPolicy") == "RequireDualStack" and kind != "ExternalName":
        why = "this cluster is not configured for dual-stack services"
        yield invalid("spec.ipFamilyPolicy", "RequireDualStack", why)
    for index, stated in enumerate(spec.get("externalIPs") or ()):
        yield from _external_address(stated, f"spec.externalIPs[{index}]")
    if kind == "LoadBalancer":
        yield from _balancer(spec)
    if spec.get("healthCheckNodePort") and not (kind == "LoadBalancer" and spec.get(_EXTERNAL) == "Local"):
        why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        yield invalid("spec.healthCheckNodePort", spec["healthCheckNodePort"], why)
    spread = spec.get("trafficDistribution")
    if spread is not None and spread not in _DISTRIBUTIONS:
        yield not_supported("spec.trafficDistribution", spread, _DISTRIBUTIONS)


def _balancer(spec: Obj) -> Iterator[Cause]:
    for index, block in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        if not _is_block(block.strip()):
            yield invalid(f"{_RANGES}[{index}]", block.strip(), _BLOCK)
    if spec.get("loadBalancerClass"):
        yield from label_key(spec["loadBalancerClass"], "spec.loadBalancerClass")


def _external_address(stated: str, path: str) -> Iterator[Cause]:
    problems = list(address(stated, path))
    yield from problems
    if problems:
        return
    parsed = ipaddress.ip_address(stated)
    for wrong, why in (
        (parsed.is_unspecified, "may not be unspecified (0.0.0.0 or ::)"),
        (parsed.is_loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (parsed.is_link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
    ):
        if wrong:
            yield invalid(path, stated, why)


def _is_block(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text


def _repeated_node_ports(ports: list[Obj]) -> Iterator[Cause]:
    seen: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        key = (port.get("protocol"), port.get("nodePort"))
        if key[1] and key in seen:
            yield duplicate(f"spec.ports[{index}].nodePort", key[1])
        seen.add(key)


def service_update(new: Obj, old: Obj) -> Iterator[Cause]:
    yield from metadata_update(new["metadata"], old["metadata"])
    after, before = new["spec"], old["spec"]
    ours, theirs = after.get("clusterIP") or "", before.get("clusterIP") or ""
    addressed = after.get("type") != "ExternalName" and before.get("type") != "ExternalName"
    if addressed and theirs and ours != theirs:
        yield invalid("spec.clusterIPs[0]", [ours] if ours else None, "may not change once set")
    balanced = before.get("type") == after.get("type") == "LoadBalancer"
    ours, theirs = after.get("loadBalancerClass"), before.get("loadBalancerClass")
    if balanced and theirs and ours != theirs:
        yield invalid("spec.loadBalancerClass", ours, "may not change once set")
    yield from _spec(after)
