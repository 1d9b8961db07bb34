"""Pods that have a node but whose volumes are still being made there (WaitForFirstConsumer).

The chosen node is written on each claim, where the provisioner reads it; when all claims are bound the pod is, too.
Upstream: ``plugins/volumebinding`` (PreBind).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from wavetank.kube.types import Obj
from wavetank.twin.cluster.cluster import Change

from .plugins.volumes import claimed_volumes
from .pod_info import PodInfo, pod_info

if TYPE_CHECKING:
    from .scheduler import Scheduler

SELECTED_NODE = "volume.kubernetes.io/selected-node"
TIMEOUT_SECONDS = 600.0


class VolumeWaits:
    """Pods by uid with the node that was chosen for them."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._nodes: dict[str, tuple[PodInfo, str]] = {}
        scheduler.cluster.subscribe("persistentvolumeclaims", self._on_claim)

    def waits(self, uid: str) -> bool:
        return uid in self._nodes

    def forget(self, uid: str) -> None:
        self._nodes.pop(uid, None)

    def begin(self, pod: PodInfo, node_name: str) -> bool:
        """Whether the pod has to wait for volumes; then their claims are told the node."""
        if not pod.volumes:
            return False
        unbound = [e.claim for e in claimed_volumes(pod, self._scheduler.view) if not e.is_bound]
        if not unbound:
            return False
        self._nodes[pod.uid] = (pod, node_name)
        self._scheduler.view.nominate(pod, node_name)
        for claim in unbound:
            self._select_node(claim, node_name)
        self._scheduler.engine.call_later(TIMEOUT_SECONDS, lambda: self._give_up(pod.uid))
        return True

    def _select_node(self, claim: Obj, node_name: str) -> None:
        notes = {**(claim["metadata"].get("annotations") or {}), SELECTED_NODE: node_name}
        self._scheduler.cluster.update({**claim, "metadata": {**claim["metadata"], "annotations": notes}})

    def _on_claim(self, change: Change) -> None:
        for uid, (pod, _) in tuple(self._nodes.items()):
            if pod.namespace == change.namespace:
                self._scheduler.engine.call_soon(partial(self._look, uid))

    def _look(self, uid: str) -> None:
        waiting = self._nodes.get(uid)
        if waiting is None:
            return
        pod, node_name = waiting
        entries = claimed_volumes(pod, self._scheduler.view, strict=False)
        if all(entry.is_bound for entry in entries):
            self.forget(uid)
            self._scheduler.bind(pod, node_name)

    def _give_up(self, uid: str) -> None:
        """Volumes that do not come in ten minutes: back to the queue, for another node perhaps."""
        waiting = self._nodes.pop(uid, None)
        if waiting is None:
            return
        self._scheduler.view.withdraw(uid)
        live = self._scheduler.cluster.find("pods", waiting[0].namespace, waiting[0].name)
        if live is not None and not live["spec"].get("nodeName"):
            again = pod_info(live)
            engine = self._scheduler.engine
            self._scheduler.queue.add(uid, again.namespace, again.name, again.priority, engine.now)
