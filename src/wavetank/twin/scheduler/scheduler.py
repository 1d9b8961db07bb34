"""kube-scheduler: takes pods from the queue one by one, finds a node, binds, preempts, and says why it could not.

``Scheduler(cluster).start()`` is all that ``world`` and tests call. Upstream: ``pkg/scheduler``.
"""

from __future__ import annotations

from collections.abc import Sequence

from wavetank.kube import conditions
from wavetank.kube.errors import ApiError
from wavetank.kube.pod_phase import is_terminal
from wavetank.kube.types import Obj
from wavetank.twin.cluster.cluster import Change, Cluster

from .cycle import Cycle, Outcome, TieBreak, first_of
from .decisions import Decisions
from .framework import BY_NODES, COMING, LEAVING, NODES, VOLUMES
from .messages import fit_error
from .plugins.dynamic_resources import NOTHING_TO_DEALLOCATE
from .pod_info import PodInfo, pod_info
from .preemption import Candidate, Preemption, preemption
from .queue import Entry, SchedulingQueue
from .view import ClusterView
from .volume_waits import VolumeWaits

NAME = "default-scheduler"
#: From one attempt to the next; the real one manages some hundreds a second.
ATTEMPT_SECONDS = 0.002
STALE_CHECK_SECONDS = 30.0
#: What PostFilter plugins say when a plugin refused the pod before they were prepared.
NOT_PREPARED = "not found"
_VOLUME_KINDS = (
    "persistentvolumeclaims",
    "persistentvolumes",
    "storageclasses.storage.k8s.io",
    "csinodes.storage.k8s.io",
)
ALL_CHANGES = frozenset((NODES, LEAVING, COMING, VOLUMES))


