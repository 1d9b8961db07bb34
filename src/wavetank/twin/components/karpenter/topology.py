"""Spread constraints and (anti-)affinity between pods, for nodes whose labels are still open.

A group counts the pods of one rule by domain (a value of a label) and narrows what a node's label may be so that one more
pod keeps the rule. One ``Topology`` serves one run of ``packing``. Upstream: ``scheduling/topology.go``, ``topologygroup.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from wavetank.kube.selectors import LabelSelector
from wavetank.twin.scheduler.pod_info import PodInfo, Term

from .names import HOSTNAME
from .requirements import Requirement, Requirements, of_expressions, of_labels

Kind = Literal["topology spread", "pod affinity", "pod anti-affinity"]
SPREAD: Kind = "topology spread"
AFFINITY: Kind = "pod affinity"
ANTI_AFFINITY: Kind = "pod anti-affinity"
MOST_SHOWN = 25


@dataclass(frozen=True)
class Rule:
    """What makes two constraints the same. ``namespaces`` None is all; nodes count that meet one of ``nodes``, if any."""

    kind: Kind
    key: str
    namespaces: frozenset[str] | None
    selector: LabelSelector
    max_skew: int = 1
    min_domains: int = 0
    nodes: tuple[Requirements, ...] = ()

    def selects(self, pod: PodInfo) -> bool:
        return (self.namespaces is None or pod.namespace in self.namespaces) and self.selector.matches(pod.labels)

    def counts(self, node: Requirements) -> bool:
        """Whether pods on this node count."""
        return not self.nodes or any(not node.incompatibility(each, of_new_node=True) for each in self.nodes)


@dataclass
class Group:
    """The pods of one rule by domain; ``owners`` are the pods that obey it."""

    rule: Rule
    domains: dict[str, int] = field(default_factory=dict)
    owners: set[str] = field(default_factory=set)

    def register(self, domains: Iterable[str]) -> None:
        for domain in domains:
            self.domains.setdefault(domain, 0)

    def record(self, domain: str) -> None:
        self.domains[domain] = self.domains.get(domain, 0) + 1

    def allowed(self, pod: PodInfo, of_pod: Requirement, of_node: Requirement) -> Requirement:
        """The domains that one more pod may go to."""
        match self.rule.kind:
            case "topology spread":
                found = self._least_used(pod, of_pod, of_node)
            case "pod affinity":
                found = self._inhabited(pod, of_pod, of_node)
            case "pod anti-affinity":
                found = frozenset(d for d, count in self.domains.items() if count == 0 and of_pod.has(d))
        return Requirement(self.rule.key, found)

    def _least_used(self, pod: PodInfo, of_pod: Requirement, of_node: Requirement) -> frozenset[str]:
        least, itself = self._least(of_pod), int(self.rule.selects(pod))
        open_to = [
            (count + itself, domain)
            for domain, count in self.domains.items()
            if of_node.has(domain) and count + itself - least <= self.rule.max_skew
        ]
        return frozenset({min(open_to)[1]}) if open_to else frozenset()

    def _least(self, of_pod: Requirement) -> int:
        if self.rule.key == HOSTNAME:
            # A new node can always be had.
            return 0
        counts = [count for domain, count in self.domains.items() if of_pod.has(domain)]
        return 0 if len(counts) < self.rule.min_domains else min(counts, default=0)

    def _inhabited(self, pod: PodInfo, of_pod: Requirement, of_node: Requirement) -> frozenset[str]:
        found = {d for d, count in self.domains.items() if count and of_pod.has(d)}
        if found or not self.rule.selects(pod):
            return frozenset(found)
        # The first of pods that want to be together goes where it can, best to where the node is already.
        both, viable = of_pod & of_node, sorted(filter(of_pod.has, self.domains))
        here = [domain for domain in viable if both.has(domain)]
        return frozenset(here[:1] or viable[:1])


class Place(Protocol):
    """A node on which a pod stays."""

    @property
    def labels(self) -> Mapping[str, str]: ...

    @property
    def requirements(self) -> Requirements: ...


NamespacesOf = Callable[[Term], frozenset[str] | None]


class Topology:
    """All groups that pods of a run have to do with.

    ``universe`` has the domains by label that nodes could be in; ``running`` are pods that stay where they are, each with
    its node. ``namespaces_of`` resolves a term's namespace selector.
    """

    def __init__(
        self,
        universe: Mapping[str, set[str]],
        running: Sequence[tuple[PodInfo, Place]],
        namespaces_of: NamespacesOf,
    ) -> None:
        self._universe = {key: set(values) for key, values in universe.items()}
        self._running = running
        self._namespaces_of = namespaces_of
        self._groups: dict[Rule, Group] = {}
        #: Anti-affinity as it binds those whom it is directed against.
        self._inverse: dict[Rule, Group] = {}
        self._owned: dict[str, list[Group]] = {}
        for pod, node in running:
            for term in pod.required_anti_affinity:
                group = self._inverse_group(term)
                if term.topology_key in node.labels:
                    group.record(node.labels[term.topology_key])

    def own(self, pod: PodInfo) -> None:
        """Let a pod obey its rules as they are now, and no others."""
        for group in self._owned.pop(pod.uid, ()):
            group.owners.discard(pod.uid)
        rules = _rules_of(pod, self._namespaces_of)
        self._owned[pod.uid] = groups = [self._group(rule) for rule in rules]
        groups += [self._inverse_group(term) for term in pod.required_anti_affinity]
        for group in groups:
            group.owners.add(pod.uid)

    def register(self, key: str, domain: str) -> None:
        """A node that is being thought of makes a domain of its own."""
        self._universe.setdefault(key, set()).add(domain)
        for group in (*self._groups.values(), *self._inverse.values()):
            if group.rule.key == key:
                group.register((domain,))

    def unregister(self, key: str, domain: str) -> None:
        """The node will not be made after all."""
        self._universe[key].discard(domain)
        for group in (*self._groups.values(), *self._inverse.values()):
            if group.rule.key == key:
                group.domains.pop(domain, None)

    def narrowed(self, pod: PodInfo, of_pod: Requirements, of_node: Requirements) -> tuple[Requirements, str]:
        """What the node's labels may be with the pod on it; the text says which rule it would break, "" if none."""
        for group in self._binding(pod):
            key = group.rule.key
            wanted, have = of_pod.of(key), of_node.of(key)
            allowed = group.allowed(pod, wanted, have)
            if allowed.is_empty:
                return of_node, _unsatisfiable(group, wanted, have)
            of_node = of_node.plus((allowed,))
            if of_node.of(key).is_empty:
                return of_node, f"key {key}, {allowed} not in {have}"
        return of_node, ""

    def record(self, pod: PodInfo, of_node: Requirements) -> None:
        """The pod is on a node with these labels."""
        for group in self._groups.values():
            if group.rule.selects(pod) and group.rule.counts(of_node):
                for domain in _domains(group.rule, of_node):
                    group.record(domain)
        for group in self._inverse.values():
            if pod.uid in group.owners:
                for domain in _domains(group.rule, of_node):
                    group.record(domain)

    def _binding(self, pod: PodInfo) -> Iterable[Group]:
        yield from (g for g in self._owned.get(pod.uid, ()) if g.rule not in self._inverse)
        yield from (g for g in self._inverse.values() if g.rule.selects(pod))

    def _group(self, rule: Rule) -> Group:
        found = self._groups.get(rule)
        if found is None:
            found = self._groups[rule] = Group(rule)
            found.register(sorted(self._universe.get(rule.key, ())))
            for pod, node in self._running:
                if rule.key in node.labels and rule.selects(pod) and rule.counts(node.requirements):
                    found.record(node.labels[rule.key])
        return found

    def _inverse_group(self, term: Term) -> Group:
        rule = Rule(ANTI_AFFINITY, term.topology_key, self._namespaces_of(term), term.selector, max_skew=-1)
        found = self._inverse.get(rule)
        if found is None:
            found = self._inverse[rule] = Group(rule)
            found.register(sorted(self._universe.get(rule.key, ())))
        return found


