"""Rules of containers: names, images, ports, environment, mounts, probes, security (core ``validateContainers``)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from ..errors import Cause
from ..types import Obj
from .amounts import container_resource_name, not_negative, requirements
from .causes import duplicate, forbidden, invalid, not_found, not_supported, required
from .internal import printed_struct
from .names import config_key, dns_label, dns_subdomain, environment_name, port_name, port_number
from .pod_choices import profiles

_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_SCHEMES = ("HTTP", "HTTPS")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_ENV_FIELDS = frozenset(
    {"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"}
    | {"status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"}
)
_KNOWN_FIELDS = _ENV_FIELDS | {
    "metadata.annotations",
    "metadata.labels",
    "spec.restartPolicy",
    "spec.schedulerName",
    "status.phase",
}
_ENV_RESOURCES = tuple(
    sorted(f"{kind}.{name}" for kind in ("limits", "requests") for name in ("cpu", "ephemeral-storage", "memory"))
)
_SUBSCRIPT = re.compile(r"^(metadata\.(?:annotations|labels))\['(.*)'\]$")


def containers(spec: Obj, path: str, volumes: frozenset[str]) -> Iterator[Cause]:
    """The containers and init containers of a pod spec; ``volumes`` are the names that mounts may use."""
    listed = spec.get("containers") or []
    if not listed:
        yield required(f"{path}.containers", "")
    names: set[str] = set()
    claims = {claim.get("name", "") for claim in spec.get("resourceClaims") or ()}
    for index, container in enumerate(listed):
        below = f"{path}.containers[{index}]"
        yield from _container(container, below, volumes, names, claims)
        yield from _hooks(container.get("lifecycle") or {}, f"{below}.lifecycle")
        yield from _probes(container, below)
    yield from _host_ports(listed, f"{path}.containers")
    for index, container in enumerate(spec.get("initContainers") or ()):
        below = f"{path}.initContainers[{index}]"
        yield from _container(container, below, volumes, names, claims)
        if container.get("restartPolicy") == "Always":
            yield from _probes(container, below)
        else:
            yield from _not_in_init_containers(container, below)


def only_for_pods(spec: Obj, path: str) -> Iterator[Cause]:
    """Checks that templates are spared, for the sake of old ones."""
    for name in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(name) or ()):
            image = container.get("image", "")
            if image != image.strip():
                yield invalid(f"{path}.{name}[{index}].image", image, "must not have leading or trailing whitespace")


def _claims(stated: list[Obj], known: Collection[str], path: str) -> Iterator[Cause]:
    seen: set[tuple[str, str]] = set()
    for index, claim in enumerate(stated):
        name, request = claim.get("name", ""), claim.get("request", "")
        if not name:
            yield required(f"{path}[{index}].name")
            continue
        if name not in known:
            yield not_found(f"{path}[{index}].name", name)
        if (name, request) in seen:
            yield duplicate(f"{path}[{index}]", f"{name}/{request}" if request else name)
        seen.add((name, request))


def _container(
    container: Obj, path: str, volumes: frozenset[str], names: set[str], claims: Collection[str]
) -> Iterator[Cause]:
    name = container.get("name", "")
    if not name:
        yield required(f"{path}.name")
    else:
        for problem in dns_label(name):
            yield invalid(f"{path}.name", name, problem)
    if name in names:
        yield duplicate(f"{path}.name", name)
    names.add(name)
    if not container.get("image"):
        yield required(f"{path}.image")
    policy = container.get("terminationMessagePolicy")
    if policy not in ("File", "FallbackToLogsOnError"):
        yield invalid(f"{path}.terminationMessagePolicy", policy, "must be 'File' or 'FallbackToLogsOnError'")
    yield from _ports(container.get("ports") or [], f"{path}.ports")
    for index, variable in enumerate(container.get("env") or ()):
        yield from _variable(variable, f"{path}.env[{index}]")
    for index, source in enumerate(container.get("envFrom") or ()):
        yield from _environment_source(source, f"{path}.envFrom[{index}]")
    yield from _mounts(container.get("volumeMounts") or [], f"{path}.volumeMounts", volumes)
    yield from _pull_policy(container.get("imagePullPolicy", ""), f"{path}.imagePullPolicy")
    yield from requirements(container.get("resources") or {}, f"{path}.resources")
    yield from _claims((container.get("resources") or {}).get("claims") or [], claims, f"{path}.resources.claims")
    yield from _security(container.get("securityContext") or {}, f"{path}.securityContext")
    yield from profiles(container.get("securityContext") or {}, f"{path}.securityContext")


def _pull_policy(policy: str, path: str) -> Iterator[Cause]:
    if not policy:
        yield required(path)
    elif policy not in _PULL_POLICIES:
        yield not_supported(path, policy, _PULL_POLICIES)


def _ports(ports: list[Obj], path: str) -> Iterator[Cause]:
    names: set[str] = set()
    for index, port in enumerate(ports):
        below = f"{path}[{index}]"
        name = port.get("name")
        if name:
            problems = port_name(name)
            yield from (invalid(f"{below}.name", name, problem) for problem in problems)
            if not problems and name in names:
                yield duplicate(f"{below}.name", name)
            names.add(name)
        if not port.get("containerPort"):
            yield required(f"{below}.containerPort")
        else:
            yield from _number(port["containerPort"], f"{below}.containerPort")
        if port.get("hostPort"):
            yield from _number(port["hostPort"], f"{below}.hostPort")
        if not port.get("protocol"):
            yield required(f"{below}.protocol")
        elif port["protocol"] not in _PROTOCOLS:
            yield not_supported(f"{below}.protocol", port["protocol"], _PROTOCOLS)


def _number(value: Any, path: str) -> Iterator[Cause]:
    for problem in port_number(value):
        yield invalid(path, value, problem)


def _host_ports(listed: list[Obj], path: str) -> Iterator[Cause]:
    taken: set[tuple[str, str, int]] = set()
    for index, container in enumerate(listed):
        for number, port in enumerate(container.get("ports") or ()):
            if not port.get("hostPort"):
                continue
            key = (port.get("protocol", ""), port.get("hostIP", ""), port["hostPort"])
            if key in taken:
                yield duplicate(f"{path}[{index}].ports[{number}].hostPort", f"{key[0]}/{key[1]}/{key[2]}")
            taken.add(key)


def _variable(variable: Obj, path: str) -> Iterator[Cause]:
    name = variable.get("name", "")
    if not name:
        yield required(f"{path}.name")
    else:
        for problem in environment_name(name):
            yield invalid(f"{path}.name", name, problem)
    if variable.get("valueFrom") is not None:
        yield from _value_from(variable["valueFrom"], bool(variable.get("value")), f"{path}.valueFrom")


def _value_from(source: Obj, has_value: bool, path: str) -> Iterator[Cause]:
    count = sum(source.get(kind) is not None for kind in _SOURCES)
    if source.get("fieldRef") is not None:
        yield from field_reference(source["fieldRef"], f"{path}.fieldRef")
    if source.get("resourceFieldRef") is not None:
        yield from _resource_reference(source["resourceFieldRef"], f"{path}.resourceFieldRef")
    for kind in ("configMapKeyRef", "secretKeyRef"):
        if source.get(kind) is not None:
            yield from _key_reference(source[kind], f"{path}.{kind}")
    if has_value:
        if count:
            yield invalid(path, "", "may not be specified when `value` is not empty")
    elif count > 1:
        yield invalid(path, "", "may not have more than one field specified at a time")
    elif not count:
        wanted = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        yield invalid(path, "", f"must specify one of: {wanted}")


def field_reference(reference: Obj, path: str, fields: frozenset[str] = _ENV_FIELDS) -> Iterator[Cause]:
    """A field of the pod for an environment variable or a downward API file."""
    field = reference.get("fieldPath", "")
    if not reference.get("apiVersion"):
        yield required(f"{path}.apiVersion")
        return
    if not field:
        yield required(f"{path}.fieldPath")
        return
    subscript = _SUBSCRIPT.match(field)
    if subscript:
        return
    if field not in _KNOWN_FIELDS:
        why = f"error converting fieldPath: field label not supported: {field}"
        yield invalid(f"{path}.fieldPath", field, why)
    elif field not in fields:
        yield not_supported(f"{path}.fieldPath", field, sorted(fields))


def _resource_reference(reference: Obj, path: str) -> Iterator[Cause]:
    name = reference.get("resource", "")
    if not name:
        yield required(f"{path}.resource")
    elif name not in _ENV_RESOURCES and "hugepages-" not in name:
        yield not_supported(f"{path}.resource", name, _ENV_RESOURCES)


def _key_reference(reference: Obj, path: str) -> Iterator[Cause]:
    key = reference.get("key", "")
    if not reference.get("name"):
        yield required(f"{path}.name")
    if not key:
        yield required(f"{path}.key")
    else:
        for problem in config_key(key):
            yield invalid(f"{path}.key", key, problem)


def _environment_source(source: Obj, path: str) -> Iterator[Cause]:
    if source.get("prefix"):
        for problem in environment_name(source["prefix"]):
            yield invalid(f"{path}.prefix", source["prefix"], problem)
    kinds = [kind for kind in ("configMapRef", "secretRef") if source.get(kind) is not None]
    for kind in kinds:
        name = source[kind].get("name")
        if not name:
            yield required(f"{path}.{kind}.name")
        else:
            for problem in dns_subdomain(name):
                yield invalid(f"{path}.{kind}.name", name, problem)
    if not kinds:
        yield invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
    elif len(kinds) > 1:
        yield invalid(path, "", "may not have more than one field specified at a time")


def _mounts(mounts: list[Obj], path: str, volumes: frozenset[str]) -> Iterator[Cause]:
    places: set[str] = set()
    for index, mount in enumerate(mounts):
        below = f"{path}[{index}]"
        name, place = mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            yield required(f"{below}.name")
        elif name not in volumes:
            yield not_found(f"{below}.name", name)
        if not place:
            yield required(f"{below}.mountPath")
        if place in places:
            yield invalid(f"{below}.mountPath", place, "must be unique")
        places.add(place)
        yield from relative_path(mount.get("subPath") or "", f"{below}.subPath")
        if mount.get("subPathExpr"):
            if mount.get("subPath"):
                why = "subPathExpr and subPath are mutually exclusive"
                yield invalid(f"{below}.subPathExpr", mount["subPathExpr"], why)
            yield from relative_path(mount["subPathExpr"], f"{below}.subPathExpr")


def relative_path(value: str, path: str) -> Iterator[Cause]:
    """A path inside a volume must not lead out of it."""
    if value.startswith("/"):
        yield invalid(path, value, "must be a relative path")
    if ".." in value.split("/"):
        yield invalid(path, value, "must not contain '..'")


def _hooks(lifecycle: Obj, path: str) -> Iterator[Cause]:
    for hook in ("postStart", "preStop"):
        if lifecycle.get(hook) is not None:
            yield from _handler(lifecycle[hook], f"{path}.{hook}")


def _probes(container: Obj, path: str) -> Iterator[Cause]:
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(name)
        if probe is None:
            continue
        yield from _probe(probe, f"{path}.{name}")
        if name != "readinessProbe" and probe.get("successThreshold", 1) != 1:
            yield invalid(f"{path}.{name}.successThreshold", probe["successThreshold"], "must be 1")


def _probe(probe: Obj, path: str) -> Iterator[Cause]:
    yield from _handler(probe, path)
    for key in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        yield from not_negative(probe.get(key, 0), f"{path}.{key}")
    grace = probe.get("terminationGracePeriodSeconds")
    if grace is not None and grace <= 0:
        yield invalid(f"{path}.terminationGracePeriodSeconds", grace, "must be greater than 0")


def _handler(handler: Obj, path: str) -> Iterator[Cause]:
    kinds = [kind for kind in _HANDLERS if handler.get(kind) is not None]
    if not kinds:
        yield required(path, "must specify a handler type")
    for kind in kinds[1:]:
        yield forbidden(f"{path}.{kind}", "may not specify more than 1 handler type")
    action = handler[kinds[0]] if kinds else {}
    below = f"{path}.{kinds[0]}" if kinds else path
    match kinds[:1]:
        case ["exec"]:
            if not action.get("command"):
                yield required(f"{below}.command")
        case ["httpGet"]:
            if not action.get("path"):
                yield required(f"{below}.path")
            yield from _port_reference(action.get("port", 0), f"{below}.port")
            if action.get("scheme") not in _SCHEMES:
                yield not_supported(f"{below}.scheme", action.get("scheme", ""), _SCHEMES)
        case ["tcpSocket"]:
            yield from _port_reference(action.get("port", 0), f"{below}.port")
        case ["grpc"]:
            yield from _number(action.get("port", 0), f"{below}.port")


def _port_reference(port: Any, path: str) -> Iterator[Cause]:
    """A port by number or by name."""
    for problem in port_name(port) if isinstance(port, str) else port_number(port):
        yield invalid(path, port, problem)


def _not_in_init_containers(container: Obj, path: str) -> Iterator[Cause]:
    for key in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(key) is not None:
            yield forbidden(f"{path}.{key}", "may not be set for init containers without restartPolicy=Always")


def _security(context: Obj, path: str) -> Iterator[Cause]:
    for key in ("runAsUser", "runAsGroup"):
        yield from user_id(context.get(key), f"{path}.{key}")
    whole = printed_struct(context, "SecurityContext")
    if context.get("allowPrivilegeEscalation") is False and context.get("privileged"):
        yield invalid(path, whole, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
    if context.get("allowPrivilegeEscalation") is False and "CAP_SYS_ADMIN" in (
        (context.get("capabilities") or {}).get("add") or ()
    ):
        yield invalid(
            path, whole, "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"
        )


def user_id(value: Any, path: str) -> Iterator[Cause]:
    if value is not None and not 0 <= value <= 2**31 - 1:
        yield invalid(path, value, "must be between 0 and 2147483647, inclusive")


def pod_level_resources(resources: Obj, path: str) -> Iterator[Cause]:
    """Resources of a pod as a whole know fewer names than those of a container."""
    for part in ("limits", "requests"):
        for name in resources.get(part) or {}:
            yield from container_resource_name(name, f"{path}.{part}[{name}]")
