"""The pod garbage collector: pods that nobody else will remove, because their node is gone or they ended long ago.

Upstream: ``pkg/controller/podgc/gc_controller.go``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from wavetank.kube.conditions import is_true, with_condition
from wavetank.kube.pod_phase import is_terminal, is_terminating
from wavetank.kube.types import Obj

from .base import Controller, Key
from .informer import address

OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
_ROUND: Key = ("", "round")
_TERMINATED = "terminated"


class PodGarbageCollector(Controller):
    name = "pod-garbage-collector-controller"

    def watch(self) -> None:
        #: When a node that pods name was first missed, in engine seconds.
        self._missed: dict[str, float] = {}
        self._by_node = self.informer.pods_by_node()
        self._terminated = self.informer.index("pods", "terminated", _if_terminated)
        self.enqueue(_ROUND, self.settings.pod_gc_period_seconds)

    def reconcile(self, key: Key) -> None:
        self.enqueue(_ROUND, self.settings.pod_gc_period_seconds)
        self._collect_terminated()
        self._collect_terminating_on_dead_nodes()
        self._collect_orphans()

    def _collect_terminated(self) -> None:
        """Beyond the threshold: evicted pods first, then the oldest."""
        pods = self._terminated[_TERMINATED]
        excess = len(pods) - self.settings.terminated_pod_gc_threshold
        if excess > 0:
            for pod in sorted(pods, key=_evicted_then_oldest)[:excess]:
                self.deleted("pods", address(pod), grace_seconds=0)

    def _collect_terminating_on_dead_nodes(self) -> None:
        """Somebody said that the machine is out of service: nothing runs there that could still stop."""
        for node in self.cluster.list("nodes", where=_is_out_of_service):
            for pod in self._by_node[node["metadata"]["name"]]:
                if is_terminating(pod):
                    self._fail_and_delete(pod, "")

    def _collect_orphans(self) -> None:
        """A node must be missing for a while, as it may only be about to register; it is forgotten when it appears."""
        missing = [str(n) for n in self._by_node if self.cluster.find("nodes", "", str(n)) is None]
        self._missed = {name: self._missed.get(name, self.engine.now) for name in sorted(missing)}
        for name, since in self._missed.items():
            if self.engine.now - since >= self.settings.pod_gc_quarantine_seconds:
                for pod in self._by_node[name]:
                    self._fail_and_delete(pod, "PodGC: node no longer exists")

    def _fail_and_delete(self, pod: Obj, why: str) -> None:
        status = pod.get("status") or {}
        if not is_terminal(pod):
            status = {**status, "phase": "Failed"}
            if why:
                conditions = with_condition(
                    status.get("conditions"),
                    "DisruptionTarget",
                    "True",
                    self.now,
                    reason="DeletionByPodGC",
                    message=why,
                )
                status = {**status, "conditions": conditions}
            self.write_status(pod, status)
        self.deleted("pods", address(pod), grace_seconds=0)


def _if_terminated(pod: Obj) -> Iterable[Hashable]:
    return (_TERMINATED,) if is_terminal(pod) else ()


def _evicted_then_oldest(pod: Obj) -> tuple[bool, str]:
    evicted = (pod.get("status") or {}).get("reason") == "Evicted"
    return not evicted, str(pod["metadata"]["creationTimestamp"])


def _is_out_of_service(node: Obj) -> bool:
    tainted = any(t["key"] == OUT_OF_SERVICE for t in (node.get("spec") or {}).get("taints") or ())
    return tainted and not is_true(node, "Ready")
