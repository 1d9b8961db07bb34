"""What objects use of a quota, and which quotas look at them.

Used by the ResourceQuota admission plugin (before something is stored) and by the quota controller (what is stored). Pure.
Upstream ``pkg/quota/v1/evaluator/core`` and ``k8s.io/apiserver/pkg/quota/v1``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from wavetank.kube import quantity, resources
from wavetank.kube.times import parse
from wavetank.kube.types import Obj, Resource

#: Resource name -> quantity.
Usage = dict[str, str]

#: Core kinds that have a quota name of their own beside ``count/...``.
_PLAIN_COUNTS = frozenset(
    {"configmaps", "persistentvolumeclaims", "replicationcontrollers", "resourcequotas", "secrets", "services"}
)
_MUST_BE_STATED = ("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory")
_STORAGE_CLASS = ".storageclass.storage.k8s.io/"


def usage(obj: Obj, resource: Resource, now: datetime) -> Usage:
    """Everything that ``obj`` counts for; a quota takes of it what it limits."""
    counted = {f"count/{resource.key}": "1"}
    if resource.key in _PLAIN_COUNTS:
        counted[resource.plural] = "1"
    match resource.key:
        case "pods":
            return counted | (_pod_usage(obj) if is_alive(obj, now) else {})
        case "services":
            return counted | _service_usage(obj["spec"])
        case "persistentvolumeclaims":
            return counted | _claim_usage(obj)
        case _:
            return counted


def is_alive(pod: Obj, now: datetime) -> bool:
    """Whether a pod still counts: neither finished nor overdue to be gone (``QuotaV1Pod``)."""
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return False
    metadata = pod["metadata"]
    if "deletionTimestamp" not in metadata or metadata.get("deletionGracePeriodSeconds") is None:
        return True
    return now <= parse(metadata["deletionTimestamp"]) + timedelta(seconds=metadata["deletionGracePeriodSeconds"])


def _pod_usage(pod: Obj) -> Usage:
    return _compute_usage(resources.pod_requests(pod), resources.pod_limits(pod))


def _compute_usage(requests: Mapping[str, int], limits: Mapping[str, int]) -> Usage:
    used = {"pods": "1"}
    for name, units in requests.items():
        text = resources.formatted(name, units)
        used[f"requests.{name}"] = text
        if name in ("cpu", "memory", "ephemeral-storage") or name.startswith("hugepages-"):
            used[name] = text
    for name in ("cpu", "memory", "ephemeral-storage"):
        if name in limits:
            used[f"limits.{name}"] = resources.formatted(name, limits[name])
    return used


def _service_usage(spec: Obj) -> Usage:
    ports = spec.get("ports") or []
    kind = spec.get("type", "ClusterIP")
    node_ports = 0
    if kind == "NodePort" or (kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts", True)):
        node_ports = len(ports)
    elif kind == "LoadBalancer":
        node_ports = sum(1 for p in ports if p.get("nodePort"))
    used = {"services.nodeports": str(node_ports), "services.loadbalancers": "0"}
    return used | ({"services.loadbalancers": "1"} if kind == "LoadBalancer" else {})


def _claim_usage(claim: Obj) -> Usage:
    spec = claim.get("spec") or {}
    storage = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    prefix = f"{spec['storageClassName']}{_STORAGE_CLASS}" if spec.get("storageClassName") else ""
    used: Usage = {f"{prefix}persistentvolumeclaims": "1"}
    if storage is not None:
        used["requests.storage"] = quantity.canonical(storage)
        if prefix:
            used[f"{prefix}requests.storage"] = quantity.canonical(storage)
    return used


# Which quota looks at what -------------------------------------------------------------------------------------------


def matches(quota: Obj, obj: Obj, resource: Resource, now: datetime) -> bool:
    """Whether a quota counts ``obj``: it limits something that the object uses, and every scope of it holds."""
    hard = (quota.get("status") or {}).get("hard") or quota["spec"].get("hard") or {}
    return bool(relevant(hard, resource)) and in_scope(quota, obj, resource)


def relevant(hard: Iterable[str], resource: Resource) -> list[str]:
    """The limited names that objects of this kind can use."""
    return [name for name in hard if _is_of(name, resource)]


def _is_of(name: str, resource: Resource) -> bool:
    if name.startswith("count/"):
        return name == f"count/{resource.key}"
    match resource.key:
        case "pods":
            return name == "pods" or _is_compute(name)
        case "services":
            return name in ("services", "services.nodeports", "services.loadbalancers")
        case "persistentvolumeclaims":
            return name in ("persistentvolumeclaims", "requests.storage") or _STORAGE_CLASS in name
        case key:
            return key in _PLAIN_COUNTS and name == key


def _is_compute(name: str) -> bool:
    if name in ("cpu", "memory", "ephemeral-storage") or name.startswith("hugepages-"):
        return True
    return name.startswith(("requests.", "limits.")) and name != "requests.storage"


def scope_terms(quota: Obj) -> list[Obj]:
    """The scopes of a quota as selector terms."""
    spec = quota["spec"]
    terms: list[Obj] = [{"scopeName": s, "operator": "Exists"} for s in spec.get("scopes") or ()]
    return terms + list((spec.get("scopeSelector") or {}).get("matchExpressions") or ())


def in_scope(quota: Obj, obj: Obj, resource: Resource) -> bool:
    terms = scope_terms(quota)
    if not terms:
        return True
    return resource.key == "pods" and all(_holds(term, obj) for term in terms)


def _holds(term: Obj, pod: Obj) -> bool:
    spec = pod["spec"]
    checks: dict[str, Callable[[], bool]] = {
        "Terminating": lambda: spec.get("activeDeadlineSeconds") is not None,
        "NotTerminating": lambda: spec.get("activeDeadlineSeconds") is None,
        "BestEffort": lambda: resources.qos_class(pod) == "BestEffort",
        "NotBestEffort": lambda: resources.qos_class(pod) != "BestEffort",
        "PriorityClass": lambda: _class_matches(term, spec.get("priorityClassName", "")),
        "CrossNamespacePodAffinity": lambda: _affects_other_namespaces(spec),
    }
    return checks.get(term["scopeName"], lambda: False)()


def _class_matches(term: Obj, name: str) -> bool:
    values = term.get("values") or []
    match term.get("operator"):
        case "In":
            return name in values
        case "NotIn":
            return name not in values
        case "DoesNotExist":
            return not name
        case _:
            return bool(name)


def _affects_other_namespaces(spec: Obj) -> bool:
    affinity = spec.get("affinity") or {}
    for kind in ("podAffinity", "podAntiAffinity"):
        part = affinity.get(kind) or {}
        terms = list(part.get("requiredDuringSchedulingIgnoredDuringExecution") or ())
        terms += [t["podAffinityTerm"] for t in part.get("preferredDuringSchedulingIgnoredDuringExecution") or ()]
        if any(t.get("namespaces") or t.get("namespaceSelector") is not None for t in terms):
            return True
    return False


def unstated(pod: Obj, names: Iterable[str]) -> dict[str, list[str]]:
    """Of the names that a quota limits: those that containers do not state, with the containers."""
    wanted = [name for name in names if name in _MUST_BE_STATED]
    missing: dict[str, list[str]] = {}
    spec = pod["spec"]
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        stated = _compute_usage(
            resources.container_amounts(container, "requests"), resources.container_amounts(container, "limits")
        )
        for name in wanted:
            if name not in stated:
                missing.setdefault(name, []).append(container["name"])
    return {name: sorted(missing[name]) for name in sorted(missing)}
