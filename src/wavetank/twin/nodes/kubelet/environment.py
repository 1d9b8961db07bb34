"""The environment of a container: service variables, ConfigMaps, Secrets, fields and resources, in the kubelet's order.

Pure: reads objects through a function it is given. A reference to something that is not there raises ConfigError with the
words of kubelet ``kubelet_pods.go``; the kubelet turns them into ``CreateContainerConfigError``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from wavetank.kube import quantity
from wavetank.kube.types import Obj

from .expansion import expanded

#: (resource key, namespace, name) -> object or None
Find = Callable[[str, str, str], Obj | None]
_SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")


class ConfigError(Exception):
    """Something that the container's configuration refers to is missing."""


@dataclass(frozen=True)
class PodContext:
    """What references in a pod resolve against. ``allocatable`` (milli-cores, bytes) stands in for limits that are not set."""

    pod: Obj
    pod_ip: str
    host_ip: str
    find: Find
    allocatable: Callable[[str], int]

    @property
    def namespace(self) -> str:
        return str(self.pod["metadata"]["namespace"])


def environment(context: PodContext, container: Obj, services: Iterable[Obj]) -> dict[str, str]:
    """All variables of a container; raises ConfigError."""
    links = context.pod["spec"].get("enableServiceLinks", True)
    from_services = service_variables(services, context.namespace, all_services=links)
    result: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        result |= _from_source(context, source)
    for variable in container.get("env") or ():
        value = _value(context, container, variable, from_services | result)
        if value is not None:
            result[variable["name"]] = value
    return from_services | result


def _from_source(context: PodContext, source: Obj) -> dict[str, str]:
    prefix = source.get("prefix", "")
    if "configMapRef" in source:
        data = _data(context, "ConfigMap", source["configMapRef"])
    else:
        data = _data(context, "Secret", source.get("secretRef") or {})
    return {prefix + key: value for key, value in data.items() if "=" not in key}


def _data(context: PodContext, kind: str, ref: Obj) -> Mapping[str, str]:
    found = context.find(f"{kind.lower()}s", context.namespace, ref["name"])
    if found is None:
        if ref.get("optional"):
            return {}
        raise ConfigError(f'{kind.lower()} "{ref["name"]}" not found')
    return text_data(found)


def text_data(obj: Obj) -> dict[str, str]:
    """The values of a ConfigMap or Secret as text."""
    data = obj.get("data") or {}
    if obj.get("kind") != "Secret":
        return dict(data)
    return {key: base64.b64decode(value).decode(errors="surrogateescape") for key, value in data.items()}


def _value(context: PodContext, container: Obj, variable: Obj, known: Mapping[str, str]) -> str | None:
    """The value of one variable; None when an optional reference leads nowhere."""
    source = variable.get("valueFrom")
    if not source:
        return expanded(variable.get("value") or "", known)
    match source:
        case {"configMapKeyRef": ref}:
            return _key(context, "ConfigMap", ref)
        case {"secretKeyRef": ref}:
            return _key(context, "Secret", ref)
        case {"fieldRef": ref}:
            return field_value(context, ref["fieldPath"])
        case {"resourceFieldRef": ref}:
            return resource_value(context, container, ref)
        case _:
            raise ConfigError(f"unsupported source of variable {variable['name']}")


def _key(context: PodContext, kind: str, ref: Obj) -> str | None:
    found = context.find(f"{kind.lower()}s", context.namespace, ref["name"])
    if found is None:
        if ref.get("optional"):
            return None
        raise ConfigError(f'{kind.lower()} "{ref["name"]}" not found')
    data = text_data(found)
    if ref["key"] not in data:
        if ref.get("optional"):
            return None
        raise ConfigError(f"couldn't find key {ref['key']} in {kind} {context.namespace}/{ref['name']}")
    return data[ref["key"]]


def field_value(context: PodContext, path: str) -> str:
    """The downward API's fields."""
    metadata, spec = context.pod["metadata"], context.pod["spec"]
    if subscript := _SUBSCRIPT.fullmatch(path):
        return str((metadata.get(subscript[1]) or {}).get(subscript[2], ""))
    if path in ("metadata.labels", "metadata.annotations"):
        pairs = metadata.get(path.partition(".")[2]) or {}
        return "\n".join(f'{key}="{value}"' for key, value in sorted(pairs.items()))
    simple: dict[str, Any] = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata.get("namespace", ""),
        "metadata.uid": metadata.get("uid", ""),
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", "default"),
        "status.hostIP": context.host_ip,
        "status.hostIPs": context.host_ip,
        "status.podIP": context.pod_ip,
        "status.podIPs": context.pod_ip,
    }
    if path not in simple:
        raise ConfigError(f"unsupported fieldPath: {path}")
    return str(simple[path])


def resource_value(context: PodContext, container: Obj, ref: Obj) -> str:
    """A request or limit divided by its divisor, rounded up; a limit that is not set is the node's allocatable."""
    wanted = ref.get("containerName") or container["name"]
    everyone = [*(context.pod["spec"].get("initContainers") or ()), *context.pod["spec"]["containers"]]
    resources = next((c.get("resources") or {} for c in everyone if c["name"] == wanted), {})
    section, _, name = ref["resource"].partition(".")
    text = (resources.get(section) or {}).get(name)
    if text is None and section == "requests":
        text = (resources.get("limits") or {}).get(name, "0")
    if text is None:
        allocatable = context.allocatable(name)
        text = f"{allocatable}m" if name == "cpu" else str(allocatable)
    divisor = quantity.parse(ref.get("divisor") or "1") or Decimal(1)
    return str((quantity.parse(text) / divisor).to_integral_value(ROUND_CEILING))


def service_variables(services: Iterable[Obj], namespace: str, *, all_services: bool) -> dict[str, str]:
    """Docker-link style variables of the namespace's Services and of the API's own (pkg/kubelet/envvars)."""
    result: dict[str, str] = {}
    for service in services:
        metadata, address = service["metadata"], service["spec"].get("clusterIP", "")
        master = metadata["name"] == "kubernetes" and metadata.get("namespace") == "default"
        mine = all_services and metadata.get("namespace") == namespace
        if address not in ("", "None") and service["spec"].get("ports") and (master or mine):
            result |= _variables_of(service, address)
    return result


def _variables_of(service: Obj, address: str) -> dict[str, str]:
    prefix = service["metadata"]["name"].upper().replace("-", "_")
    ports = service["spec"]["ports"]
    result = {f"{prefix}_SERVICE_HOST": address, f"{prefix}_SERVICE_PORT": str(ports[0]["port"])}
    for port in ports:
        if port.get("name"):
            result[f"{prefix}_SERVICE_PORT_{port['name'].upper().replace('-', '_')}"] = str(port["port"])
    for index, port in enumerate(ports):
        protocol = port.get("protocol", "TCP")
        link = f"{prefix}_PORT_{port['port']}_{protocol}"
        url = f"{protocol.lower()}://{address}:{port['port']}"
        if index == 0:
            result[f"{prefix}_PORT"] = url
        result |= {link: url, f"{link}_PROTO": protocol.lower()}
        result |= {f"{link}_PORT": str(port["port"]), f"{link}_ADDR": address}
    return result
