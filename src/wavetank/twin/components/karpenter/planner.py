"""The cluster as it is, made ready for packing: pools with what can be had for them, nodes with what is free on them.

Used by provisioning (all nodes) and disruption (all but some). Reads, never writes objects.
Upstream: ``provisioner.go`` (``NewScheduler``), ``disruption/helpers.go`` (``SimulateScheduling``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from wavetank.kube.conditions import is_true
from wavetank.kube.resources import Amounts
from wavetank.kube.types import Obj
from wavetank.twin.nodes.offers import InstanceOffer
from wavetank.twin.scheduler.pod_info import Term, pod_info

from . import names
from .instances import has_label_values, is_compatible, matching_offerings
from .live import Live, Suitable
from .packing import Existing, Packed, Packing, Rules, Template, daemon_requests, is_daemon_of
from .pods import is_active, is_owned_by, requests_of
from .pools import Pool, by_weight
from .requirements import Requirements
from .state import StateNode
from .topology import Topology
from .volumes import MissingClaimError, volume_requirements

NO_TYPES = "NodePool requirements filtered out all compatible available instance types"
_DOMAIN_KEYS = (names.ZONE, names.CAPACITY_TYPE, names.INSTANCE_TYPE, names.ARCH, names.OS)


@dataclass(frozen=True)
class Ware:
    """A pool that nodes can be made for, and the types that its class and requirements leave."""

    pool: Pool
    offers: Sequence[InstanceOffer]


def pools(live: Live) -> list[Pool]:
    """All pools in the order in which they are tried."""
    return by_weight(map(Pool, live.cluster.list(names.NODE_POOLS)))


def wares(live: Live) -> list[Ware]:
    """Pools that are ready, with what can be had for them now."""
    found = []
    for pool in pools(live):
        if pool.is_leaving or pool.is_static or not is_true(pool.obj, "Ready"):
            continue
        node_class = live.cluster.find(names.NODE_CLASSES, "", pool.node_class)
        if node_class is not None:
            found.append(Ware(pool, live.instance_types(node_class)))
    return found


def suitable(live: Live, ware: Ware) -> Sequence[InstanceOffer]:
    """Of the types those that the pool's own requirements leave; remembered, for both seldom change."""
    wanted = ware.pool.requirements
    known = live.suitable.get(ware.pool.name)
    if known is None or known.offers is not ware.offers or known.requirements != wanted:
        found = [o for o in ware.offers if is_compatible(o, wanted) and matching_offerings(o, wanted)]
        known = live.suitable[ware.pool.name] = Suitable(ware.offers, wanted, found)
    return known.found


