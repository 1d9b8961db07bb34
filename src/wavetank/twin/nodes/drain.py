"""Emptying a machine before it goes, as EKS does for managed node groups: cordon, evict, wait, and give up after a time.

Budgets are respected until ``PATIENCE_SECONDS`` are over; pods of DaemonSets stay. Used by ``Fleet.retire``.
"""

from __future__ import annotations

from collections.abc import Callable

from wavetank.kube.errors import ApiError
from wavetank.kube.pod_phase import is_terminal
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster

#: EKS waits this long for pods to leave a node of a managed group (user guide, "managed node update behavior").
PATIENCE_SECONDS = 900.0
#: Refused evictions are tried again after this (kubectl drain does the same).
RETRY_SECONDS = 5.0
TOO_MANY_REQUESTS = 429


class Drain:
    """One node being emptied; ``on_done`` is called once, when nothing is left to wait for or patience is over."""

    def __init__(self, cluster: Cluster, node_name: str, on_done: Callable[[], None]) -> None:
        self._cluster = cluster
        self._engine = cluster.engine
        self._node_name = node_name
        self._on_done = on_done
        self._deadline_seconds = self._engine.now + PATIENCE_SECONDS

    def begin(self) -> None:
        node = self._cluster.find("nodes", "", self._node_name)
        if node is None:
            self._engine.call_soon(self._on_done)
            return
        self._cluster.modify("nodes", "", self._node_name, _cordoned)
        self._cluster.record_event(
            node, "Normal", "NodeNotSchedulable", f"Node {self._node_name} status is now: NodeNotSchedulable", "kubelet"
        )
        self._pass()

    def _pass(self) -> None:
        left = self._cluster.list("pods", where=self._must_leave)
        if not left or self._engine.now >= self._deadline_seconds:
            self._on_done()
            return
        for pod in left:
            if not pod["metadata"].get("deletionTimestamp"):
                self._evict(pod)
        self._engine.call_later(RETRY_SECONDS, self._pass)

    def _evict(self, pod: Obj) -> None:
        metadata = pod["metadata"]
        try:
            self._cluster.evict(metadata["namespace"], metadata["name"])
        except ApiError as error:
            if error.code not in (404, TOO_MANY_REQUESTS):
                raise

    def _must_leave(self, pod: Obj) -> bool:
        if pod["spec"].get("nodeName") != self._node_name:
            return False
        owners = pod["metadata"].get("ownerReferences") or ()
        return not is_terminal(pod) and not any(owner.get("kind") == "DaemonSet" for owner in owners)


def _cordoned(node: Obj) -> Obj:
    return {**node, "spec": {**node["spec"], "unschedulable": True}}