def _rules_of(pod: PodInfo, namespaces_of: NamespacesOf) -> list[Rule]:
    rules = []
    for spread in pod.spread:
        nodes = _node_filter(pod) if spread.honor_affinity else ()
        own = frozenset((pod.namespace,))
        rules.append(
            Rule(SPREAD, spread.topology_key, own, spread.selector, spread.max_skew, spread.min_domains, nodes)
        )
    together = [*pod.required_affinity, *(weighted.term for weighted in pod.preferred_affinity)]
    apart = [*pod.required_anti_affinity, *(weighted.term for weighted in pod.preferred_anti_affinity)]
    rules += [Rule(AFFINITY, t.topology_key, namespaces_of(t), t.selector) for t in together]
    rules += [Rule(ANTI_AFFINITY, t.topology_key, namespaces_of(t), t.selector) for t in apart]
    return rules


def _node_filter(pod: PodInfo) -> tuple[Requirements, ...]:
    selector = of_labels(pod.spec.get("nodeSelector") or {})
    affinity = (pod.spec.get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or ()
    if not terms:
        return (selector,) if selector else ()
    return tuple(selector.plus(of_expressions(t.get("matchExpressions") or ()).values()) for t in terms)


def _domains(rule: Rule, of_node: Requirements) -> Iterable[str]:
    """Where the pod counts: in its one domain, or, of pods that must be apart, wherever it might be."""
    found = of_node.of(rule.key)
    if found.complement or (rule.kind != ANTI_AFFINITY and found.only is None):
        return ()
    return sorted(found.values)


def _unsatisfiable(group: Group, wanted: Requirement, have: Requirement) -> str:
    shown = sorted(group.domains.items())
    counts = ", ".join(f"{domain}: {count}" for domain, count in shown[:MOST_SHOWN])
    if len(shown) > MOST_SHOWN:
        counts += f" and {len(shown) - MOST_SHOWN} other(s)"
    return (
        f"unsatisfiable topology constraint for {group.rule.kind}, key={group.rule.key} "
        f"(counts = {counts}, podDomains = {wanted}, nodeDomains = {have})"
    )