class Planner:
    """One picture of the cluster; packs as often as asked."""

    def __init__(self, live: Live, nodes: Sequence[StateNode]) -> None:
        self._live = live
        self._nodes = nodes
        self._daemons = [_pod_of(each) for each in live.cluster.list("daemonsets.apps")]
        self.wares = wares(live)
        self._templates = [self._template(ware) for ware in self.wares]
        self._running = [(live.info(pod), node) for node in nodes for pod in node.pods if is_active(pod)]
        #: Nodes as they are, before anything is placed on them.
        self._untouched: dict[str, Existing] = {}

    def packed(self, pods: Sequence[Obj], without: Collection[str] = ()) -> Packed:
        """Places for pods, on nodes that stay, without those of the given names."""
        staying = [n for n in self._nodes if not n.is_leaving and n.name not in without]
        moving = {pod["metadata"]["uid"] for pod in pods}
        volumes, placeable = self._volumes(pods)
        running = [(info, node) for info, node in self._running if info.uid not in moving]
        packing = Packing(
            [self._limited(t, staying) for t in self._templates if t.offers],
            [self._existing(node) for node in staying],
            Topology(self._universe, running, self._namespaces_of),
            volumes,
            Rules(self._live.settings.respects_preferences, self._live.settings.strict_min_values),
            self._live.info,
        )
        return packing.packed(placeable)

    # --- what there is -----------------------------------------------------------------------------------------------

    def _template(self, ware: Ware) -> Template:
        offers = suitable(self._live, ware)
        if not offers:
            self._live.tell((ware.pool.obj,), "Warning", "NoCompatibleInstanceTypes", NO_TYPES, seconds=60.0)
        return Template(ware.pool, offers, daemon_requests(ware.pool, self._daemons))

    def _limited(self, template: Template, staying: Iterable[StateNode]) -> Template:
        limits = template.pool.limits
        if limits is None:
            return template
        remaining: Amounts = dict(limits)
        for node in staying:
            if node.pool == template.pool.name:
                for name in remaining:
                    remaining[name] -= 1 if name == "nodes" else node.capacity.get(name, 0)
        return Template(template.pool, template.offers, template.daemons, remaining)

    def _existing(self, node: StateNode) -> Existing:
        known = self._untouched.get(node.name)
        if known is None:
            known = self._untouched[node.name] = self._read(node)
        return replace(known, ports=list(known.ports), pods=[])

    def _read(self, node: StateNode) -> Existing:
        infos = [self._live.info(pod) for pod in node.pods]
        taken: Amounts = {}
        for info in infos:
            _count(taken, requests_of(info))
        free = {name: units - taken.get(name, 0) for name, units in node.allocatable.items()}
        for name, units in self._daemons_to_come(node).items():
            free[name] = free.get(name, 0) - units
        ports = [port for info in infos for port in info.ports]
        return Existing(node.name, node.requirements, free, _all_taints(node), node.is_initialized, ports)

    def _daemons_to_come(self, node: StateNode) -> Amounts:
        """What DaemonSets' pods will still ask for on a node where not all of them are yet."""
        expected: Amounts = {}
        for daemon in self._daemons:
            if is_daemon_of(node.taints, node.requirements, daemon, of_new_node=False):
                _count(expected, requests_of(pod_info(daemon)))
        there: Amounts = {}
        for pod in node.pods:
            if is_owned_by(pod, "DaemonSet"):
                _count(there, requests_of(self._live.info(pod)))
        return {name: max(0, units - there.get(name, 0)) for name, units in expected.items()}

    # --- topology ----------------------------------------------------------------------------------------------------

    @cached_property
    def _universe(self) -> dict[str, set[str]]:
        """The domains in which nodes are, or could be made."""
        found: dict[str, set[str]] = {}
        for template in self._templates:
            wanted = template.pool.requirements
            for key in sorted({*_DOMAIN_KEYS, *wanted}):
                each = wanted.of(key)
                values = {v for o in template.offers for v in has_label_values(o, key) or () if each.has(v)}
                if not each.complement and has_no_types(template.offers, key):
                    values |= each.values
                found.setdefault(key, set()).update(values)
        for node in self._nodes:
            for key, value in node.labels.items():
                found.setdefault(key, set()).add(value)
        found.pop(names.HOSTNAME, None)
        return found

    def _namespaces_of(self, term: Term) -> frozenset[str] | None:
        if term.namespace_selector is None:
            return term.namespaces
        labels = {
            n["metadata"]["name"]: n["metadata"].get("labels") or {} for n in self._live.cluster.list("namespaces")
        }
        return term.resolved_namespaces(labels, lambda name: labels.get(name, {}))

    def _volumes(self, pods: Iterable[Obj]) -> tuple[Mapping[str, Requirements], list[Obj]]:
        """Where volumes are, by pod; pods whose claims do not exist are left out, as Karpenter ignores them."""
        found, placeable = {}, []
        for pod in pods:
            try:
                found[pod["metadata"]["uid"]] = volume_requirements(self._live.cluster, pod)
            except MissingClaimError:
                continue
            placeable.append(pod)
        return found, placeable


def has_no_types(offers: Sequence[InstanceOffer], key: str) -> bool:
    """Whether the label is not one that instance types decide."""
    return not offers or has_label_values(offers[0], key) is None


def _pod_of(daemon_set: Obj) -> Obj:
    template, metadata = daemon_set["spec"]["template"], daemon_set["metadata"]
    own = {"name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"]}
    return {"metadata": {**(template.get("metadata") or {}), **own}, "spec": template["spec"]}


def _all_taints(node: StateNode) -> list[Obj]:
    cordoned = node.node is not None and node.is_registered and (node.node.get("spec") or {}).get("unschedulable")
    own: list[Obj] = [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}] if cordoned else []
    return [*node.taints, *own]


def _count(total: Amounts, more: Mapping[str, int]) -> None:
    for name, units in more.items():
        total[name] = total.get(name, 0) + units
