"""Pods that want to be near others, or away from them. Upstream: ``plugins/interpodaffinity``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ..framework import BY_PODS, MAX_SCORE, NodeFilter, Rejection
from ..node_info import NodeInfo
from ..pod_info import PodInfo, Term
from ..view import ClusterView, Held, Match, terms_held

#: (topology key, value) -> pods or weight.
Places = Counter[tuple[str, str]]

_NOT_NEAR = Rejection(("node(s) didn't match pod affinity rules",), resolvable=False, helped_by=BY_PODS)
_TOO_NEAR = Rejection(("node(s) didn't match pod anti-affinity rules",), helped_by=BY_PODS)
_UNWANTED = Rejection(("node(s) didn't satisfy existing pods anti-affinity rules",), helped_by=BY_PODS)
#: What a required affinity of a running pod is worth to a pod that it matches (``hardPodAffinityWeight``).
HARD_WEIGHT = 1


class InterPodAffinity:
    name = "InterPodAffinity"
    weight = 2

    def filter_for(self, pod: PodInfo, view: ClusterView) -> NodeFilter | None:
        unwanted = _unwanted(pod, view)
        if not unwanted and not pod.required_affinity and not pod.required_anti_affinity:
            return None
        near = _places(pod.required_affinity, _together(pod, view), view) if pod.required_affinity else Counter()
        apart: Places = Counter()
        for term in pod.required_anti_affinity:
            apart += _places((term,), Match(((view.namespaces_of(term), term.selector),)), view)
        return _Filter(pod, view, near, apart, unwanted)

    def scores(self, pod: PodInfo, nodes: Sequence[NodeInfo], view: ClusterView) -> list[int] | None:
        places = _weights(pod, view)
        if not places:
            return None
        raw = [sum(w for (key, value), w in places.items() if node.labels.get(key) == value) for node in nodes]
        least, spread = min(raw), max(raw) - min(raw)
        return [int(MAX_SCORE * ((score - least) / spread)) if spread else 0 for score in raw]


def _together(pod: PodInfo, view: ClusterView) -> Match:
    """Pods that satisfy all required affinity terms at once."""
    return Match(tuple((view.namespaces_of(t), t.selector) for t in pod.required_affinity))


def _places(terms: Iterable[Term], match: Match, view: ClusterView) -> Places:
    places: Places = Counter()
    by_node = view.counts(match)
    for term in terms:
        for name, count in by_node.items():
            value = view.nodes[name].labels.get(term.topology_key)
            if value is not None:
                places[term.topology_key, value] += count
    return places


def _unwanted(pod: PodInfo, view: ClusterView) -> Places:
    """Where running pods do not want this one."""
    places: Places = Counter()
    for held, by_node in view.held.items():
        if held.kind == "anti" and held.term.matches(pod, view.namespace_labels):
            _add(places, held.term.topology_key, by_node, 1, view)
    return places


def _add(places: Places, key: str, by_node: Counter[str], weight: int, view: ClusterView) -> None:
    for name, count in by_node.items():
        value = view.nodes[name].labels.get(key)
        if value is not None:
            places[key, value] += weight * count


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


def _weights(pod: PodInfo, view: ClusterView) -> Places:
    """What each place is worth: by the pod's own preferences and by those of running pods."""
    places: Places = Counter()
    own = [(w.term, w.weight) for w in pod.preferred_affinity]
    own += [(w.term, -w.weight) for w in pod.preferred_anti_affinity]
    for term, weight in own:
        counts = Counter(dict(view.counts(Match(((view.namespaces_of(term), term.selector),)))))
        _add(places, term.topology_key, counts, weight, view)
    for held, by_node in view.held.items():
        worth = _worth(held)
        if worth and held.term.matches(pod, view.namespace_labels):
            _add(places, held.term.topology_key, by_node, worth, view)
    return places


class _Filter(NodeFilter):
    def __init__(self, pod: PodInfo, view: ClusterView, near: Places, apart: Places, unwanted: Places) -> None:
        self._pod, self._view = pod, view
        self._near, self._apart, self._unwanted = near, apart, unwanted

    def rejection(self, node: NodeInfo) -> Rejection | None:
        if not self._is_near(node):
            return _NOT_NEAR
        labels = node.labels
        for term in self._pod.required_anti_affinity:
            key = term.topology_key
            if key in labels and self._apart[key, labels[key]] > 0:
                return _TOO_NEAR
        if any(count > 0 and labels.get(key) == value for (key, value), count in self._unwanted.items()):
            return _UNWANTED
        return None

    def _is_near(self, node: NodeInfo) -> bool:
        found = True
        for term in self._pod.required_affinity:
            value = node.labels.get(term.topology_key)
            if value is None:
                return False
            found = found and self._near[term.topology_key, value] > 0
        if found:
            return True
        # The first pod of a group that wants to be together would never find a place.
        alone = not any(count > 0 for count in self._near.values())
        return alone and _together(self._pod, self._view).covers(self._pod)

    def moved(self, pod: PodInfo, node: NodeInfo, count: int) -> None:
        if self._pod.required_affinity and _together(self._pod, self._view).covers(pod):
            for term in self._pod.required_affinity:
                self._note(self._near, term.topology_key, node, count)
        for term in self._pod.required_anti_affinity:
            if term.matches(pod, self._view.namespace_labels):
                self._note(self._apart, term.topology_key, node, count)
        for held in terms_held(pod):
            if held.kind == "anti" and held.term.matches(self._pod, self._view.namespace_labels):
                self._note(self._unwanted, held.term.topology_key, node, count)

    @staticmethod
    def _note(places: Places, key: str, node: NodeInfo, count: int) -> None:
        if key in node.labels:
            places[key, node.labels[key]] += count

    def copy(self) -> NodeFilter:
        return _Filter(self._pod, self._view, Counter(self._near), Counter(self._apart), Counter(self._unwanted))
