"""Which pods go where: existing nodes first, then nodes that are to be made, each still any of several instance types. Pure.

First fit over pods from the largest to the smallest, with preferences given up one by one. Used for provisioning and, on a
cluster without some nodes, for consolidation. Upstream: ``pkg/controllers/provisioning/scheduling`` (``scheduler.go``,
``nodeclaim.go``, ``existingnode.go``, ``queue.go``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from wavetank.kube.resources import Amounts
from wavetank.kube.taints import is_tolerated
from wavetank.kube.types import Obj
from wavetank.twin.nodes.offers import InstanceOffer
from wavetank.twin.scheduler.pod_info import HostPort, PodInfo, pod_info

from . import names
from .instances import fits, has_label_values, is_compatible, matching_offerings, refusal, unmet_minimum
from .pods import in_order, pod_requirements, requests_of
from .pools import Pool
from .preferences import relaxed, without_preferences
from .requirements import Requirements, relaxed_minimum, requirement
from .topology import Topology


@dataclass(frozen=True)
class Wish:
    """A pod with what it requires, read once for each state of its preferences."""

    info: PodInfo
    requirements: Requirements
    strict: Requirements
    requests: Amounts

    @property
    def tolerations(self) -> Sequence[Obj]:
        return self.info.spec.get("tolerations") or ()


def wish_of(info: PodInfo, volumes: Requirements) -> Wish:
    """``volumes`` is where its volumes can be."""
    pod = info.pod
    soft, strict = (pod_requirements(pod["spec"], with_preferred=with_preferred) for with_preferred in (True, False))
    return Wish(info, soft.plus(volumes.values()), strict.plus(volumes.values()), requests_of(info))


@dataclass
class Existing:
    """A node that exists or is about to. ``requirements`` are its labels, its host name among them; ``free`` is what pods may
    still ask for, without what DaemonSets' pods to come will take.
    """

    name: str
    requirements: Requirements
    free: Amounts
    taints: Sequence[Obj]
    initialized: bool = True
    ports: list[HostPort] = field(default_factory=list)
    pods: list[PodInfo] = field(default_factory=list)

    def refusal(self, wish: Wish, topology: Topology) -> tuple[Requirements, str]:
        """The node's requirements with the pod, or why it cannot come."""
        free = self.free
        for resource, units in wish.requests.items():
            if units > free.get(resource, 0):
                return self.requirements, "exceeds node resources"
        why = taint_refusal(self.taints, wish.tolerations) or _port_conflict(self.ports, wish.info)
        why = why or self.requirements.incompatibility(wish.requirements, of_new_node=False)
        if why:
            return self.requirements, why
        return topology.narrowed(wish.info, wish.strict, self.requirements.plus(wish.requirements.values()))

    def add(self, wish: Wish) -> None:
        self.pods.append(wish.info)
        self.ports += wish.info.ports
        self.free = {name: units - wish.requests.get(name, 0) for name, units in self.free.items()}


@dataclass
class Planned:
    """A node that is to be made: a NodeClaim in the making. ``offers`` are the types that still suit."""

    pool: Pool
    hostname: str
    requirements: Requirements
    offers: Sequence[InstanceOffer]
    daemons: Amounts
    requests: Amounts
    ports: list[HostPort] = field(default_factory=list)
    pods: list[PodInfo] = field(default_factory=list)
    #: What even the smallest of the types has, of resources that were asked for.
    _least: Amounts = field(default_factory=dict, init=False)

    def keep(self, offers: Sequence[InstanceOffer]) -> None:
        """No other types suit any more."""
        if offers is not self.offers:
            self.offers = offers
            self._least.clear()

    def large_enough(self, requests: Mapping[str, int]) -> Sequence[InstanceOffer]:
        """The types that hold this much; the very same list if all do."""
        if all(units <= self._smallest(resource) for resource, units in requests.items()):
            return self.offers
        return [offer for offer in self.offers if fits(offer, requests)]

    def _smallest(self, resource: str) -> int:
        if resource not in self._least:
            self._least[resource] = min((o.allocatable.amount(resource) for o in self.offers), default=0)
        return self._least[resource]


@dataclass(frozen=True)
class Packed:
    """``errors`` by uid: why a pod found no place."""

    planned: Sequence[Planned]
    existing: Sequence[Existing]
    errors: Mapping[str, str]

    @property
    def is_complete(self) -> bool:
        return not self.errors


@dataclass(frozen=True)
class Template:
    """A pool and what can be had for it. ``daemons`` are requests of the DaemonSets' pods that its nodes will run."""

    pool: Pool
    offers: Sequence[InstanceOffer]
    daemons: Amounts = field(default_factory=dict)
    #: What the pool's limits leave, by resource; None without limits.
    remaining: Amounts | None = None


