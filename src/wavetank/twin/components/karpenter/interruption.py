"""Karpenter's ear at the queue: nodes that EC2 is going to take back are emptied before.

Acts only if the controller was told a queue. Upstream: the AWS provider's ``pkg/controllers/interruption``.
"""

from __future__ import annotations

from wavetank.kube.errors import ApiError
from wavetank.kube.types import Obj
from wavetank.twin.nodes.interruptions import Notice
from wavetank.twin.nodes.offers import SPOT

from . import names
from .live import Live

#: From EC2's event to the message on the queue and its reading. An assumption: AWS documents no figure.
DELIVERY_SECONDS = 1.0


class InterruptionHandler:
    """Hears notices; those that come while Karpenter is down wait in the queue."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._queue: list[Notice] = []

    def hear(self, notice: Notice) -> None:
        self._queue.append(notice)
        self._live.cluster.engine.call_later(DELIVERY_SECONDS, self.wake)

    def wake(self) -> None:
        """Read what is on the queue."""
        if not self._live.is_up() or not self._live.settings.interruption_queue:
            return
        notices, self._queue = self._queue, []
        for notice in notices:
            self._handle(notice)

    def _handle(self, notice: Notice) -> None:
        provider_id, cluster = notice.machine.provider_id, self._live.cluster
        claims = cluster.list(names.NODE_CLAIMS, where=lambda c: c.get("status", {}).get("providerID") == provider_id)
        if not claims:
            return
        claim, node = claims[0], cluster.find("nodes", "", notice.machine.name)
        if notice.kind == "rebalance":
            text = "Spot rebalance recommendation was triggered"
            self._live.tell((claim, node), "Normal", "SpotRebalanceRecommendation", text)
            return
        self._tell_interrupted(claim, node)
        self._exhaust(claim)
        self._terminate(claim, node)

    def _tell_interrupted(self, claim: Obj, node: Obj | None) -> None:
        pods = self._live.informer.pods_by_node()[node["metadata"]["name"]] if node is not None else []
        text = "Spot interruption warning was triggered"
        self._live.tell((claim, node, *pods), "Warning", "SpotInterrupted", text)

    def _exhaust(self, claim: Obj) -> None:
        """A pool from which a machine is taken back has none to give."""
        labels = claim["metadata"].get("labels") or {}
        node_class = self._live.cluster.find(names.NODE_CLASSES, "", labels.get(names.NODE_CLASS, ""))
        if node_class is None:
            return
        for offer in self._live.offers.instance_types(node_class):
            for offering in offer.offerings if offer.name == labels.get(names.INSTANCE_TYPE) else ():
                if offering.capacity_type == SPOT and offering.zone == labels.get(names.ZONE):
                    self._live.exhaust(offer.name, offering)

    def _terminate(self, claim: Obj, node: Obj | None) -> None:
        if claim["metadata"].get("deletionTimestamp"):
            return
        reason, text = "TerminatingOnInterruption", "Interruption triggered termination for the {}"
        self._live.tell((claim,), "Warning", reason, text.format("NodeClaim"))
        self._live.tell((node,), "Warning", reason, text.format("Node"))
        try:
            self._live.cluster.delete(names.NODE_CLAIMS, "", claim["metadata"]["name"])
        except ApiError as error:
            if error.code != 404:
                raise
