"""Warnings about pods and pod templates (``pkg/api/pod/warnings.go``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .. import quantity
from ..types import Obj

#: Labels of nodes that have newer names.
DEPRECATED_LABELS: Mapping[str, str] = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    "failure-domain.beta.kubernetes.io/region": ('deprecated since v1.17; use "topology.kubernetes.io/region" instead'),
    "failure-domain.beta.kubernetes.io/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}
_ANNOTATIONS: Mapping[str, str] = {
    "scheduler.alpha.kubernetes.io/critical-pod": (
        'non-functional in v1.16+; use the "priorityClassName" field instead'
    ),
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
_VOLUMES: Mapping[str, str] = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_NO_POD = "a null labelSelector results in matching no pod"


def pod_warnings(spec: Obj, meta: Obj, path: str) -> Iterator[str]:
    """``path`` is that of the template ("spec.template"), and empty for a pod."""
    below = f"{path}.spec" if path else "spec"
    yield from _node_labels(spec, below)
    for key, why in _ANNOTATIONS.items():
        if key in (meta.get("annotations") or {}):
            yield f"{path + '.' if path else ''}metadata.annotations[{key}]: {why}"
    for index, volume in enumerate(spec.get("volumes") or ()):
        for source, why in _VOLUMES.items():
            if volume.get(source) is not None:
                yield f"{below}.volumes[{index}].{source}: {why}"
    yield from _repeated(spec.get("hostAliases") or (), "ip", f"{below}.hostAliases")
    yield from _repeated(spec.get("imagePullSecrets") or (), "name", f"{below}.imagePullSecrets")
    yield from _fractions(spec.get("overhead") or {}, f"{below}.overhead")
    yield from _containers(spec, below)
    yield from _ports(spec, below)
    if (spec.get("terminationGracePeriodSeconds") or 0) < 0:
        why = "must be >= 0; negative values are invalid and will be treated as 1"
        yield f"{below}.terminationGracePeriodSeconds: {why}"
    yield from _affinity(spec.get("affinity") or {}, f"{below}.affinity")


def node_term_warnings(term: Obj, path: str) -> Iterator[str]:
    for index, expression in enumerate(term.get("matchExpressions") or ()):
        why = DEPRECATED_LABELS.get(expression.get("key", ""))
        if why:
            yield f"{path}.matchExpressions[{index}].key: {expression['key']} is {why}"


def _node_labels(spec: Obj, path: str) -> Iterator[str]:
    for key in spec.get("nodeSelector") or {}:
        if key in DEPRECATED_LABELS:
            yield f"{path}.nodeSelector[{key}]: {DEPRECATED_LABELS[key]}"
    nodes = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    below = f"{path}.affinity.nodeAffinity"
    for index, term in enumerate((nodes.get(_REQUIRED) or {}).get("nodeSelectorTerms") or ()):
        yield from node_term_warnings(term, f"{below}.{_REQUIRED}.nodeSelectorTerms[{index}]")
    for index, wish in enumerate(nodes.get(_PREFERRED) or ()):
        yield from node_term_warnings(wish.get("preference") or {}, f"{below}.{_PREFERRED}[{index}].preference")
    for index, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        where, key = f"{path}.topologySpreadConstraints[{index}]", constraint.get("topologyKey", "")
        if key in DEPRECATED_LABELS:
            yield f"{where}.topologyKey: {key} is {DEPRECATED_LABELS[key]}"
        if constraint.get("labelSelector") is None:
            yield f"{where}.labelSelector: {_NO_POD}"


def _repeated(items: Sequence[Obj], key: str, path: str) -> Iterator[str]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item.get(key, "") in seen:
            yield f'{path}[{index}].{key}: duplicate {key} "{item.get(key, "")}"'
        seen.add(item.get(key, ""))


def _fractions(amounts: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in ("memory", "ephemeral-storage"):
        if name in amounts and quantity.milli(amounts[name]) % 1000:
            yield fraction(amounts[name], f"{path}[{name}]")


def fraction(value: Any, path: str) -> str:
    return f'{path}: fractional byte value "{quantity.canonical(value)}" is invalid, must be an integer'


def _all_containers(spec: Obj, path: str) -> Iterator[tuple[Obj, str]]:
    for key in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(key) or ()):
            yield container, f"{path}.{key}[{index}]"


def _containers(spec: Obj, path: str) -> Iterator[str]:
    for container, below in _all_containers(spec, path):
        resources = container.get("resources") or {}
        for name in ("memory", "ephemeral-storage"):
            for part in ("limits", "requests"):
                amounts = resources.get(part) or {}
                if name in amounts:
                    yield from _fractions({name: amounts[name]}, f"{below}.resources.{part}")
        yield from _environment(container.get("env") or (), f"{below}.env")


def _environment(variables: Sequence[Obj], path: str) -> Iterator[str]:
    seen: set[str] = set()
    for index, variable in enumerate(variables):
        name, value = variable.get("name", ""), variable.get("value") or ""
        reference = f"$({name})"
        builds_on = variable.get("valueFrom") is None and reference in value and value != reference
        if name in seen and not builds_on:
            yield f'{path}[{index}]: hides previous definition of "{name}", which may be dropped when using apply'
        seen.add(name)


def _ports(spec: Obj, path: str) -> Iterator[str]:
    known: dict[tuple[Any, Any], list[tuple[str, Obj]]] = {}
    for container, below in _all_containers(spec, path):
        for index, port in enumerate(container.get("ports") or ()):
            where = f"{below}.ports[{index}]"
            if port.get("hostIP") and not port.get("hostPort"):
                yield f"{where}: hostIP set without hostPort: {_printed(port)}"
            others = known.setdefault((port.get("containerPort"), port.get("protocol")), [])
            for other_place, other in others:
                what = _conflict(port, other)
                if what:
                    yield f"{where}: {what} port definition with {other_place}"
            others.append((where, port))


def _conflict(port: Obj, other: Obj) -> str:
    host, address = port.get("hostPort", 0), port.get("hostIP", "")
    other_host, other_address = other.get("hostPort", 0), other.get("hostIP", "")
    if (host, address) == (other_host, other_address):
        return "duplicate"
    if not host or not other_host:
        return "overlapping"
    return "dangerously ambiguous" if host == other_host and bool(address) != bool(other_address) else ""


def _printed(port: Obj) -> str:
    """A port as Go prints a struct."""
    values = (("Name", ""), ("HostPort", 0), ("ContainerPort", 0), ("Protocol", ""), ("HostIP", ""))
    stated = {key.lower(): value for key, value in port.items()}
    return "{" + " ".join(f"{key}:{stated.get(key.lower(), zero)}" for key, zero in values) + "}"


def _affinity(affinity: Obj, path: str) -> Iterator[str]:
    for kind in ("podAffinity", "podAntiAffinity"):
        stated = affinity.get(kind) or {}
        for index, term in enumerate(stated.get(_REQUIRED) or ()):
            if term.get("labelSelector") is None:
                yield f"{path}.{kind}.{_REQUIRED}[{index}].labelSelector: {_NO_POD}"
        for index, wish in enumerate(stated.get(_PREFERRED) or ()):
            if (wish.get("podAffinityTerm") or {}).get("labelSelector") is None:
                yield f"{path}.{kind}.{_PREFERRED}[{index}].podAffinityTerm.labelSelector: {_NO_POD}"
