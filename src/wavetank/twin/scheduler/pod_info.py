"""A pod as the scheduler sees it: requests, affinity, tolerations, ports and spread, read once from the object.

Upstream: ``k8s.io/kube-scheduler/framework`` (``PodInfo``).
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from wavetank.kube import resources
from wavetank.kube.resources import Amounts
from wavetank.kube.selectors import LabelSelector, Requirement
from wavetank.kube.types import Obj

NamespaceLabels = Callable[[str], Mapping[str, str]]


def normalized_image(name: str) -> str:
    """With ``:latest`` where there is no tag."""
    return name if name.rfind(":") > name.rfind("/") else f"{name}:latest"


@dataclass(frozen=True)
class Term:
    """A pod (anti-)affinity term."""

    topology_key: str
    selector: LabelSelector
    namespaces: frozenset[str]
    namespace_selector: LabelSelector | None = None

    def matches(self, pod: PodInfo, labels_of: NamespaceLabels) -> bool:
        return self._covers(pod.namespace, labels_of) and self.selector.matches(pod.labels)

    def _covers(self, namespace: str, labels_of: NamespaceLabels) -> bool:
        if namespace in self.namespaces:
            return True
        return self.namespace_selector is not None and self.namespace_selector.matches(labels_of(namespace))

    def resolved_namespaces(self, every: Iterable[str], labels_of: NamespaceLabels) -> frozenset[str] | None:
        """The namespaces it covers now; None for all."""
        if self.namespace_selector is None:
            return self.namespaces
        if self.namespace_selector.is_empty:
            return None
        return self.namespaces | {n for n in every if self.namespace_selector.matches(labels_of(n))}


@dataclass(frozen=True)
class WeightedTerm:
    term: Term
    weight: int


@dataclass(frozen=True)
class Spread:
    """A topology spread constraint; ``hard`` is DoNotSchedule."""

    topology_key: str
    max_skew: int
    hard: bool
    selector: LabelSelector
    min_domains: int = 1
    honor_affinity: bool = True
    honor_taints: bool = False


@dataclass(frozen=True)
class HostPort:
    ip: str
    protocol: str
    port: int

    def conflicts(self, other: HostPort) -> bool:
        same = self.port == other.port and self.protocol == other.protocol
        return same and (self.ip == other.ip or "0.0.0.0" in (self.ip, other.ip))


@dataclass
class PodInfo:
    """What of a pod decides where it goes. ``pod`` is the newest state of the object; the rest does not change."""

    pod: Obj
    uid: str
    namespace: str
    name: str
    labels: Mapping[str, str]
    priority: int
    requests: Amounts
    assumed: Amounts
    terminating: bool
    ports: tuple[HostPort, ...] = ()
    required_affinity: tuple[Term, ...] = ()
    required_anti_affinity: tuple[Term, ...] = ()
    preferred_affinity: tuple[WeightedTerm, ...] = ()
    preferred_anti_affinity: tuple[WeightedTerm, ...] = ()
    #: Those of init containers, containers and volumes, with their tags.
    images: tuple[str, ...] = ()
    #: The topology spread constraints that the pod states itself.
    spread: tuple[Spread, ...] = ()
    volumes: tuple[Mapping[str, Any], ...] = field(default=())
    #: The same for pods that no local filter and no local score can tell apart; empty when that is not known.
    alike: bytes = b""

    @property
    def spec(self) -> Obj:
        found: Obj = self.pod["spec"]
        return found

    @property
    def start_time(self) -> str:
        """When it started; "" sorts nowhere, so callers treat it as now."""
        return str((self.pod.get("status") or {}).get("startTime") or "")


#: What of a pod's specification decides where it goes, of its containers likewise. What names or starts a container does not.
_DECIDING = (
    "affinity",
    "nodeSelector",
    "overhead",
    "resources",
    "tolerations",
    "topologySpreadConstraints",
)
_DECIDING_OF_CONTAINERS = ("image", "name", "ports", "resources", "restartPolicy")
#: Volumes that every node can mount; one of them has a name of its own in every pod.
_EVERYWHERE = frozenset(("configMap", "downwardAPI", "emptyDir", "hostPath", "name", "projected", "secret"))


def pod_info(pod: Obj) -> PodInfo:
    """Read a pod. What pods of one template have in common is read once."""
    spec, metadata, status = pod["spec"], pod["metadata"], pod.get("status") or {}
    if status.get("containerStatuses") or status.get("initContainerStatuses"):
        # A container that runs may be in the middle of being resized.
        traits, alike = _traits(metadata, spec, pod), b""
    else:
        alike = _content(metadata, spec)
        traits = _known_traits(alike) if alike else _traits(metadata, spec, pod)
    return PodInfo(
        pod,
        metadata.get("uid", ""),
        metadata.get("namespace", ""),
        metadata["name"],
        metadata.get("labels") or {},
        spec.get("priority") or 0,
        terminating=bool(metadata.get("deletionTimestamp")),
        alike=b"" if spec.get("nodeName") else alike,
        **traits,
    )


def bound_info(info: PodInfo, pod: Obj) -> PodInfo:
    """What ``pod_info`` says of a pod that was just bound: ``info`` brought up to date, as hardly anything is new."""
    labels = pod["metadata"].get("labels") or {}
    if pod["metadata"].get("deletionTimestamp") or (labels != info.labels and _has_terms(info)):
        return pod_info(pod)
    info.pod, info.labels, info.alike = pod, labels, b""
    return info


def _has_terms(info: PodInfo) -> bool:
    """Terms may refer to the pod's own labels (``matchLabelKeys``), to which the zone is added when it is bound."""
    required, preferred = info.required_affinity, info.preferred_affinity
    return bool(required or preferred or info.required_anti_affinity or info.preferred_anti_affinity)


