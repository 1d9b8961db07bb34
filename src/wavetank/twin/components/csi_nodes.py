"""The registration of CSI drivers with kubelets: where a driver's node plugin is Ready, its CSINode entry says so.

The entry holds how many volumes the node attaches and by which labels volumes find it; the labels go onto the Node. Upstream:
``node-driver-registrar`` and kubelet ``pkg/volume/csi/nodeinfomanager``.
"""

from __future__ import annotations

from collections.abc import Iterable

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.controllers.base import Context, Controller, Key
from wavetank.twin.controllers.informer import Informer

from .csi_driver import ZONE_LABEL, CsiDriver, app_of
from .presence import is_serving

CSI_NODES = "csinodes.storage.k8s.io"
_TYPE_LABEL = "node.kubernetes.io/instance-type"


class CsiNodes(Controller):
    """Keys are ("", node)."""

    name = "node-driver-registrar"

    def __init__(self, cluster: Cluster, drivers: tuple[CsiDriver, ...], informer: Informer) -> None:
        super().__init__(Context(cluster, informer))
        self._drivers = {driver.node_plugin: driver for driver in drivers}

    def watch(self) -> None:
        self.on("nodes", self.itself, relevant=lambda node: node["metadata"].get("labels"))
        self.on("pods", self._node_of_plugin, relevant=is_serving)

    def _node_of_plugin(self, pod: Obj) -> Iterable[Key]:
        node = pod["spec"].get("nodeName")
        return (("", node),) if node and app_of(pod) in self._drivers else ()

    def reconcile(self, key: Key) -> None:
        """Entries stay when a plugin goes down: a kubelet takes them away only when the driver is unregistered."""
        node = self.cluster.find("nodes", *key)
        if node is None:
            return
        live = self.cluster.find(CSI_NODES, *key)
        listed = {d.get("name", ""): d for d in ((live or {}).get("spec") or {}).get("drivers") or ()}
        here = [self._drivers[app_of(pod)] for pod in self._plugins(key[1])]
        wanted = listed | {driver.name: _entry(driver, node) for driver in here}
        if live is None:
            self.cluster.create(_csi_node(node, list(wanted.values())), manager="kubelet")
        elif wanted != listed:
            self.cluster.update({**live, "spec": {**live["spec"], "drivers": list(wanted.values())}})
        self._label(node, here)
        self._let_pods_in(node, here)

    def _plugins(self, node: str) -> list[Obj]:
        pods = self.informer.pods_by_node()[node]
        return [pod for pod in pods if app_of(pod) in self._drivers and is_serving(pod)]

    def _let_pods_in(self, node: Obj, drivers: list[CsiDriver]) -> None:
        """A node group may keep pods away until the driver is there; the plugin takes that taint off when it starts."""
        keys = frozenset(f"{driver.name}/agent-not-ready" for driver in drivers)
        if any(taint.get("key") in keys for taint in (node.get("spec") or {}).get("taints") or ()):
            self.cluster.modify("nodes", "", node["metadata"]["name"], lambda live: _without_taints(live, keys))

    def _label(self, node: Obj, drivers: list[CsiDriver]) -> None:
        labels = node["metadata"].get("labels") or {}
        zone = labels.get(ZONE_LABEL)
        missing = {key: zone for d in drivers for key in d.topology_keys if key not in labels and key.endswith("/zone")}
        if zone and missing:
            self.cluster.modify("nodes", "", node["metadata"]["name"], lambda live: _labelled(live, missing))


def _without_taints(node: Obj, keys: frozenset[str]) -> Obj:
    taints = [t for t in node["spec"].get("taints") or () if t.get("key") not in keys]
    spec = {k: v for k, v in node["spec"].items() if k != "taints"}
    return {**node, "spec": {**spec, "taints": taints} if taints else spec}


def _labelled(node: Obj, more: Obj) -> Obj:
    labels = {**(node["metadata"].get("labels") or {}), **more}
    return {**node, "metadata": {**node["metadata"], "labels": labels}}


def _entry(driver: CsiDriver, node: Obj) -> Obj:
    labels = node["metadata"].get("labels") or {}
    provider = str((node.get("spec") or {}).get("providerID") or node["metadata"]["name"])
    entry: Obj = {"name": driver.name, "nodeID": provider.rpartition("/")[2]}
    entry["topologyKeys"] = list(driver.topology_keys) or None
    count = driver.attachable(str(labels.get(_TYPE_LABEL, "")))
    return entry if count is None else {**entry, "allocatable": {"count": count}}


def _csi_node(node: Obj, drivers: list[Obj]) -> Obj:
    metadata = node["metadata"]
    owner = {"apiVersion": "v1", "kind": "Node", "name": metadata["name"], "uid": metadata["uid"]}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "CSINode",
        "metadata": {"name": metadata["name"], "ownerReferences": [owner]},
        "spec": {"drivers": drivers},
    }
