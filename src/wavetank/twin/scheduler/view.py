"""The scheduler's picture of the cluster, kept up to date by changes, never computed anew for a pod.

Besides nodes with their pods it keeps counts that filters and scores need: pods per node that match a selector, and
(anti-)affinity terms of running pods per node. Each is counted once, when first asked for, and followed from then on.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from wavetank.kube.pod_phase import is_terminal
from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj
from wavetank.twin.cluster.cluster import Change, Cluster

from .node_info import NodeInfo
from .pod_info import PodInfo, Term, bound_info, pod_info
from .tally import Tally

#: Selectors followed at a time; the one that was not asked for longest is forgotten.
MOST_MATCHES = 2000
MOST_REMEMBERED = 256
#: Changes of nodes that are remembered; who is further behind starts again.
MOST_TOUCHED = 100_000


@dataclass(frozen=True)
class Match:
    """Pods for which every clause (namespaces or None for all, selector) holds; ``alive`` leaves out terminating ones."""

    clauses: tuple[tuple[frozenset[str] | None, LabelSelector], ...]
    alive: bool = False

    def covers(self, pod: PodInfo) -> bool:
        if self.alive and pod.terminating:
            return False
        return all(
            (namespaces is None or pod.namespace in namespaces) and selector.matches(pod.labels)
            for namespaces, selector in self.clauses
        )


@dataclass(frozen=True)
class Held:
    """A term of a running pod: ``kind`` is "required", "anti", "preferred" or "preferred anti"."""

    kind: str
    term: Term
    weight: int = 1


def terms_held(pod: PodInfo) -> Iterable[Held]:
    """All affinity terms of a pod."""
    yield from (Held("required", term) for term in pod.required_affinity)
    yield from (Held("anti", term) for term in pod.required_anti_affinity)
    yield from (Held("preferred", w.term, w.weight) for w in pod.preferred_affinity)
    yield from (Held("preferred anti", w.term, w.weight) for w in pod.preferred_anti_affinity)


class ClusterView:
    """Nodes by name in the order of the scheduler's snapshot, and the counts over their pods."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        #: Of the Kubernetes version, where releases decide differently.
        self.minor = int(cluster.version.rpartition(".")[2])
        self.nodes: dict[str, NodeInfo] = {}
        self.held: dict[Held, Tally] = {}
        self.image_nodes: Counter[str] = Counter()
        #: Pods that wait for their victims to go, by the node they were promised.
        self.nominated: dict[str, dict[str, PodInfo]] = {}
        self._services: dict[str, dict[str, Obj]] = {}
        self._node_of: dict[str, str] = {}
        self._early: dict[str, dict[str, PodInfo]] = {}
        #: What plugins work out for alike pods and keep up to date; see ``remember``.
        self._memory: OrderedDict[Hashable, object] = OrderedDict()
        #: The pod that is being bound, as it was read for that.
        self._binding: PodInfo | None = None
        self._matches: OrderedDict[Match, Tally] = OrderedDict()
        self._ordered: list[NodeInfo] | None = None
        #: Nodes that changed in any way that filters or scores can see, oldest first. Who follows it keeps an index of it
        #: and starts again when ``epoch``, the state of the order of nodes, is another.
        self.touched: list[NodeInfo] = []
        self.epoch = 0
        self._positions: dict[str, int] = {}

    def follow(self) -> None:
        """Take in everything that exists and everything that changes."""
        self.cluster.subscribe("nodes", self._on_node)
        self.cluster.subscribe("pods", self._on_pod)
        self.cluster.subscribe("services", self._on_service)
        self.read()

    def read(self, *, without: str = "") -> None:
        """Take in everything that exists now, but not the pod of this uid."""
        for service in self.cluster.list("services"):
            self._services.setdefault(service["metadata"]["namespace"], {})[service["metadata"]["name"]] = service
        for node in self.cluster.list("nodes"):
            self.put_node(node)
        for pod in self.cluster.list("pods"):
            if pod["spec"].get("nodeName") and not is_terminal(pod) and pod["metadata"]["uid"] != without:
                self.add_pod(pod_info(pod), pod["spec"]["nodeName"])

    # --- reading -----------------------------------------------------------------------------------------------

    def ordered(self) -> list[NodeInfo]:
        """Round robin over the zones in the order in which they were first seen (``node_tree.list``)."""
        if self._ordered is None:
            zones: dict[str, list[NodeInfo]] = {}
            for node in self.nodes.values():
                zones.setdefault(node.zone, []).append(node)
            longest = max(map(len, zones.values()), default=0)
            self._ordered = [zone[i] for i in range(longest) for zone in zones.values() if i < len(zone)]
            self._positions = {node.name: i for i, node in enumerate(self._ordered)}
        return self._ordered

    def position(self, node_name: str) -> int:
        """Where a node is in the order."""
        self.ordered()
        return self._positions[node_name]

    def counts(self, match: Match) -> Mapping[str, int]:
        """Matching pods by node; nodes without any are absent."""
        return self._tally(match).by_node

    def places(self, match: Match, key: str) -> Mapping[str, int]:
        """Matching pods by the value of a node label; values without any are absent."""
        return self._tally(match).places(key, self.nodes)

    def _tally(self, match: Match) -> Tally:
        found = self._matches.get(match)
        if found is not None:
            self._matches.move_to_end(match)
            return found
        found = self._matches[match] = Tally()
        for node in self.nodes.values():
            count = sum(1 for pod in node.pods.values() if match.covers(pod))
            if count:
                found.add(node, count)
        if len(self._matches) > MOST_MATCHES:
            self._matches.popitem(last=False)
        return found

    def remembered(self, key: Hashable) -> object | None:
        return self._memory.get(key)

    def remember(self, key: Hashable, what: object) -> None:
        """Keep something for later; of too many the oldest is forgotten."""
        self._memory[key] = what
        if len(self._memory) > MOST_REMEMBERED:
            self._memory.popitem(last=False)

    def services(self, namespace: str) -> Iterable[Obj]:
        return self._services.get(namespace, {}).values()

    def namespace_labels(self, namespace: str) -> Mapping[str, str]:
        found = self.cluster.find("namespaces", "", namespace)
        labels: Mapping[str, str] = (found or {}).get("metadata", {}).get("labels") or {}
        return labels

    def namespaces(self) -> list[str]:
        return [n["metadata"]["name"] for n in self.cluster.list("namespaces")]

    def namespaces_of(self, term: Term) -> frozenset[str] | None:
        """The namespaces that a term covers now; None for all."""
        if term.namespace_selector is None:
            return term.namespaces
        return term.resolved_namespaces(self.namespaces(), self.namespace_labels)

    # --- changes -----------------------------------------------------------------------------------------------

    def _on_service(self, change: Change) -> None:
        services = self._services.setdefault(change.namespace, {})
        if change.type == "DELETED":
            services.pop(change.name, None)
        else:
            services[change.name] = change.object

    def _on_node(self, change: Change) -> None:
        if change.type == "DELETED":
            self.drop_node(change.name)
        else:
            self.put_node(change.object)

    def put_node(self, node: Obj) -> None:
        name = node["metadata"]["name"]
        info = self.nodes.get(name)
        if info is None:
            info = self.nodes[name] = NodeInfo(node)
            self._reorder()
            self.image_nodes.update(info.images.keys())
            for pod in self._early.pop(name, {}).values():
                self.add_pod(pod, name)
            return
        zone, images, before = info.zone, info.images, info.node
        moves = (node["metadata"].get("labels") or {}) != info.labels
        if moves:
            # Its pods are counted by its labels.
            self._recount(info, -1)
        info.read(node)
        if moves:
            self._recount(info, 1)
        if info.zone != zone:
            self._reorder()
        elif not _offers_the_same(before, node):
            self._touch(info)
        if info.images != images:
            self.image_nodes.subtract(images.keys())
            self.image_nodes.update(info.images.keys())

    def drop_node(self, name: str) -> None:
        """Forget a node; its pods wait aside, should it come back."""
        info = self.nodes.get(name)
        if info is None:
            return
        pods = list(info.pods.values())
        for pod in pods:
            self._remove(pod, name)
        del self.nodes[name]
        self.image_nodes.subtract(info.images.keys())
        self._reorder()
        self._early[name] = {pod.uid: pod for pod in pods}
        for pod in pods:
            self._node_of[pod.uid] = name

    def _on_pod(self, change: Change) -> None:
        pod = change.object
        uid = pod["metadata"]["uid"]
        here = self._node_of.get(uid)
        gone = change.type == "DELETED" or not pod["spec"].get("nodeName") or is_terminal(pod)
        if gone:
            if here is not None:
                self.forget_pod(uid)
            return
        if here is not None and change.old is not None and _same_to_scheduler(change.old, pod):
            self._known(uid, here).pod = pod
            return
        if here is not None:
            self.forget_pod(uid)
        binding = self._binding
        info = bound_info(binding, pod) if binding is not None and binding.uid == uid else pod_info(pod)
        self.add_pod(info, pod["spec"]["nodeName"])

    @contextmanager
    def binding(self, pod: PodInfo) -> Iterator[None]:
        """While this holds, the pod is written with a node; nothing else of it changes, so it need not be read again."""
        self._binding = pod
        try:
            yield
        finally:
            self._binding = None

    def _known(self, uid: str, node_name: str) -> PodInfo:
        info = self.nodes.get(node_name)
        return info.pods[uid] if info is not None else self._early[node_name][uid]

    def add_pod(self, pod: PodInfo, node_name: str) -> None:
        self._node_of[pod.uid] = node_name
        node = self.nodes.get(node_name)
        if node is None:
            self._early.setdefault(node_name, {})[pod.uid] = pod
            return
        node.add(pod)
        self._count(pod, node_name, 1)

    def forget_pod(self, uid: str) -> None:
        name = self._node_of.pop(uid)
        if name in self.nodes:
            self._remove(self.nodes[name].pods[uid], name)
            self._node_of.pop(uid, None)
        else:
            self._early[name].pop(uid, None)

    def _remove(self, pod: PodInfo, node_name: str) -> None:
        self.nodes[node_name].remove(pod)
        self._node_of.pop(pod.uid, None)
        self._count(pod, node_name, -1)

    def _recount(self, node: NodeInfo, sign: int) -> None:
        for pod in node.pods.values():
            self._count(pod, node.name, sign)

    def _reorder(self) -> None:
        self._ordered = None
        self.touched.clear()
        self.epoch += 1

    def _touch(self, node: NodeInfo) -> None:
        if len(self.touched) >= MOST_TOUCHED:
            self.touched.clear()
            self.epoch += 1
        self.touched.append(node)

    def _count(self, pod: PodInfo, node_name: str, sign: int) -> None:
        node = self.nodes[node_name]
        self._touch(node)
        for match, tally in self._matches.items():
            if match.covers(pod):
                tally.add(node, sign)
        for held in terms_held(pod):
            tally = self.held.setdefault(held, Tally())
            tally.add(node, sign)
            if not tally.by_node:
                del self.held[held]

    # --- nominations -------------------------------------------------------------------------------------------

    def nominate(self, pod: PodInfo, node_name: str) -> None:
        self.withdraw(pod.uid)
        self.nominated.setdefault(node_name, {})[pod.uid] = pod

    def withdraw(self, uid: str) -> None:
        for name, pods in tuple(self.nominated.items()):
            if pods.pop(uid, None) is not None and not pods:
                del self.nominated[name]


def _offers_the_same(old: Obj, new: Obj) -> bool:
    """A write that no filter and no score can see, such as a heartbeat."""
    if (old.get("spec") or {}) != (new.get("spec") or {}) or old["metadata"].get("labels") != new["metadata"].get(
        "labels"
    ):
        return False
    before, after = old.get("status") or {}, new.get("status") or {}
    return all(before.get(key) == after.get(key) for key in ("allocatable", "images"))


def _same_to_scheduler(old: Obj, new: Obj) -> bool:
    """A write of the status alone, which keeps the very same specification."""
    if old["spec"] is not new["spec"] and old["spec"] != new["spec"]:
        return False
    before, after = old["metadata"], new["metadata"]
    ending = bool(before.get("deletionTimestamp")) == bool(after.get("deletionTimestamp"))
    return ending and before.get("labels") == after.get("labels")