def _content(metadata: Obj, spec: Obj) -> bytes:
    """What decides where a pod goes, as bytes; empty for a value that is no plain JSON."""
    parts = [(key, spec[key]) for key in _DECIDING if key in spec]
    containers = [
        [[(key, c[key]) for key in _DECIDING_OF_CONTAINERS if key in c] for c in spec.get(kind) or ()]
        for kind in ("containers", "initContainers")
    ]
    volumes = [volume for volume in spec.get("volumes") or () if not volume.keys() <= _EVERYWHERE]
    place = (metadata.get("namespace", ""), metadata.get("labels") or {})
    try:
        return marshal.dumps((place, parts, containers, volumes), 2)
    except ValueError:
        return b""


@lru_cache(maxsize=1024)
def _known_traits(content: bytes) -> Mapping[str, Any]:
    (namespace, labels), parts, (containers, starting), volumes = marshal.loads(content)
    spec = {**dict(parts), "containers": list(map(dict, containers)), "initContainers": list(map(dict, starting))}
    spec["volumes"] = volumes
    return _traits({"namespace": namespace, "labels": labels}, spec, {"spec": spec})


def _traits(metadata: Obj, spec: Obj, pod: Obj) -> Mapping[str, Any]:
    """What depends on neither the pod's name nor its state."""
    affinity = spec.get("affinity") or {}
    together, apart = affinity.get("podAffinity") or {}, affinity.get("podAntiAffinity") or {}
    labels = metadata.get("labels") or {}
    return {
        "requests": resources.pod_requests(pod),
        "assumed": resources.pod_requests(pod, assumed=resources.ASSUMED),
        "ports": _host_ports(spec),
        "required_affinity": _required(together, metadata),
        "required_anti_affinity": _required(apart, metadata),
        "preferred_affinity": _preferred(together, metadata),
        "preferred_anti_affinity": _preferred(apart, metadata),
        "images": _images(spec),
        "spread": tuple(_spread(c, labels) for c in spec.get("topologySpreadConstraints") or ()),
        "volumes": tuple(v for v in spec.get("volumes") or () if not v.keys() <= _EVERYWHERE),
    }


def _images(spec: Obj) -> tuple[str, ...]:
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    names = [c.get("image", "") for c in containers]
    names += [v["image"].get("reference", "") for v in spec.get("volumes") or () if v.get("image")]
    return tuple(map(normalized_image, names))


def _required(affinity: Obj, metadata: Obj) -> tuple[Term, ...]:
    terms = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
    return tuple(_term(term, metadata) for term in terms)


def _preferred(affinity: Obj, metadata: Obj) -> tuple[WeightedTerm, ...]:
    terms = affinity.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
    return tuple(WeightedTerm(_term(t["podAffinityTerm"], metadata), int(t["weight"])) for t in terms)


def _term(term: Obj, metadata: Obj) -> Term:
    labels = metadata.get("labels") or {}
    selector = LabelSelector.from_object(term.get("labelSelector"))
    selector = with_label_keys(selector, term.get("matchLabelKeys") or (), labels, "in")
    selector = with_label_keys(selector, term.get("mismatchLabelKeys") or (), labels, "notin")
    wanted = term.get("namespaceSelector")
    named = term.get("namespaces") or ([metadata.get("namespace", "")] if wanted is None else [])
    names = None if wanted is None else LabelSelector.from_object(wanted)
    return Term(term["topologyKey"], selector, frozenset(named), names)


def with_label_keys(
    selector: LabelSelector, keys: Sequence[str], labels: Mapping[str, str], operator: Literal["in", "notin"]
) -> LabelSelector:
    """``selector`` that also compares these labels with the pod's own (``matchLabelKeys``)."""
    more = tuple(Requirement(key, operator, (labels[key],)) for key in keys if key in labels)
    if not more or selector.selects_nothing:
        return selector
    return LabelSelector((*selector.requirements, *(m for m in more if m not in selector.requirements)))


def _host_ports(spec: Obj) -> tuple[HostPort, ...]:
    sidecars = [c for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"]
    return tuple(
        HostPort(port.get("hostIP") or "0.0.0.0", port.get("protocol") or "TCP", port["hostPort"])
        for container in [*(spec.get("containers") or ()), *sidecars]
        for port in container.get("ports") or ()
        if port.get("hostPort")
    )


def _spread(constraint: Obj, labels: Mapping[str, str]) -> Spread:
    selector = LabelSelector.from_object(constraint.get("labelSelector"))
    return Spread(
        topology_key=constraint["topologyKey"],
        max_skew=int(constraint["maxSkew"]),
        hard=constraint["whenUnsatisfiable"] == "DoNotSchedule",
        selector=with_label_keys(selector, constraint.get("matchLabelKeys") or (), labels, "in"),
        min_domains=constraint.get("minDomains") or 1,
        honor_affinity=constraint.get("nodeAffinityPolicy", "Honor") == "Honor",
        honor_taints=constraint.get("nodeTaintsPolicy", "Ignore") == "Honor",
    )
