"""Plays the recorded scheduling cases: what our scheduler answers to the nodes, objects and pods of a case.

Of ``observed`` it reads the node bound and the victims removed, and only after its own answer for the pod is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.cluster.addresses import DEFAULT_SERVICE_CIDR
from wavetank.twin.cluster.admission.default_toleration_seconds import DEFAULT_TOLERATION_SECONDS
from wavetank.twin.cluster.admission.priority import PRIORITY
from wavetank.twin.cluster.bootstrap.objects import first_objects
from wavetank.twin.cluster.cluster import Cluster
from wavetank.twin.engine import Engine
from wavetank.twin.scheduler import Outcome, Scheduler
from wavetank.twin.scheduler.pod_info import PodInfo, pod_info
from wavetank.twin.scheduler.preemption import Candidate

from .given import Case, complete, require_exactly, require_known, require_value

#: The namespaces of the recordings that carry their team as a label.
TEAMS = ("a", "b")
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_SETTINGS = {
    "profile": ("default-scheduler, default plugins and weights",),
    "oneAtATime": (True,),
    "unschedulablePodsAreDeletedAfterwards": (True,),
    # Pods with spreading constraints, and every pod has at least the default ones, are never batched.
    "opportunisticBatching": (True, False),
    "boundPodsGetStatusRunningWithStartTime": (True, False),
}


def _team_metadata(team: str) -> Obj:
    return {"name": f"team-{team}", "labels": {"team": team}}


class SchedulerReplay:
    """One case. ``observed`` is our answer; the recorded node is applied after each pod."""

    def __init__(self, case: Case) -> None:
        self._given, self._recorded = case["given"], case["observed"]
        _check(self._given)
        self._cluster = Cluster(Engine(), admission=[PRIORITY, DEFAULT_TOLERATION_SECONDS])
        self._places: dict[str, str] = {}
        for team in TEAMS:
            self._cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": _team_metadata(team)})
        classes = (o for o in first_objects(DEFAULT_SERVICE_CIDR) if o["kind"] == "PriorityClass")
        for obj in [*classes, *self._given["nodes"], *self._given["objects"]]:
            self._cluster.create(complete(obj))
        self._scheduler = Scheduler(self._cluster)
        self._scheduler.view.follow()

    def observed(self) -> list[Obj]:
        return list(self._answers())

    def _answers(self) -> Iterator[Obj]:
        for index, pod in enumerate(self._given["pods"]):
            created = self._cluster.create(complete(pod))
            answer = self._answer(pod_info(created))
            yield answer
            self._apply(created, self._recorded[index], index)

    def _answer(self, info: PodInfo) -> Obj:
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
        return {"pod": info.name, "firstAttempt": attempt, "node": first.node, "feasible": [first.node], **more}

    def _apply(self, pod: Obj, recorded: Obj, index: int) -> None:
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        self._remove((recorded.get("firstAttempt") or {}).get("victims") or ())
        self._places[name] = namespace
        if recorded["node"] is None:
            self._cluster.delete("pods", namespace, name, grace_seconds=0)
            return
        bound = self._cluster.bind(namespace, name, recorded["node"])
        if self._given["settings"].get("boundPodsGetStatusRunningWithStartTime"):
            started = rfc3339(_EPOCH + timedelta(seconds=index))
            self._cluster.set_status(bound, {**bound["status"], "phase": "Running", "startTime": started})

    def _remove(self, names: Sequence[str]) -> None:
        for name in names:
            self._cluster.delete("pods", self._places[name], name, grace_seconds=0)


def _check(given: Obj) -> None:
    require_exactly("given", given, {"nodes", "objects", "pods", "settings"})
    require_known("settings", given["settings"], _SETTINGS)
    for name, value in given["settings"].items():
        require_value(f"settings.{name}", value, _SETTINGS[name])


def _choice(candidate: Candidate) -> tuple[str, list[str]]:
    return candidate.node, [victim.name for victim in candidate.victims]


def _bound(outcome: Outcome) -> Obj:
    order = sorted(range(len(outcome.feasible)), key=lambda i: outcome.feasible[i])
    answer: Obj = {"node": outcome.node, "feasible": [outcome.feasible[i] for i in order]}
    if outcome.totals:
        answer["scores"] = {name: [values[i] for i in order] for name, values in outcome.scores.items()}
        answer["total"] = [outcome.totals[i] for i in order]
    return answer
