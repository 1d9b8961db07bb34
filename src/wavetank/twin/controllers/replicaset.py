"""The ReplicaSet controller: as many active pods as asked for. Upstream: ``pkg/controller/replicaset/replica_set.go``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from wavetank.kube import conditions
from wavetank.kube.errors import ApiError
from wavetank.kube.pod_phase import is_terminal, is_terminating
from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj
from wavetank.twin.cluster.pods import TOPOLOGY_LABELS

from .base import GATHERING_SECONDS, Controller, Key
from .informer import address, controller_of
from .ownership import claimed
from .pod_control import create_all, delete
from .pods import deletion_order, is_active, pod_of_template

BURST = 500


class ReplicaSetController(Controller):
    name = "replicaset-controller"
    #: what it keeps, so that ReplicationControllers are kept by the same loop, as upstream does
    resource_key = "replicasets.apps"
    kind = "ReplicaSet"

    def selector_of(self, replica_set: Obj) -> LabelSelector:
        return LabelSelector.from_object(replica_set["spec"].get("selector"))

    def watch(self) -> None:
        self.on(self.resource_key, self.itself)
        self.on("pods", self._keys_of_pod, relevant=what_replica_sets_see, after_seconds=GATHERING_SECONDS)

    def _keys_of_pod(self, pod: Obj) -> Sequence[Key]:
        owner, namespace = controller_of(pod), pod["metadata"]["namespace"]
        if owner is not None:
            return ((namespace, owner["name"]),) if owner["kind"] == self.kind else ()
        labels = pod["metadata"].get("labels")
        if not labels:
            return ()
        sets = self.informer.in_namespace(self.resource_key)[namespace]
        return [address(rs) for rs in sets if self.selector_of(rs).matches(labels)]

    def reconcile(self, key: Key) -> None:
        replica_set = self.cluster.find(self.resource_key, *key)
        if replica_set is None:
            return
        pods = claimed(self.cluster, self.informer, "pods", replica_set, self.selector_of(replica_set))
        active = [pod for pod in pods if is_active(pod)]
        failure = None
        if not replica_set["metadata"].get("deletionTimestamp"):
            failure = self._manage(replica_set, active)
        terminating = sum(1 for pod in pods if is_terminating(pod))
        status = status_of(replica_set, active, terminating, failure, self.now)
        self.write_status(replica_set, status)
        self._come_back_when_available(key, replica_set, active)
        if failure is not None:
            raise failure

    def _manage(self, replica_set: Obj, active: Sequence[Obj]) -> ApiError | None:
        missing = replica_set["spec"].get("replicas", 1) - len(active)
        if missing > 0:
            return self._create(replica_set, min(missing, BURST))
        if missing < 0:
            return self._remove(replica_set, active, min(-missing, BURST))
        return None

    def _create(self, replica_set: Obj, count: int) -> ApiError | None:
        template = replica_set["spec"]["template"]
        return create_all(self, replica_set, [lambda: pod_of_template(template, replica_set)] * count)

    def _remove(self, replica_set: Obj, active: Sequence[Obj], count: int) -> ApiError | None:
        doomed = deletion_order(active, self.now, self._related_on_node(replica_set))[:count]
        failures = (delete(self, replica_set, pod) for pod in doomed)
        return next((failure for failure in failures if failure is not None), None)

    def _related_on_node(self, replica_set: Obj) -> Counter[str]:
        """Active pods by node of all ReplicaSets with the same owner (``getPodsRankedByRelatedPodsOnSameNode``)."""
        owner = controller_of(replica_set)
        siblings = self.informer.by_controller(self.resource_key)[owner["uid"]] if owner else [replica_set]
        pods = self.informer.by_controller("pods")
        active = (pod for sibling in siblings for pod in pods[sibling["metadata"]["uid"]] if is_active(pod))
        return Counter(pod["spec"]["nodeName"] for pod in active if pod["spec"].get("nodeName"))

    def _come_back_when_available(self, key: Key, replica_set: Obj, active: Sequence[Obj]) -> None:
        seconds = replica_set["spec"].get("minReadySeconds", 0)
        waits = (conditions.seconds_until_available(pod, seconds, self.now) for pod in active) if seconds else ()
        pending = [wait for wait in waits if wait is not None and wait > 0]
        if pending:
            self.enqueue(key, min(pending))


def what_replica_sets_see(pod: Obj) -> object:
    """The part of a pod whose change may change a ReplicaSet; where it runs and when it started is not."""
    labels = {k: v for k, v in (pod["metadata"].get("labels") or {}).items() if k not in TOPOLOGY_LABELS}
    return is_terminal(pod), is_terminating(pod), conditions.is_pod_ready(pod), labels, controller_of(pod)


def status_of(
    replica_set: Obj, active: Sequence[Obj], terminating: int, failure: ApiError | None, now: datetime
) -> Obj:
    """The status of a ReplicaSet with these active pods (``calculateStatus``)."""
    spec, old = replica_set["spec"], replica_set.get("status") or {}
    template_labels = ((spec["template"].get("metadata") or {}).get("labels") or {}).items()
    ready = [pod for pod in active if conditions.is_pod_ready(pod)]
    min_ready = spec.get("minReadySeconds", 0)
    available = [pod for pod in ready if conditions.is_pod_available(pod, min_ready, now)] if min_ready else ready
    counts = {
        "fullyLabeledReplicas": sum(template_labels <= (p["metadata"].get("labels") or {}).items() for p in active),
        "readyReplicas": len(ready),
        "availableReplicas": len(available),
    }
    status: Obj = {"replicas": len(active), **{k: n for k, n in counts.items() if n}}
    if replica_set["kind"] == "ReplicaSet":
        status["terminatingReplicas"] = terminating
    status["observedGeneration"] = replica_set["metadata"].get("generation", 1)
    listed = _failure_conditions(old.get("conditions"), failure, len(active) < spec.get("replicas", 1), now)
    return {**status, "conditions": listed} if listed else status


def _failure_conditions(old: Sequence[Obj] | None, failure: ApiError | None, too_few: bool, now: datetime) -> list[Obj]:
    if failure is None:
        return conditions.without_condition(old, "ReplicaFailure")
    if any(c.get("type") == "ReplicaFailure" for c in old or ()):
        return list(old or ())
    reason = "FailedCreate" if too_few else "FailedDelete"
    return conditions.with_condition(old, "ReplicaFailure", "True", now, reason=reason, message=failure.message)
