"""Rules of how a pod is named and sees the network: DNS, host aliases, ports of the host (core ``ValidatePodSpec``)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from ..errors import Cause
from ..types import Obj
from .causes import invalid, required
from .names import dns_subdomain

_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_MOST_NAMESERVERS = 3
_MOST_SEARCHES = 32
_MOST_SEARCH_CHARACTERS = 2048


def network(spec: Obj, path: str) -> Iterator[Cause]:
    yield from _host_ports(spec, path)
    yield from _aliases(spec.get("hostAliases") or [], f"{path}.hostAliases")
    yield from _dns(spec.get("dnsConfig"), spec.get("dnsPolicy") == "None", f"{path}.dnsConfig")


def address(value: str, path: str) -> Iterator[Cause]:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        yield invalid(path, value, _ADDRESS)


def _host_ports(spec: Obj, path: str) -> Iterator[Cause]:
    """A pod in the network of its host listens there under its own ports; a template may leave them out (``ResourceIsPod``)."""
    if not spec.get("hostNetwork"):
        return
    is_pod = path == "spec"
    for index, container in enumerate(spec.get("containers") or ()):
        for number, port in enumerate(container.get("ports") or ()):
            of_host = port.get("hostPort") or 0
            if (is_pod or of_host) and of_host != port.get("containerPort"):
                below = f"{path}.containers[{index}].ports[{number}].hostPort"
                yield invalid(below, of_host, "must match `containerPort` when `hostNetwork` is true")


def _aliases(aliases: list[Obj], path: str) -> Iterator[Cause]:
    for index, alias in enumerate(aliases):
        yield from address(alias.get("ip", ""), f"{path}[{index}].ip")
        for number, name in enumerate(alias.get("hostnames") or ()):
            for problem in dns_subdomain(name):
                yield invalid(f"{path}[{index}].hostnames[{number}]", name, problem)


def _dns(config: Obj | None, is_needed: bool, path: str) -> Iterator[Cause]:
    servers = (config or {}).get("nameservers") or []
    if is_needed and config is None:
        yield required(path, "must provide `dnsConfig` when `dnsPolicy` is None")
    elif is_needed and not servers:
        yield required(f"{path}.nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None")
    elif config is not None:
        yield from _servers(servers, f"{path}.nameservers")
        yield from _searches(config.get("searches") or [], f"{path}.searches")
        for index, option in enumerate(config.get("options") or ()):
            if not option.get("name"):
                yield required(f"{path}.options[{index}]", "must not be empty")


def _servers(servers: list[str], path: str) -> Iterator[Cause]:
    if len(servers) > _MOST_NAMESERVERS:
        yield invalid(path, servers, f"must not have more than {_MOST_NAMESERVERS} nameservers")
    for index, server in enumerate(servers):
        yield from address(server, f"{path}[{index}]")


def _searches(searches: list[str], path: str) -> Iterator[Cause]:
    if len(searches) > _MOST_SEARCHES:
        yield invalid(path, searches, f"must not have more than {_MOST_SEARCHES} search paths")
    if len(" ".join(searches)) > _MOST_SEARCH_CHARACTERS:
        why = f"must not have more than {_MOST_SEARCH_CHARACTERS} characters (including spaces) in the search list"
        yield invalid(path, searches, why)
    for index, search in enumerate(searches):
        for problem in dns_subdomain(search.removesuffix(".").replace("_", "-")) if search != "." else ():
            yield invalid(f"{path}[{index}]", search, problem)
