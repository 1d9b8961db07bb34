"""Nodes for pods that the scheduler found no place for: gather them for a moment, pack them, make NodeClaims.

Upstream: ``pkg/controllers/provisioning`` (``provisioner.go``, ``batcher.go``, ``controller.go``).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change
from wavetank.twin.engine import Timer

from . import names
from .claims import claim_of, launch_requirements
from .live import Bucket, Live
from .packing import Packed, Planned
from .planner import Planner
from .pods import is_provisionable
from .state import StateNode, is_synced, state_nodes

#: A pod that stays pending is looked at again after this.
AGAIN_SECONDS = 10.0
#: Nothing is decided while the state of the cluster is not known; tried again after this.
UNSYNCED_SECONDS = 1.0
FAILED_EVENT_SECONDS = 300.0
#: ``PodNominationRateLimiter``.
NOMINATIONS_PER_SECOND, NOMINATIONS_AT_ONCE = 5.0, 10


def _without_node(pod: Obj) -> Iterable[Hashable]:
    return () if pod["spec"].get("nodeName") else (True,)


class Provisioner:
    """Watches pods and makes NodeClaims."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._engine = live.cluster.engine
        self._window: Timer | None = None
        self._opened_seconds = 0.0
        self._gathered: set[str] = set()
        self._again: Timer | None = None
        self._nominations = Bucket(NOMINATIONS_PER_SECOND, NOMINATIONS_AT_ONCE)
        self._ends = (live.cluster.subscribe("pods", self._note),)

    def close(self) -> None:
        for end in self._ends:
            end()
        for timer in (self._window, self._again):
            if timer is not None:
                timer.cancel()

    # --- gathering ---------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Karpenter came up: pods may have waited for it."""
        for pod in self._pending():
            self.trigger(pod["metadata"]["uid"])

    def _note(self, change: Change) -> None:
        if change.type != "DELETED" and self._live.is_up() and is_provisionable(change.object):
            self.trigger(change.object["metadata"]["uid"])

    def trigger(self, what: str) -> None:
        """Something needs a place: keep the window open a little longer, unless it has been noted in it before."""
        settings = self._live.settings
        if self._window is None or not self._window.active:
            self._opened_seconds = self._engine.now
            self._gathered = {what}
        elif what in self._gathered:
            return
        else:
            self._window.cancel()
            self._gathered.add(what)
        last = self._opened_seconds + settings.batch_max_seconds
        self._window = self._engine.call_at(min(self._engine.now + settings.batch_idle_seconds, last), self._run)

    def _run(self) -> None:
        if not self._live.is_up():
            return
        if not is_synced(self._live):
            self._window = self._engine.call_later(UNSYNCED_SECONDS, self._run)
            return
        self._window = None
        self.provision()
        self._look_again()

    def _look_again(self) -> None:
        """Pods that are still pending come back by themselves."""
        if self._pending() and (self._again is None or not self._again.active):
            self._again = self._engine.call_later(AGAIN_SECONDS, self.wake)

    def _pending(self) -> list[Obj]:
        if not self._live.is_up():
            return []
        unbound = self._live.informer.index("pods", "without a node", _without_node)
        return [pod for pod in unbound[True] if is_provisionable(pod)]

    # --- deciding ----------------------------------------------------------------------------------------------------

    def provision(self) -> None:
        """One pass over everything that waits, and over pods whose nodes are leaving."""
        nodes = state_nodes(self._live)
        pods = self._pending()
        waiting = {pod["metadata"]["uid"] for pod in pods}
        leaving = [pod for node in nodes if node.is_leaving for pod in node.reschedulable]
        pods += [pod for pod in leaving if pod["metadata"]["uid"] not in waiting]
        if not pods or not self._live.cluster.list(names.NODE_POOLS):
            return
        packed = Planner(self._live, nodes).packed(pods)
        by_uid = {pod["metadata"]["uid"]: pod for pod in pods}
        self._tell_failures(packed, by_uid)
        self._nominate_existing(packed, nodes, by_uid)
        for planned in packed.planned:
            self.create(planned, [by_uid[info.uid] for info in planned.pods])

    def create(self, planned: Planned, pods: Sequence[Obj] = (), reason: str = "provisioned") -> Obj | None:
        """Make the NodeClaim of a plan and tell its pods; None when the API refuses it."""
        claim = claim_of(planned, launch_requirements(planned))
        try:
            made = self._live.cluster.create(claim, manager=names.COMPONENT)
        except ApiError as error:
            self._engine.record(names.COMPONENT, "refused", planned.pool.name, error.message)
            return None
        name = made["metadata"]["name"]
        self._engine.record(names.COMPONENT, "create", f"nodeclaim/{name}", f"{reason} for {len(planned.pods)} pods")
        self._tell_nominated(pods, f"nodeclaim/{name}")
        return made

    def _tell_failures(self, packed: Packed, pods: Mapping[str, Obj]) -> None:
        for uid, why in packed.errors.items():
            if is_provisionable(pods[uid]):
                text = f"Failed to schedule pod, {why}"
                self._live.tell(
                    (pods[uid],), "Warning", "FailedScheduling", text, same=("",), seconds=FAILED_EVENT_SECONDS
                )

    def _nominate_existing(self, packed: Packed, nodes: Sequence[StateNode], pods: Mapping[str, Obj]) -> None:
        by_name = {node.name: node for node in nodes}
        for existing in packed.existing:
            if not existing.pods:
                continue
            node = by_name[existing.name]
            self._live.nominate(node.provider_id)
            self._tell_nominated([pods[info.uid] for info in existing.pods], whereabouts(node))

    def _tell_nominated(self, pods: Iterable[Obj], where: str) -> None:
        """Pods that wait are told; of a flood of them only some."""
        waiting = [pod for pod in pods if is_provisionable(pod)]
        self._live.tell(
            waiting, "Normal", "Nominated", f"Pod should schedule on: {where}", same=("",), limit=self._nominations
        )


def whereabouts(node: StateNode) -> str:
    """A node by the names of its claim and its Node."""
    parts = [("nodeclaim", node.claim), ("node", node.node)]
    return ", ".join(f"{kind}/{obj['metadata']['name']}" for kind, obj in parts if obj is not None)
