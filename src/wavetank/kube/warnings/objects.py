"""Warnings about what is no pod: Services, Ingresses, volumes, network policies, custom objects."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping

from .. import quantity
from ..types import Obj
from .pods import DEPRECATED_LABELS, fraction, node_term_warnings

Rule = Callable[[Obj, Obj | None], Iterator[str]]

_STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")
_QUALIFY = (
    "prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer "
    "writers"
)
_INGRESS_CLASS = "kubernetes.io/ingress.class"
_STORAGE_CLASS = "volume.beta.kubernetes.io/storage-class"
_HINTS, _TOPOLOGY_MODE = "service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"
_RECYCLE = (
    "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is "
    "to use dynamic provisioning."
)


def custom_object(obj: Obj, old: Obj | None) -> Iterator[str]:
    """Finalizers that a custom object newly has (apiextensions ``customresource/strategy.go``)."""
    before = (old or {}).get("metadata", {}).get("finalizers") or ()
    for finalizer in sorted(set(obj["metadata"].get("finalizers") or ()) - set(before)):
        if "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            yield f'metadata.finalizers: "{finalizer}": {_QUALIFY}'


def _annotations(obj: Obj) -> Mapping[str, str]:
    return obj["metadata"].get("annotations") or {}


def _service(obj: Obj, old: Obj | None) -> Iterator[str]:
    spec = obj.get("spec") or {}
    kind, external = spec.get("type"), spec.get("externalIPs") or []
    headless = kind == "ClusterIP" and spec.get("clusterIP") == "None"
    if _HINTS in _annotations(obj):
        yield f"annotation {_HINTS} is deprecated, please use {_TOPOLOGY_MODE} instead"
    if headless:
        yield from _ignored_when_headless(spec)
    if external and not headless and kind != "ExternalName":
        yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
    for index, block in enumerate(spec.get("loadBalancerSourceRanges") or ()):
        yield from _block(block.strip(), f"spec.loadBalancerSourceRanges[{index}]")
    if kind == "ExternalName" and external:
        yield 'spec.externalIPs is ignored when spec.type is "ExternalName"'
    if kind != "ExternalName" and spec.get("externalName"):
        yield 'spec.externalName is ignored when spec.type is not "ExternalName"'
    if spec.get("trafficDistribution") == "PreferClose":
        yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'


def _ignored_when_headless(spec: Obj) -> Iterator[str]:
    for key in ("loadBalancerIP", "externalIPs"):
        if spec.get(key):
            yield f"spec.{key} is ignored for headless services"
    if spec.get("sessionAffinity") != "None":
        yield "spec.SessionAffinity is ignored for headless services"


def _block(text: str, path: str) -> Iterator[str]:
    """A block of addresses whose address is not its first."""
    try:
        stated = ipaddress.ip_interface(text)
    except ValueError:
        return
    if stated.ip != stated.network.network_address:
        choices = f'should be "{stated.network}" or "{stated.ip}/{stated.max_prefixlen}"?'
        yield f'{path}: CIDR value "{text}" is ambiguous in this context ({choices})'


def _network_policy(obj: Obj, old: Obj | None) -> Iterator[str]:
    spec = obj.get("spec") or {}
    for part, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(spec.get(part) or ()):
            for number, peer in enumerate(rule.get(peers) or ()):
                block, path = peer.get("ipBlock") or {}, f"spec.{part}[{index}].{peers}[{number}].ipBlock"
                yield from _block(block.get("cidr") or "", f"{path}.cidr")
                for place, text in enumerate(block.get("except") or ()):
                    yield from _block(text, f"{path}.except[{place}]")


def _ingress(obj: Obj, old: Obj | None) -> Iterator[str]:
    if old is None and _INGRESS_CLASS in _annotations(obj):
        yield f"annotation \"{_INGRESS_CLASS}\" is deprecated, please use 'spec.ingressClassName' instead"


def _claim(obj: Obj, old: Obj | None) -> Iterator[str]:
    if _STORAGE_CLASS in _annotations(obj):
        yield f'metadata.annotations[{_STORAGE_CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead'
    resources = (obj.get("spec") or {}).get("resources") or {}
    for part in ("requests", "limits"):
        size = (resources.get(part) or {}).get("storage")
        if size is not None and quantity.milli(size) % 1000:
            yield fraction(size, f"spec.resources.{part}[storage]")


def _volume(obj: Obj, old: Obj | None) -> Iterator[str]:
    spec = obj.get("spec") or {}
    if _STORAGE_CLASS in _annotations(obj):
        yield f'metadata.annotations[{_STORAGE_CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead'
    if spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        yield _RECYCLE
    terms = ((spec.get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or ()
    for index, term in enumerate(terms):
        yield from node_term_warnings(term, f"spec.nodeAffinity.required.nodeSelectorTerms[{index}]")
    size = (spec.get("capacity") or {}).get("storage")
    if size is not None and quantity.milli(size) % 1000:
        yield fraction(size, "spec.capacity[storage]")


def _storage_class(obj: Obj, old: Obj | None) -> Iterator[str]:
    for index, term in enumerate(obj.get("allowedTopologies") or ()):
        for number, expression in enumerate(term.get("matchLabelExpressions") or ()):
            why = DEPRECATED_LABELS.get(expression.get("key", ""))
            if why:
                path = f"allowedTopologies[{index}].matchLabelExpressions[{number}].key"
                yield f"{path}: {expression['key']} is {why}"


OF_KIND: Mapping[tuple[str, str], Rule] = {
    ("", "Service"): _service,
    ("", "PersistentVolume"): _volume,
    ("", "PersistentVolumeClaim"): _claim,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("networking.k8s.io", "NetworkPolicy"): _network_policy,
    ("storage.k8s.io", "StorageClass"): _storage_class,
}