@dataclass(frozen=True)
class Rules:
    """Settings that packing knows."""

    respects_preferences: bool = True
    strict_min_values: bool = True


class Packing:
    """One run. Templates are tried in the order given. ``read`` reads pods, where somebody has done so before."""

    def __init__(
        self,
        templates: Sequence[Template],
        existing: Sequence[Existing],
        topology: Topology,
        volumes: Mapping[str, Requirements] | None = None,
        rules: Rules | None = None,
        read: Callable[[Obj], PodInfo] = pod_info,
    ) -> None:
        self._templates = templates
        self._existing = sorted(existing, key=lambda node: (not node.initialized, node.name))
        self._topology = topology
        self._volumes = volumes or {}
        self._rules = rules or Rules()
        self._read = read
        self._remaining = {t.pool.name: t.remaining for t in templates}
        self._planned: list[Planned] = []
        self._matching: dict[tuple[str, Requirements], frozenset[str]] = {}
        self._count = 0
        every = (taint for t in templates for taint in t.pool.taints)
        self._tolerates_soft_taints = any(taint["effect"] == "PreferNoSchedule" for taint in every)
        for node in existing:
            topology.register(names.HOSTNAME, str(node.requirements[names.HOSTNAME].only))

    def packed(self, pods: Iterable[Obj]) -> Packed:
        """Find a place for every pod; tried again and again while that makes progress."""
        start = pods if self._rules.respects_preferences else map(without_preferences, pods)
        infos = in_order(map(self._read, start))
        for info in infos:
            self._topology.own(info)
        queue, errors = infos, dict[str, str]()
        while queue:
            left = []
            for info in queue:
                why = self._place(info)
                if why:
                    errors[info.uid] = why
                    left.append(info)
                else:
                    errors.pop(info.uid, None)
            if len(left) == len(queue):
                break
            queue = left
        return Packed(self._planned, self._existing, errors)

    def _place(self, first: PodInfo) -> str:
        """Try the pod as it is, then with fewer and fewer wishes; why it found no place with the fewest."""
        info, volumes = first, self._volumes.get(first.uid, Requirements())
        while True:
            why = self._add(wish_of(info, volumes))
            if not why:
                return ""
            less = relaxed(info.pod, tolerate_prefer_no_schedule=self._tolerates_soft_taints)
            if less is None:
                self._topology.own(first)
                return why
            info = pod_info(less)
            self._topology.own(info)

    def _add(self, wish: Wish) -> str:
        for node in self._existing:
            found, why = node.refusal(wish, self._topology)
            if not why:
                node.add(wish)
                self._topology.record(wish.info, found)
                return ""
        for planned in sorted(self._planned, key=lambda each: len(each.pods)):
            if not self._joined(planned, wish, explain=False):
                return ""
        return self._opened(wish)

    # --- nodes to be made --------------------------------------------------------------------------------------------

    def _opened(self, wish: Wish) -> str:
        """Plan another node for the pod, of the first pool that can; what each pool says against it."""
        reasons = []
        for template in self._templates:
            why = self._opened_in(template, wish)
            if not why:
                return ""
            reasons.append(why)
        return "; ".join(reasons)

    def _opened_in(self, template: Template, wish: Wish) -> str:
        pool, remaining = template.pool, self._remaining[template.pool.name]
        offers = [o for o in template.offers if remaining is None or within_limits(o, remaining)]
        if not offers:
            return f"all available instance types exceed limits for nodepool (NodePool={pool.name})"
        self._count += 1
        hostname = f"hostname-placeholder-{self._count:04d}"
        self._topology.register(names.HOSTNAME, hostname)
        named = pool.requirements.plus((requirement(names.HOSTNAME, "In", (hostname,)),))
        planned = Planned(pool, hostname, named, offers, template.daemons, dict(template.daemons))
        why = self._joined(planned, wish, explain=True)
        if why:
            self._topology.unregister(names.HOSTNAME, hostname)
            return why
        self._planned.append(planned)
        if remaining is not None:
            self._remaining[pool.name] = after_largest(remaining, planned.offers)
        return ""

    def _joined(self, planned: Planned, wish: Wish, *, explain: bool) -> str:
        """Put the pod on a planned node; why that cannot be, if it cannot (in few words unless ``explain``)."""
        requests = {**planned.requests}
        for name, units in wish.requests.items():
            requests[name] = requests.get(name, 0) + units
        large_enough = planned.large_enough(requests)
        if not large_enough and not explain:
            return "no instance type has enough resources"
        why = taint_refusal(planned.pool.taints, wish.tolerations) or _port_conflict(planned.ports, wish.info)
        if why:
            return why
        why = planned.requirements.incompatibility(wish.requirements, of_new_node=True)
        if why:
            return f"incompatible requirements, {why}"
        wanted = planned.requirements.plus(wish.requirements.values())
        wanted, why = self._topology.narrowed(wish.info, wish.strict, wanted)
        if why:
            return why
        left = self._suitable(planned, wanted, large_enough)
        wanted, why = self._with_minimum(left, wanted)
        if why or not left:
            if not explain:
                return "no instance type is left"
            return why or refusal(planned.offers, wanted, requests, wish.requests, planned.daemons)
        planned.requirements, planned.requests = wanted, requests
        planned.keep(left)
        planned.pods.append(wish.info)
        planned.ports += wish.info.ports
        self._topology.record(wish.info, wanted)
        return ""

    def _suitable(
        self, planned: Planned, wanted: Requirements, large_enough: Sequence[InstanceOffer]
    ) -> Sequence[InstanceOffer]:
        """Of the types those that meet the requirements and can be bought; remembered, for most pods add no requirement."""
        if wanted is planned.requirements and planned.pods:
            return large_enough
        key = (planned.pool.name, wanted.without(names.HOSTNAME))
        found = self._matching.get(key)
        if found is None:
            of_pool = next(t.offers for t in self._templates if t.pool is planned.pool)
            matching = (o for o in of_pool if is_compatible(o, wanted) and matching_offerings(o, wanted))
            found = self._matching[key] = frozenset(offer.name for offer in matching)
        return [offer for offer in large_enough if offer.name in found]

    def _with_minimum(self, left: Sequence[InstanceOffer], wanted: Requirements) -> tuple[Requirements, str]:
        unmet = unmet_minimum(left, wanted) if left else None
        while unmet is not None and not self._rules.strict_min_values:
            narrower = {**wanted.by_key, unmet.key: relaxed_minimum(unmet)}
            wanted = Requirements(narrower)
            unmet = unmet_minimum(left, wanted)
        if unmet is None:
            return wanted, ""
        values = {v for offer in left for v in has_label_values(offer, unmet.key) or ()}
        return wanted, f"minValues requirement is not met for label(s) (label(s)=[{unmet.key}], values={len(values)})"


