"""Pods that want to be near others, or away from them. Upstream: ``plugins/interpodaffinity``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

from ..framework import BY_PODS, MAX_SCORE, NodeFilter, Rejection, Scorer, Screen
from ..node_info import NodeInfo
from ..pod_info import PodInfo, Term
from ..view import ClusterView, Held, Match, terms_held

#: Topology key -> value -> what it is worth.
Worth = dict[str, Counter[str]]

_NOT_NEAR = Rejection(("node(s) didn't match pod affinity rules",), resolvable=False, helped_by=BY_PODS)
_TOO_NEAR = Rejection(("node(s) didn't match pod anti-affinity rules",), helped_by=BY_PODS)
_UNWANTED = Rejection(("node(s) didn't satisfy existing pods anti-affinity rules",), helped_by=BY_PODS)
#: What a required affinity of a running pod is worth to a pod that it matches (``hardPodAffinityWeight``).
HARD_WEIGHT = 1


class Places:
    """Pods by topology key and value: what the view counts, which is followed and never changed, and what a trial adds."""

    def __init__(
        self, kept: Sequence[tuple[str, Mapping[str, int]]], added: Counter[tuple[str, str]] | None = None
    ) -> None:
        self.kept = kept
        self.added: Counter[tuple[str, str]] = added if added is not None else Counter()

    def __bool__(self) -> bool:
        return any(counts for _, counts in self.kept)

    def has(self, key: str, node: NodeInfo) -> bool:
        """Whether pods are where the node is."""
        value = node.labels.get(key)
        if value is None:
            return False
        return sum(counts.get(value, 0) for k, counts in self.kept if k == key) + self.added[key, value] > 0

    @property
    def keys(self) -> set[str]:
        return {key for key, _ in self.kept} | {key for key, _ in self.added}

    @property
    def is_anywhere(self) -> bool:
        if not self.added:
            return bool(self)
        values = {(key, value) for key, counts in self.kept for value in counts} | self.added.keys()
        return any(
            sum(counts.get(value, 0) for k, counts in self.kept if k == key) + self.added[key, value] > 0
            for key, value in values
        )

    def note(self, key: str, node: NodeInfo, count: int) -> None:
        if key in node.labels:
            self.added[key, node.labels[key]] += count

    def copy(self) -> Places:
        return Places(self.kept, Counter(self.added))


class InterPodAffinity:
    name = "InterPodAffinity"
    weight = 2

    def filter_for(self, pod: PodInfo, view: ClusterView) -> NodeFilter | None:
        unwanted = _unwanted(pod, view)
        if not unwanted and not pod.required_affinity and not pod.required_anti_affinity:
            return None
        together = _together(pod, view)
        near = [(term.topology_key, view.places(together, term.topology_key)) for term in pod.required_affinity]
        apart = [_matching(term, view) for term in pod.required_anti_affinity]
        return _Filter(pod, view, Places(near), Places(apart), unwanted)

    def scorer(self, pod: PodInfo, view: ClusterView) -> Scorer | None:
        worth = _worth_of_places(pod, view)
        return partial(_scores, worth) if worth else None


def _scores(worth: Worth, nodes: Sequence[NodeInfo]) -> list[int]:
    raw = [sum(values.get(node.labels.get(key, _NOWHERE), 0) for key, values in worth.items()) for node in nodes]
    least, spread = min(raw), max(raw) - min(raw)
    return [int(MAX_SCORE * ((score - least) / spread)) if spread else 0 for score in raw]


#: No label has this value.
_NOWHERE = "\x00"


def _together(pod: PodInfo, view: ClusterView) -> Match:
    """Pods that satisfy all required affinity terms at once."""
    return Match(tuple((view.namespaces_of(t), t.selector) for t in pod.required_affinity))


def _matching(term: Term, view: ClusterView) -> tuple[str, Mapping[str, int]]:
    """Where the pods are that a term is about."""
    match = Match(((view.namespaces_of(term), term.selector),))
    return term.topology_key, view.places(match, term.topology_key)


def _unwanted(pod: PodInfo, view: ClusterView) -> Places:
    """Where running pods do not want this one."""
    return Places(
        [
            (held.term.topology_key, tally.places(held.term.topology_key, view.nodes))
            for held, tally in view.held.items()
            if held.kind == "anti" and held.term.matches(pod, view.namespace_labels)
        ]
    )


def _worth(held: Held) -> int:
    match held.kind:
        case "required":
            return HARD_WEIGHT
        case "preferred":
            return held.weight
        case "preferred anti":
            return -held.weight
        case _:
            return 0


def _worth_of_places(pod: PodInfo, view: ClusterView) -> Worth:
    """What each place is worth: by the pod's own preferences and by those of running pods; empty when no place counts."""
    parts = [(_matching(w.term, view), w.weight) for w in pod.preferred_affinity]
    parts += [(_matching(w.term, view), -w.weight) for w in pod.preferred_anti_affinity]
    for held, tally in view.held.items():
        worth = _worth(held)
        if worth and held.term.matches(pod, view.namespace_labels):
            key = held.term.topology_key
            parts.append(((key, tally.places(key, view.nodes)), worth))
    found: Worth = {}
    for (key, counts), worth in parts:
        if counts:
            values = found.setdefault(key, Counter())
            for value, count in counts.items():
                values[value] += worth * count
    return found


class _Filter(NodeFilter):
    def __init__(self, pod: PodInfo, view: ClusterView, near: Places, apart: Places, unwanted: Places) -> None:
        self._pod, self._view = pod, view
        self._near, self._apart, self._unwanted = near, apart, unwanted

    def rejection(self, node: NodeInfo) -> Rejection | None:
        if not self._is_near(node):
            return _NOT_NEAR
        if any(self._apart.has(term.topology_key, node) for term in self._pod.required_anti_affinity):
            return _TOO_NEAR
        if any(self._unwanted.has(key, node) for key in self._unwanted.keys):
            return _UNWANTED
        return None

    def screens(self) -> Sequence[Screen] | None:
        if self._near.added or self._apart.added or self._unwanted.added:
            return None
        away = [Screen(key, counts, is_live=True) for key, counts in (*self._apart.kept, *self._unwanted.kept)]
        if not self._near and self._may_be_first:
            near = [Screen(term.topology_key, {None}) for term in self._pod.required_affinity]
        else:
            near = [Screen(key, counts, among=True, is_live=True) for key, counts in self._near.kept]
        return [*near, *(screen for screen in away if screen.values)]

    def _is_near(self, node: NodeInfo) -> bool:
        terms = self._pod.required_affinity
        if any(term.topology_key not in node.labels for term in terms):
            return False
        if all(self._near.has(term.topology_key, node) for term in terms):
            return True
        return not self._near.is_anywhere and self._may_be_first

    @property
    def _may_be_first(self) -> bool:
        """The first pod of a group that wants to be together would never find a place."""
        return _together(self._pod, self._view).covers(self._pod)

    def moved(self, pod: PodInfo, node: NodeInfo, count: int) -> None:
        if self._pod.required_affinity and _together(self._pod, self._view).covers(pod):
            for term in self._pod.required_affinity:
                self._near.note(term.topology_key, node, count)
        for term in self._pod.required_anti_affinity:
            if term.matches(pod, self._view.namespace_labels):
                self._apart.note(term.topology_key, node, count)
        for held in terms_held(pod):
            if held.kind == "anti" and held.term.matches(self._pod, self._view.namespace_labels):
                self._unwanted.note(held.term.topology_key, node, count)

    def copy(self) -> NodeFilter:
        return _Filter(self._pod, self._view, self._near.copy(), self._apart.copy(), self._unwanted.copy())