class Scheduler:
    """One scheduler of a cluster, responsible for the pods that name it."""

    def __init__(self, cluster: Cluster, *, name: str = NAME, tie_break: TieBreak = first_of) -> None:
        self.cluster, self.engine, self.name = cluster, cluster.engine, name
        self.view = ClusterView(cluster)
        self.queue = SchedulingQueue()
        self.cycle = Cycle(self.view, tie_break)
        self.decisions = Decisions()
        self._volumes = VolumeWaits(self)
        self._planned = False

    def start(self) -> None:
        """Take in what exists, follow what changes, and begin to schedule."""
        self.view.follow()
        self.cluster.subscribe("pods", self._on_pod)
        self.cluster.subscribe("nodes", self._on_node)
        for key in _VOLUME_KINDS:
            self.cluster.subscribe(key, lambda _: self._wake(VOLUMES))
        for pod in self.cluster.list("pods"):
            self._consider(pod)
        self.engine.call_later(STALE_CHECK_SECONDS, self._check_stale)

    # --- triggers ----------------------------------------------------------------------------------------------

    def _on_pod(self, change: Change) -> None:
        pod, uid = change.object, change.object["metadata"]["uid"]
        if change.type == "DELETED" or pod["metadata"].get("deletionTimestamp") or is_terminal(pod):
            self.queue.remove(uid)
            self.view.withdraw(uid)
            self._volumes.forget(uid)
        elif not pod["spec"].get("nodeName"):
            self._consider(pod)
        if _is_placed(change.old) and (change.type == "DELETED" or is_terminal(pod)):
            self._wake(LEAVING)
        elif _is_placed(pod) and (not _is_placed(change.old) or _labels(pod) != _labels(change.old)):
            self._wake(COMING)

    def _on_node(self, change: Change) -> None:
        if change.old is None or change.type == "DELETED" or _offer(change.old) != _offer(change.object):
            self._wake(NODES)

    def _consider(self, pod: Obj) -> None:
        metadata, spec = pod["metadata"], pod["spec"]
        if spec.get("nodeName") or spec.get("schedulerName", NAME) != self.name:
            return
        if metadata.get("deletionTimestamp") or is_terminal(pod):
            return
        gated, entry = bool(spec.get("schedulingGates")), self.queue.entry(metadata["uid"])
        if entry is None and not self._volumes.waits(metadata["uid"]):
            address = (metadata["uid"], metadata["namespace"], metadata["name"])
            self.queue.add(*address, spec.get("priority") or 0, self.engine.now, gated=gated, cause=self.engine.cause)
        elif entry is not None and entry.place == "gated" and not gated:
            self.queue.activate(entry)
        self.plan()

    def _wake(self, change: str) -> None:
        if self.queue.wake(change, self.engine.cause):
            self.plan()

    def _check_stale(self) -> None:
        if self.queue.wake_stale(self.engine.now):
            self.plan()
        self.engine.call_later(STALE_CHECK_SECONDS, self._check_stale)

    def plan(self) -> None:
        """See to it that what is in the queue is looked at."""
        if not self._planned:
            self._planned = True
            self.engine.call_later(ATTEMPT_SECONDS, self._run)

    # --- one attempt -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        self._planned = False
        entry = self.queue.pop()
        if entry is None:
            return
        # Pods are tried in a row; each because of what made it wait here.
        self.engine.cause, self.engine.actor = entry.cause, self.name
        pod = self.cluster.find("pods", entry.namespace, entry.name)
        if pod is not None and pod["metadata"]["uid"] == entry.uid and not pod["spec"].get("nodeName"):
            self._try(entry, pod)
        self.plan()

    def _try(self, entry: Entry, pod: Obj) -> None:
        info = pod_info(pod)
        outcome = self.cycle.attempt(info, explain=self.decisions.wants_scores(len(self.view.nodes)))
        if outcome.node:
            if outcome.feasible:
                self.decisions.note_placed(info, outcome, self.engine.now)
            if not self._volumes.begin(info, outcome.node):
                self.bind(info, outcome.node)
            return
        found = self.preemption_for(info, outcome)
        self.queue.put_back(entry, self.engine.now, _helped_by(outcome))
        self.tell(pod, self.message(outcome, found))
        if found.best:
            self._preempt(info, found.best[0])

    def waits_for_volumes_on(self, uid: str) -> str:
        """The node that was chosen for a pod whose volumes are still being made; "" for any other pod."""
        return self._volumes.node_of(uid)

    def preemption_for(self, pod: PodInfo, outcome: Outcome) -> Preemption:
        """Who would have to go, for a pod that found no node."""
        if outcome.refusal or not outcome.node_count:
            return Preemption(message=NOT_PREPARED if outcome.refusal else "")
        budgets = self.cluster.list("poddisruptionbudgets.policy")
        return preemption(pod, outcome, self.view, budgets)

    def message(self, outcome: Outcome, found: Preemption) -> str:
        """The text of the condition and the event."""
        if found.best or not outcome.node_count:
            return fit_error(outcome)
        if outcome.refusal:
            return fit_error(outcome, found.message)
        return fit_error(outcome, f"{NOTHING_TO_DEALLOCATE}, {found.message}")

    def bind(self, pod: PodInfo, node_name: str) -> None:
        """Assign the pod and say so; a pod that went away in the meantime is none of ours."""
        self.view.withdraw(pod.uid)
        try:
            with self.view.binding(pod):
                bound = self.cluster.bind(pod.namespace, pod.name, node_name, uid=pod.uid)
        except ApiError:
            return
        text = f"Successfully assigned {pod.namespace}/{pod.name} to {node_name}"
        self.cluster.record_event(bound, "Normal", "Scheduled", text, self.name, action="Binding")

    def tell(self, pod: Obj, message: str, reason: str = "Unschedulable") -> None:
        """Say in the pod's condition and in an event why it has no node."""
        status = pod.get("status") or {}
        listed = conditions.with_condition(
            status.get("conditions"),
            "PodScheduled",
            "False",
            self.engine.utc,
            reason=reason,
            message=message,
            lastProbeTime=None,
        )
        if listed != status.get("conditions"):
            self.cluster.set_status(pod, {**status, "conditions": listed})
        self.cluster.record_event(pod, "Warning", "FailedScheduling", message, self.name, action="Scheduling")

    # --- preemption --------------------------------------------------------------------------------------------

    def _preempt(self, pod: PodInfo, candidate: Candidate) -> None:
        self.decisions.note_sacrifice(pod, candidate, self.engine.now)
        self._withdraw_less_important(pod, candidate.node)
        self.view.nominate(pod, candidate.node)
        live = self.cluster.get("pods", pod.namespace, pod.name)
        self.cluster.set_status(live, {**(live.get("status") or {}), "nominatedNodeName": candidate.node})
        for victim in candidate.victims:
            self._evict(victim, pod, candidate.node)

    def _withdraw_less_important(self, pod: PodInfo, node_name: str) -> None:
        for other in list(self.view.nominated.get(node_name, {}).values()):
            if other.priority < pod.priority:
                self.view.withdraw(other.uid)
                live = self.cluster.find("pods", other.namespace, other.name)
                if live is not None:
                    status = {k: v for k, v in (live.get("status") or {}).items() if k != "nominatedNodeName"}
                    self.cluster.set_status(live, status)

    def _evict(self, victim: PodInfo, pod: PodInfo, node_name: str) -> None:
        live = self.cluster.find("pods", victim.namespace, victim.name)
        if live is None or live["metadata"]["uid"] != victim.uid:
            return
        if not live["metadata"].get("deletionTimestamp"):
            status = live.get("status") or {}
            listed = conditions.with_condition(
                status.get("conditions"),
                "DisruptionTarget",
                "True",
                self.engine.utc,
                reason="PreemptionByScheduler",
                message=f"{self.name}: preempting to accommodate a higher priority pod",
            )
            live = self.cluster.set_status(live, {**status, "conditions": listed})
            self.cluster.delete("pods", victim.namespace, victim.name)
        self.cluster.record_event(
            live,
            "Normal",
            "Preempted",
            f"Preempted by pod {pod.uid} on node {node_name}",
            self.name,
            action="Preempting",
        )


def _helped_by(outcome: Outcome) -> frozenset[str]:
    if outcome.refusal or not outcome.node_count:
        return ALL_CHANGES
    return BY_NODES.union(*(rejection.helped_by for rejection in outcome.rejections.values()))


def _is_placed(pod: Obj | None) -> bool:
    return pod is not None and bool(pod["spec"].get("nodeName")) and not is_terminal(pod)


def _labels(pod: Obj | None) -> object:
    return pod["metadata"].get("labels") if pod else None


def _offer(node: Obj) -> Sequence[object]:
    """What of a node decides whether pods fit."""
    spec, status = node.get("spec") or {}, node.get("status") or {}
    labels = node["metadata"].get("labels")
    return labels, spec.get("taints"), spec.get("unschedulable"), status.get("allocatable")
