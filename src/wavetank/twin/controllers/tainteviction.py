"""Taint eviction: pods that do not, or no longer, tolerate the NoExecute taints of their node are deleted.

A plain deletion: disruption budgets are not asked. Upstream: ``pkg/controller/tainteviction/taint_eviction.go``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from wavetank.kube.conditions import with_condition
from wavetank.kube.taints import tolerates
from wavetank.kube.types import Obj
from wavetank.twin.engine import Timer

from .base import Controller, Key
from .informer import address

MESSAGE = "Taint manager: deleting due to NoExecute taint"


class TaintEvictionController(Controller):
    """Keys are pods."""

    name = "taint-eviction-controller"

    def watch(self) -> None:
        #: Evictions that wait for their time; the timer of one that was carried out is not active any more.
        self._planned: dict[Key, Timer] = {}
        self._by_node = self.informer.pods_by_node()
        self.on("nodes", self._pods_of, relevant=no_execute_taints)
        self.on("pods", self._if_concerned, relevant=_where_and_what)

    def _pods_of(self, node: Obj) -> Iterable[Key]:
        return [address(pod) for pod in self._by_node[node["metadata"]["name"]]]

    def _if_concerned(self, pod: Obj) -> Iterable[Key]:
        key = address(pod)
        return (key,) if key in self._planned or self._taints_of(pod) else ()

    def _taints_of(self, pod: Obj) -> Sequence[Obj]:
        node = self.cluster.find("nodes", "", pod["spec"].get("nodeName", ""))
        return no_execute_taints(node) if node is not None else ()

    def reconcile(self, key: Key) -> None:
        """``processPodOnNode``."""
        pod = self.cluster.find("pods", *key)
        if pod is None:
            self._cancel(key, None)
            return
        taints = self._taints_of(pod)
        seconds = seconds_tolerated(taints, pod["spec"].get("tolerations") or ())
        if not taints or seconds == math.inf:
            self._cancel(key, pod)
        elif seconds <= 0:
            self._evict_now(key, pod)
        elif key not in self._planned:
            # A plan that exists keeps its time: the pod has been on its way since the first taint.
            uid = pod["metadata"]["uid"]
            self._planned[key] = self.engine.call_later(seconds, lambda: self._evict(key, uid))

    def _evict_now(self, key: Key, pod: Obj) -> None:
        planned = self._planned.get(key)
        if planned is not None and not planned.active:
            return
        if planned is not None:
            planned.cancel()
        self._planned[key] = self.engine.call_later(0, lambda: self._evict(key, pod["metadata"]["uid"]))

    def _cancel(self, key: Key, pod: Obj | None) -> None:
        planned = self._planned.pop(key, None)
        if planned is not None and planned.active:
            planned.cancel()
            if pod is not None:
                text = f"Cancelling deletion of Pod {'/'.join(key)}"
                self.event(pod, "Normal", "TaintManagerEviction", text)

    def _evict(self, key: Key, uid: str) -> None:
        pod = self.cluster.find("pods", *key)
        if pod is None or pod["metadata"]["uid"] != uid:
            return
        self.event(pod, "Normal", "TaintManagerEviction", f"Marking for deletion Pod {'/'.join(key)}")
        status = pod.get("status") or {}
        conditions = with_condition(
            status.get("conditions"),
            "DisruptionTarget",
            "True",
            self.now,
            reason="DeletionByTaintManager",
            message=MESSAGE,
        )
        self.write_status(pod, {**status, "conditions": conditions})
        self.deleted("pods", key)


def no_execute_taints(node: Obj) -> Sequence[Obj]:
    return [t for t in (node.get("spec") or {}).get("taints") or () if t["effect"] == "NoExecute"]


def seconds_tolerated(taints: Sequence[Obj], tolerations: Sequence[Obj]) -> float:
    """How long a pod may stay: 0 when a taint is not tolerated at all, infinity without any limit.

    Of each taint the first toleration that fits counts (``GetMatchingTolerations``, ``getMinTolerationTime``).
    """
    shortest = math.inf
    for taint in taints:
        used = next((t for t in tolerations if tolerates(t, taint)), None)
        if used is None:
            return 0
        if used.get("tolerationSeconds") is not None:
            shortest = min(shortest, max(used["tolerationSeconds"], 0))
    return shortest


def _where_and_what(pod: Obj) -> object:
    return pod["spec"].get("nodeName"), pod["spec"].get("tolerations")
