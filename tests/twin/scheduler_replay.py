"""Plays the recorded scheduling cases: what our scheduler answers to the nodes, objects and pods of a case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.cluster.cluster import Cluster
from wavetank.twin.engine import Engine
from wavetank.twin.scheduler import Outcome, Scheduler
from wavetank.twin.scheduler.pod_info import PodInfo, pod_info
from wavetank.twin.scheduler.preemption import Candidate

API_VERSIONS = {
    "Service": "v1",
    "Node": "v1",
    "Pod": "v1",
    "PersistentVolume": "v1",
    "PersistentVolumeClaim": "v1",
    "CSINode": "storage.k8s.io/v1",
    "ReplicaSet": "apps/v1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "PriorityClass": "scheduling.k8s.io/v1",
    "PodDisruptionBudget": "policy/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "ResourceQuota": "v1",
    "LimitRange": "v1",
}
_CLUSTER_WIDE = {"Node", "PersistentVolume", "CSINode", "PriorityClass"}
#: The namespaces ``team-a`` and ``team-b`` of the recordings carry their team as a label.
TEAMS = ("a", "b")
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def _team_metadata(team: str) -> Obj:
    return {"name": f"team-{team}", "labels": {"team": team}}


def complete(obj: Obj, namespace: str = "default") -> Obj:
    """A recorded object with the apiVersion and namespace that the recording leaves out."""
    metadata = dict(obj["metadata"])
    if obj["kind"] not in _CLUSTER_WIDE:
        metadata.setdefault("namespace", namespace)
    return {"apiVersion": API_VERSIONS[obj["kind"]], **obj, "metadata": metadata}


class SchedulerReplay:
    """One case. ``observed`` is our answer; the recorded node is applied after each pod."""

    def __init__(self, case: Obj) -> None:
        self._given, self._recorded = case["given"], case["observed"]
        self._cluster = Cluster(Engine())
        self._priorities: dict[str, Obj] = {}
        self._places: dict[str, str] = {}
        for team in TEAMS:
            self._cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": _team_metadata(team)})
        for obj in [*self._given["nodes"], *self._given["objects"]]:
            self._cluster.create(complete(obj))
            if obj["kind"] == "PriorityClass":
                self._priorities[obj["metadata"]["name"]] = obj
        self._scheduler = Scheduler(self._cluster)
        self._scheduler.view.follow()

    def observed(self) -> list[Obj]:
        return list(self._answers())

    def _answers(self) -> Iterator[Obj]:
        for index, (pod, recorded) in enumerate(zip(self._given["pods"], self._recorded, strict=True)):
            created = self._cluster.create(complete(self._with_priority(pod)))
            info = pod_info(created)
            yield self._answer(info, recorded)
            self._apply(created, recorded, index)

    def _with_priority(self, pod: Obj) -> Obj:
        found = self._priorities.get(pod["spec"].get("priorityClassName", ""))
        if found is None:
            return pod
        policy = found.get("preemptionPolicy", "PreemptLowerPriority")
        return {**pod, "spec": {**pod["spec"], "priority": found["value"], "preemptionPolicy": policy}}

    def _answer(self, info: PodInfo, recorded: Obj) -> Obj:
        outcome = self._scheduler.cycle.attempt(info)
        if outcome.node:
            return {"pod": info.name, **_bound(outcome)}
        found = self._scheduler.preemption_for(info, outcome)
        words = {"reason": "Unschedulable", "message": self._scheduler.message(outcome, found)}
        if not found.best:
            return {"pod": info.name, "node": None, **words}
        first, tied = found.best[0], [_choice(c) for c in found.best]
        attempt = {**words, "nominatedNode": first.node, "victims": _choice(first)[1]}
        more: dict[str, Any] = {"tied": tied} if len(tied) > 1 else {}
        self._remove((recorded.get("firstAttempt") or {}).get("victims") or ())
        return {"pod": info.name, "firstAttempt": attempt, "node": first.node, "feasible": [first.node], **more}

    def _apply(self, pod: Obj, recorded: Obj, index: int) -> None:
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        self._places[name] = namespace
        if recorded["node"] is None:
            self._cluster.delete("pods", namespace, name, grace_seconds=0)
            return
        bound = self._cluster.bind(namespace, name, recorded["node"])
        if self._given["settings"]["boundPodsGetStatusRunningWithStartTime"]:
            started = rfc3339(_EPOCH + timedelta(seconds=index))
            self._cluster.set_status(bound, {**bound["status"], "phase": "Running", "startTime": started})

    def _remove(self, names: Sequence[str]) -> None:
        for name in names:
            self._cluster.delete("pods", self._places[name], name, grace_seconds=0)


def _choice(candidate: Candidate) -> tuple[str, list[str]]:
    return candidate.node, [victim.name for victim in candidate.victims]


def _bound(outcome: Outcome) -> Obj:
    order = sorted(range(len(outcome.feasible)), key=lambda i: outcome.feasible[i])
    answer: Obj = {"node": outcome.node, "feasible": [outcome.feasible[i] for i in order]}
    if outcome.totals:
        answer["scores"] = {name: [values[i] for i in order] for name, values in outcome.scores.items()}
        answer["total"] = [outcome.totals[i] for i in order]
    return answer
