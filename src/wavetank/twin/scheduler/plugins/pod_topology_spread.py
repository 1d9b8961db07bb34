"""Pods spread evenly over zones and hosts, strictly or as a preference. Upstream: ``plugins/podtopologyspread``."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from wavetank.kube.selectors import LabelSelector
from wavetank.kube.taints import REPELLING, untolerated
from wavetank.kube.types import Obj

from ..framework import BY_PODS, MAX_SCORE, NodeFilter, Rejection, Scorer, Screen
from ..matching import NodeSelection
from ..node_info import NodeInfo
from ..pod_info import PodInfo, Spread
from ..view import ClusterView, Match

HOSTNAME = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"
_TEXT = "node(s) didn't match pod topology spread constraints"
_UNEVEN = Rejection((_TEXT,), helped_by=BY_PODS)
_NO_LABEL = Rejection((f"{_TEXT} (missing required label)",), resolvable=False)
_OWNERS = {"ReplicaSet": "replicasets.apps", "StatefulSet": "statefulsets.apps"}


class PodTopologySpread:
    name = "PodTopologySpread"
    weight = 2

    def filter_for(self, pod: PodInfo, view: ClusterView) -> NodeFilter | None:
        hard = tuple(c for c in pod.spread if c.hard)
        return _Filter(pod, hard, _domains(pod, hard, view)) if hard else None

    def scorer(self, pod: PodInfo, view: ClusterView) -> Scorer | None:
        strict = bool(pod.spread)
        soft = tuple(c for c in pod.spread if not c.hard) if strict else default_constraints(pod, view)
        return (lambda nodes: _Scoring(pod, soft, nodes, view, strict=strict).scores()) if soft else None


def default_constraints(pod: PodInfo, view: ClusterView) -> tuple[Spread, ...]:
    """Those of the system, for pods that a Service or a workload selects (``buildDefaultConstraints``)."""
    selector = _default_selector(pod, view)
    if selector.is_empty:
        return ()
    return (Spread(HOSTNAME, 3, False, selector), Spread(ZONE, 5, False, selector))


def _default_selector(pod: PodInfo, view: ClusterView) -> LabelSelector:
    if not pod.labels:
        return LabelSelector()
    merged: dict[str, str] = {}
    for service in view.services(pod.namespace):
        wanted = service["spec"].get("selector") or {}
        if wanted and all(pod.labels.get(k) == v for k, v in wanted.items()):
            merged |= wanted
    selector = LabelSelector.from_map(merged)
    owner = _owner(pod, view)
    if owner is None:
        return selector
    own = owner["spec"].get("selector") or {}
    added = LabelSelector.from_map(own) if owner["kind"] == "ReplicationController" else LabelSelector.from_object(own)
    return LabelSelector((*selector.requirements, *added.requirements))


def _owner(pod: PodInfo, view: ClusterView) -> Obj | None:
    for reference in pod.pod["metadata"].get("ownerReferences") or ():
        if reference.get("controller"):
            key = _OWNERS.get(reference["kind"])
            if reference["kind"] == "ReplicationController":
                key = "replicationcontrollers"
            return view.cluster.find(key, pod.namespace, reference["name"]) if key else None
    return None


def _match(pod: PodInfo, constraint: Spread) -> Match:
    return Match(((frozenset((pod.namespace,)), constraint.selector),), alive=True)


def _counts(pod: PodInfo, constraint: Spread, view: ClusterView) -> Mapping[str, int]:
    """Matching pods by node; an empty selector counts none."""
    return {} if constraint.selector.is_empty else view.counts(_match(pod, constraint))


class _Inclusion:
    """Which nodes count for a constraint: those that the pod's own node selector and tolerations admit."""

    def __init__(self, pod: PodInfo) -> None:
        self._selection = NodeSelection(pod.spec)
        self._tolerations = pod.spec.get("tolerations") or ()

    def admits(self, node: NodeInfo, constraint: Spread) -> bool:
        if constraint.honor_affinity and not self._selection.matches(node.name, node.labels):
            return False
        return not constraint.honor_taints or untolerated(node.taints, self._tolerations, REPELLING) is None


class _Domains:
    """Matching pods by domain, for each hard constraint of alike pods, over the nodes that count. Follows the view's changes."""

    def __init__(self, pod: PodInfo, constraints: Sequence[Spread], view: ClusterView) -> None:
        self.constraints, self.epoch = tuple(constraints), view.epoch
        self.counts: list[dict[str, int]] = [{} for _ in constraints]
        self._nodes: list[Counter[str]] = [Counter() for _ in constraints]
        self._shares: dict[str, tuple[tuple[str, int] | None, ...]] = {}
        self._inclusion = _Inclusion(pod)
        self._seen = len(view.touched)
        for node in view.ordered():
            self._follow(node, [_counts(pod, c, view) for c in constraints])

    def catch_up(self, pod: PodInfo, view: ClusterView) -> None:
        counts = [_counts(pod, c, view) for c in self.constraints]
        for node in dict.fromkeys(view.touched[self._seen :]):
            self._follow(node, counts)
        self._seen = len(view.touched)

    def _follow(self, node: NodeInfo, counts: Sequence[Mapping[str, int]]) -> None:
        """Count a node as it is now in place of what it was."""
        shares = self._shares_of(node, counts)
        for i, share in enumerate(self._shares.get(node.name, ())):
            if share is not None:
                self._add(i, share[0], -share[1], -1)
        for i, share in enumerate(shares):
            if share is not None:
                self._add(i, *share, 1)
        self._shares[node.name] = shares

    def _shares_of(self, node: NodeInfo, counts: Sequence[Mapping[str, int]]) -> tuple[tuple[str, int] | None, ...]:
        if any(c.topology_key not in node.labels for c in self.constraints):
            return (None,) * len(self.constraints)
        return tuple(
            (node.labels[c.topology_key], by_node.get(node.name, 0)) if self._inclusion.admits(node, c) else None
            for c, by_node in zip(self.constraints, counts, strict=True)
        )

    def _add(self, i: int, value: str, pods: int, nodes: int) -> None:
        self.counts[i][value] = self.counts[i].get(value, 0) + pods
        self._nodes[i][value] += nodes
        if not self._nodes[i][value]:
            del self.counts[i][value], self._nodes[i][value]


