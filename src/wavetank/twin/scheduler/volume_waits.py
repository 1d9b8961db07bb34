"""Pods that have a node but whose volumes are still being made there (WaitForFirstConsumer).

The chosen node is written on each claim, where the provisioner reads it; when all claims are bound the pod is, too.
Upstream: ``plugins/volumebinding`` (PreBind).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.kube.volume_changes import annotated, bound_volume
from wavetank.kube.volume_matching import SELECTED_NODE, annotations_of, is_meant_for
from wavetank.twin.cluster.cluster import Change
from wavetank.twin.engine import Timer

from .plugins.volume_binding import choices
from .plugins.volumes import claimed_volumes
from .pod_info import PodInfo, pod_info

if TYPE_CHECKING:
    from .scheduler import Scheduler

TIMEOUT_SECONDS = 600.0
_TIMED_OUT = "context deadline exceeded"
_FAILED = 'running PreBind plugin "VolumeBinding": binding volumes: {why}'


class VolumeWaits:
    """Pods by uid with the node that was chosen for them."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._nodes: dict[str, tuple[PodInfo, str]] = {}
        self._deadlines: dict[str, Timer] = {}
        scheduler.cluster.subscribe("persistentvolumeclaims", self._on_claim)

    def waits(self, uid: str) -> bool:
        return uid in self._nodes

    def node_of(self, uid: str) -> str:
        """The node that was chosen for a pod that waits; "" for any other."""
        return self._nodes[uid][1] if uid in self._nodes else ""

    def forget(self, uid: str) -> None:
        self._nodes.pop(uid, None)
        deadline = self._deadlines.pop(uid, None)
        if deadline is not None:
            deadline.cancel()

    def begin(self, pod: PodInfo, node_name: str) -> bool:
        """Whether the pod has to wait for volumes; then those that exist are reserved, and the others asked for."""
        if not pod.volumes:
            return False
        unbound = [e.claim for e in claimed_volumes(pod, self._scheduler.view) if not e.is_bound]
        if not unbound:
            return False
        self._nodes[pod.uid] = (pod, node_name)
        self._scheduler.view.nominate(pod, node_name)
        try:
            self._claim(unbound, node_name)
        except ApiError as refusal:
            # In the queue again: whoever asked has taken the pod out of it.
            self._scheduler.engine.call_soon(partial(self._give_up, pod.uid, refusal.message))
            return True
        give_up = partial(self._give_up, pod.uid, _TIMED_OUT)
        self._deadlines[pod.uid] = self._scheduler.engine.call_later(TIMEOUT_SECONDS, give_up)
        return True

    def _claim(self, claims: list[Obj], node_name: str) -> None:
        cluster = self._scheduler.cluster
        labels = cluster.get("nodes", "", node_name)["metadata"].get("labels") or {}
        volumes = cluster.list("persistentvolumes")
        for claim, volume in choices(claims, volumes, node_name, labels, self._scheduler.view) or ():
            if volume is not None:
                cluster.update(bound_volume(volume, claim))
            elif annotations_of(claim).get(SELECTED_NODE) != node_name:
                cluster.update(annotated(claim, {SELECTED_NODE: node_name}))

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
            return
        failed = next((e.claim for e in entries if not e.is_bound and self._was_given_up(e.claim, node_name)), None)
        if failed is not None:
            self._give_up(uid, f'provisioning failed for PVC "{failed["metadata"]["name"]}"')

    def _was_given_up(self, claim: Obj, node_name: str) -> bool:
        """A provisioner takes the node off a claim when it cannot make a volume there (``checkBindings``)."""
        if annotations_of(claim).get(SELECTED_NODE) == node_name:
            return False
        return not any(is_meant_for(v, claim) for v in self._scheduler.cluster.list("persistentvolumes"))

    def _give_up(self, uid: str, why: str) -> None:
        """Volumes that do not come: back to the queue, for another node perhaps."""
        waiting = self._nodes.get(uid)
        if waiting is None:
            return
        self.forget(uid)
        self._scheduler.view.withdraw(uid)
        live = self._scheduler.cluster.find("pods", waiting[0].namespace, waiting[0].name)
        if live is not None and not live["spec"].get("nodeName"):
            again = pod_info(live)
            engine = self._scheduler.engine
            self._scheduler.tell(live, _FAILED.format(why=why), "SchedulerError")
            if self._scheduler.queue.entry(uid) is None:
                self._scheduler.queue.add(uid, again.namespace, again.name, again.priority, engine.now)
            self._scheduler.plan()