def taint_refusal(taints: Sequence[Obj], tolerations: Sequence[Obj]) -> str:
    """The first taint that is not tolerated: here a preference to stay away counts as well, until it is given up."""
    found = next((t for t in taints if not is_tolerated(t, tolerations)), None)
    return "" if found is None else f"did not tolerate taint (taint={taint_text(found)})"


def taint_text(taint: Obj) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def _port_conflict(taken: Iterable[HostPort], pod: PodInfo) -> str:
    for ours in pod.ports:
        if any(ours.conflicts(theirs) for theirs in taken):
            told = f"pod-hostport-ip={ours.ip}, pod-hostport-port={ours.port}, pod-hostport-protocol={ours.protocol}"
            return f"checking host port usage, pod host port conflicts with existing hostport configuration ({told})"
    return ""


def within_limits(offer: InstanceOffer, remaining: Mapping[str, int]) -> bool:
    """Whether one more node of this type keeps the pool within its limits."""
    return all(_counted(offer, resource) <= units for resource, units in remaining.items())


def after_largest(remaining: Mapping[str, int], offers: Sequence[InstanceOffer]) -> Amounts:
    """What limits leave when any of the types may be started: the largest is assumed."""
    return {name: units - max(_counted(offer, name) for offer in offers) for name, units in remaining.items()}


def _counted(offer: InstanceOffer, resource: str) -> int:
    return 1 if resource == "nodes" else offer.capacity.amount(resource)


def daemon_requests(pool: Pool, pods: Iterable[Obj]) -> Amounts:
    """What the DaemonSets' pods ask for that every node of a pool will run."""
    total: Amounts = {}
    for pod in pods:
        if is_daemon_of(pool.taints, pool.requirements, pod, of_new_node=True):
            for name, units in requests_of(pod_info(pod)).items():
                total[name] = total.get(name, 0) + units
    return total


def is_daemon_of(taints: Sequence[Obj], node: Requirements, pod: Obj, *, of_new_node: bool) -> bool:
    """Whether a DaemonSet's pod will run on such a node: any of its required terms will do."""
    tolerations = [*(pod["spec"].get("tolerations") or ()), {"operator": "Exists", "effect": "PreferNoSchedule"}]
    if taint_refusal(taints, tolerations):
        return False
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    for term in required.get("nodeSelectorTerms") or [None]:
        alone = {"nodeSelectorTerms": [term]} if term is not None else None
        changed = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": alone}}
        spec = {**pod["spec"], "affinity": changed if alone else {}}
        if not node.incompatibility(pod_requirements(spec, with_preferred=False), of_new_node=of_new_node):
            return True
    return False
