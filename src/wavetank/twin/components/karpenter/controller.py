"""Karpenter in one cluster: its loops, awake while a pod of its Deployment is Ready, with the settings that the pod is told."""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Cluster
from wavetank.twin.controllers.informer import Informer
from wavetank.twin.nodes.fleet import Fleet
from wavetank.twin.nodes.interruptions import Interruptions
from wavetank.twin.nodes.offers import Offers

from ..presence import belongs_to, is_serving
from . import names
from .class_status import ClassStatus
from .conditions import ClaimConditions
from .disruption import Disruption
from .garbage import GarbageCollection
from .interruption import InterruptionHandler
from .lifecycle import Lifecycle
from .live import Live, Loop
from .packing import Planned
from .pool_status import PoolStatus
from .provisioning import Provisioner
from .queue import CommandQueue
from .settings import settings_of
from .termination import ClaimTermination, NodeTermination


class Karpenter:
    """One per cluster. ``interruptions`` are what the queue would carry; without them nothing is heard."""

    def __init__(
        self, cluster: Cluster, fleet: Fleet, offers: Offers, interruptions: Interruptions | None = None
    ) -> None:
        self._cluster = cluster
        self._serving: set[tuple[str, str]] = set()
        self.live = Live(cluster, fleet, offers, Informer(cluster), lambda: bool(self._serving))
        self._loops: tuple[Loop, ...] = (
            ClassStatus(self.live),
            PoolStatus(self.live),
            Lifecycle(self.live),
            ClaimConditions(self.live),
            NodeTermination(self.live),
            ClaimTermination(self.live),
        )
        self._provisioner = Provisioner(self.live)
        self._queue = CommandQueue(self.live, self._make)
        self._disruption = Disruption(self.live, self._queue)
        self._interruption = InterruptionHandler(self.live)
        self._garbage = GarbageCollection(self.live)
        self._ends = [cluster.subscribe("pods", self._note), cluster.subscribe("nodes", self._note_node)]
        self._ends.append(offers.on_change(self._look_around))
        if interruptions is not None:
            self._ends.append(interruptions.listen(self._interruption.hear))
        for loop in self._loops:
            loop.start()
        for pod in cluster.list("pods"):
            self._look_at(pod, gone=False)

    def close(self) -> None:
        for end in self._ends:
            end()
        for loop in self._loops:
            loop.close()
        self._provisioner.close()
        self._disruption.close()
        self._garbage.close()

    def _make(self, planned: Planned, reason: str) -> Obj | None:
        return self._provisioner.create(planned, reason=reason)

    # --- presence ----------------------------------------------------------------------------------------------------

    def _note(self, change: Change) -> None:
        if belongs_to(change.object, names.COMPONENT):
            self._look_at(change.object, gone=change.type == "DELETED")

    def _look_at(self, pod: Obj, *, gone: bool) -> None:
        if not belongs_to(pod, names.COMPONENT):
            return
        before = bool(self._serving)
        address = (pod["metadata"]["namespace"], pod["metadata"]["name"])
        serving = not gone and is_serving(pod)
        (self._serving.add if serving else self._serving.discard)(address)
        if serving and not before:
            self.live.settings = settings_of(pod)
            self._cluster.engine.call_soon(self._wake)
        elif before and not self._serving:
            self._rest()

    def _wake(self) -> None:
        if not self.live.is_up():
            return
        self._cluster.engine.record(names.COMPONENT, "start", "controller")
        for loop in self._loops:
            loop.wake()
        self._queue.wake()
        self._disruption.wake()
        self._garbage.wake()
        self._interruption.wake()
        self._provisioner.wake()

    def _rest(self) -> None:
        self._cluster.engine.record(names.COMPONENT, "stop", "controller")
        self._disruption.rest()
        self._garbage.rest()
        self._queue.rest()
        self.live.forget()

    def _look_around(self) -> None:
        """The cloud is not what it was: classes find other things, nodes may have drifted."""
        for loop in self._loops:
            loop.wake()

    def _note_node(self, change: Change) -> None:
        """Pods of a node that begins to go need a place."""
        old, metadata = change.old, change.object["metadata"]
        begins = change.type == "MODIFIED" and metadata.get("deletionTimestamp") and old is not None
        if begins and old is not None and not old["metadata"].get("deletionTimestamp") and self.live.is_up():
            self._provisioner.trigger(metadata["uid"])
