"""NodeClaims whose machine is gone without anybody having told: found and deleted every two minutes.

Upstream: ``pkg/controllers/nodeclaim/garbagecollection``.
"""

from __future__ import annotations

from wavetank.kube.conditions import is_true, status_of
from wavetank.kube.types import Obj
from wavetank.twin.engine import Timer

from . import names
from .live import Live

PERIOD_SECONDS = 120.0


class GarbageCollection:
    """Polls while Karpenter is up."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._timer: Timer | None = None

    def close(self) -> None:
        self.rest()

    def rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def wake(self) -> None:
        self.rest()
        self._timer = self._live.cluster.engine.call_later(PERIOD_SECONDS, self._look)

    def _look(self) -> None:
        if not self._live.is_up():
            return
        there = {machine.provider_id for machine in self._live.fleet.instances}
        for claim in self._live.cluster.list(names.NODE_CLAIMS, where=is_settled):
            if claim["status"].get("providerID") not in there and not self._has_ready_node(claim):
                name = claim["metadata"]["name"]
                self._live.cluster.engine.record(names.COMPONENT, "collect", f"nodeclaim/{name}")
                self._live.cluster.delete(names.NODE_CLAIMS, "", name)
        self.wake()

    def _has_ready_node(self, claim: Obj) -> bool:
        node = self._live.cluster.find("nodes", "", claim["status"].get("nodeName") or "")
        return node is not None and status_of(node, "Ready") == "True"


def is_settled(claim: Obj) -> bool:
    """It has a node and is not on its way out."""
    return is_true(claim, "Registered") and not claim["metadata"].get("deletionTimestamp")