def _domains(pod: PodInfo, constraints: Sequence[Spread], view: ClusterView) -> list[dict[str, int]]:
    """Matching pods by domain, for each constraint; kept by the view for the next pod that is alike."""
    key = (__name__, pod.alike)
    found = view.remembered(key) if pod.alike else None
    if not isinstance(found, _Domains) or found.epoch != view.epoch:
        found = _Domains(pod, constraints, view)
        if pod.alike:
            view.remember(key, found)
    found.catch_up(pod, view)
    return found.counts


class _Filter(NodeFilter):
    """``domains`` may be the view's: only a copy is changed."""

    def __init__(self, pod: PodInfo, constraints: Sequence[Spread], domains: list[dict[str, int]]) -> None:
        self._pod, self._constraints, self._domains = pod, constraints, domains
        self._inclusion = _Inclusion(pod)
        self._own = [int(c.selector.matches(pod.labels)) for c in constraints]

    def screens(self) -> Sequence[Screen] | None:
        found: list[Screen] = []
        for constraint, domains, own in zip(self._constraints, self._domains, self._own, strict=True):
            # A domain that no node counts for is never too full: the skew is at least 1.
            most = constraint.max_skew - own + self._least(constraint, domains)
            uneven: set[str | None] = {value for value, count in domains.items() if count > most}
            found.append(Screen(constraint.topology_key, uneven | {None}))
        return found

    @staticmethod
    def _least(constraint: Spread, domains: Mapping[str, int]) -> int:
        return min(domains.values(), default=2**31) if len(domains) >= constraint.min_domains else 0

    def rejection(self, node: NodeInfo) -> Rejection | None:
        for constraint, domains, own in zip(self._constraints, self._domains, self._own, strict=True):
            value = node.labels.get(constraint.topology_key)
            if value is None:
                return _NO_LABEL
            if domains.get(value, 0) + own - self._least(constraint, domains) > constraint.max_skew:
                return _UNEVEN
        return None

    def moved(self, pod: PodInfo, node: NodeInfo, count: int) -> None:
        if any(c.topology_key not in node.labels for c in self._constraints):
            return
        for constraint, domains in zip(self._constraints, self._domains, strict=True):
            counted = not constraint.selector.is_empty and _match(self._pod, constraint).covers(pod)
            if counted and self._inclusion.admits(node, constraint):
                value = node.labels[constraint.topology_key]
                domains[value] = domains.get(value, 0) + count

    def copy(self) -> NodeFilter:
        return _Filter(self._pod, self._constraints, [dict(d) for d in self._domains])


class _Scoring:
    """``strict``: nodes without all topology keys do not take part (constraints that the pod states itself)."""

    def __init__(
        self, pod: PodInfo, constraints: Sequence[Spread], nodes: Sequence[NodeInfo], view: ClusterView, *, strict: bool
    ) -> None:
        self._pod, self._constraints, self._nodes, self._view, self._strict = pod, constraints, nodes, view, strict
        self._ignored = {n.name for n in nodes if strict and not self._has_keys(n)}
        self._counts = [_counts(pod, c, view) for c in constraints]
        self._domains = [self._filled(i) for i in range(len(constraints))]
        self._weights = [math.log(self._size(i) + 2) for i in range(len(constraints))]

    def _has_keys(self, node: NodeInfo) -> bool:
        return all(c.topology_key in node.labels for c in self._constraints)

    def _size(self, i: int) -> int:
        if self._constraints[i].topology_key == HOSTNAME:
            return len(self._nodes) - len(self._ignored)
        return len(self._domains[i])

    def _filled(self, i: int) -> dict[str, int]:
        """Pods by domain, over the domains of the feasible nodes; hosts are looked up one by one."""
        constraint, counts = self._constraints[i], self._counts[i]
        key = constraint.topology_key
        if key == HOSTNAME:
            return {}
        domains = {n.labels.get(key, ""): 0 for n in self._nodes if n.name not in self._ignored}
        inclusion = _Inclusion(self._pod)
        for name, count in counts.items():
            node = self._view.nodes[name]
            if (self._strict and not self._has_keys(node)) or not inclusion.admits(node, constraint):
                continue
            value = node.labels.get(key, "")
            if value in domains:
                domains[value] += count
        return domains

    def _raw(self, node: NodeInfo) -> int:
        score = 0.0
        for i, constraint in enumerate(self._constraints):
            value = node.labels.get(constraint.topology_key)
            if value is None:
                continue
            on_host = constraint.topology_key == HOSTNAME
            count = self._counts[i].get(node.name, 0) if on_host else self._domains[i][value]
            score += count * self._weights[i] + (constraint.max_skew - 1)
        return math.floor(score + 0.5)

    def scores(self) -> list[int]:
        raw = {n.name: self._raw(n) for n in self._nodes if n.name not in self._ignored}
        largest, least = max(raw.values(), default=0), min(raw.values(), default=0)
        if largest == 0:
            return [0 if n.name in self._ignored else MAX_SCORE for n in self._nodes]
        return [
            0 if n.name in self._ignored else MAX_SCORE * (largest + least - raw[n.name]) // largest
            for n in self._nodes
        ]
