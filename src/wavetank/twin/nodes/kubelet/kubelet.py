"""The kubelet of one machine: which pods it has, and who looks after each. Created by ``Fleet`` when a machine has booted."""

from __future__ import annotations

from wavetank.kube.conditions import status_of
from wavetank.kube.pod_phase import is_terminal
from wavetank.kube.types import Obj
from wavetank.twin.nodes.machine import node_conditions

from .admission import Refusal, refusal
from .host import Host
from .memory import refusal_under_pressure
from .pressure import MemoryWatch
from .worker import PodWorker, confirm_deletion


class Kubelet:
    """Pods of one machine by uid. ``Fleet`` tells it of changes, outside of the store's notification."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.workers: dict[str, PodWorker] = {}
        self._alive = True
        self._memory = MemoryWatch(host, lambda: tuple(self.workers.values()))

    def pod_changed(self, pod: Obj) -> None:
        """A pod that is bound to this machine was added or modified."""
        if not self._alive:
            return
        uid = pod["metadata"]["uid"]
        worker = self.workers.get(uid)
        if worker is not None:
            worker.observe(pod, lambda: self._refusal_of(pod))
            self._memory.poke(worker)
        else:
            self._adopt(uid, pod)

    def pod_removed(self, uid: str) -> None:
        worker = self.workers.get(uid)
        if worker is not None and self._alive:
            worker.vanish()

    def object_changed(self, key: str, namespace: str, name: str) -> None:
        for worker in tuple(self.workers.values()):
            if worker.pod["metadata"]["namespace"] == namespace:
                worker.object_changed(key, name)

    def report_network(self) -> None:
        """Write the node's conditions when the network plugin came or went."""
        node = self.host.cluster.find("nodes", "", self.host.machine.name)
        ready = self.host.network_ready()
        if node is None or not self._alive or status_of(node, "Ready") == ("True" if ready else "False"):
            return
        old = {c["type"]: c for c in node["status"].get("conditions") or ()}
        usual = node_conditions(self.host.engine.utc, network_ready=ready)
        new = [_with_old_times(c, old) for c in usual if c["type"] == "Ready" or c["type"] not in old]
        others = [c for kind, c in old.items() if kind not in {n["type"] for n in new}]
        self.host.cluster.set_status(node, {**node["status"], "conditions": others + new})
        reason = "NodeReady" if ready else "NodeNotReady"
        name = self.host.machine.name
        self.host.record(node, "Normal", reason, f"Node {name} status is now: {reason}")

    def lose_power(self) -> None:
        """The machine is off: its containers are gone and nothing is reported any more."""
        self._alive = False
        self._memory.stop()
        for worker in tuple(self.workers.values()):
            worker.abandon()
        self.workers.clear()

    def _adopt(self, uid: str, pod: Obj) -> None:
        if is_terminal(pod):
            if pod["metadata"].get("deletionTimestamp"):
                confirm_deletion(self.host.cluster, pod)
            return
        worker = PodWorker(self.host, pod, lambda: self._forget(uid))
        refused = self._refusal_of(pod)
        self.workers[uid] = worker
        if pod["metadata"].get("deletionTimestamp"):
            worker.observe(pod)
            return
        pressed = refusal_under_pressure(pod) if self._memory.under_pressure else ""
        if pressed:
            worker.reject("Evicted", pressed)
        elif refused is not None:
            worker.reject(refused.reason, refused.message)
        else:
            worker.begin()

    def _refusal_of(self, pod: Obj) -> Refusal | None:
        """Why the pod does not fit beside those that are here."""
        uid = pod["metadata"]["uid"]
        others = [w.pod for other, w in self.workers.items() if other != uid and w.stage != "over"]
        return refusal(pod, others, self.host.machine.template.allocatable)

    def _forget(self, uid: str) -> None:
        self.workers.pop(uid, None)


def _with_old_times(condition: Obj, old: dict[str, Obj]) -> Obj:
    known = old.get(condition["type"])
    if known is None or known["status"] != condition["status"]:
        return condition
    return {**condition, "lastTransitionTime": known["lastTransitionTime"]}
