"""The recommender: every minute it learns from the metrics of pods and writes what their containers should request.

Upstream ``pkg/recommender/routines/recommender.go`` and ``pkg/recommender/input``. What it knows lives in memory and in
VerticalPodAutoscalerCheckpoints, from which it begins again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from wavetank.kube import quantity
from wavetank.kube.conditions import Status, with_condition, without_condition
from wavetank.kube.errors import ApiError
from wavetank.kube.times import parse, rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.ports import MetricsSource, PodUsage
from wavetank.twin.controllers.informer import address

from .aggregate import Aggregate, ContainerMemory
from .histogram import Histogram
from .recommendation import as_object, estimated, policy_of, with_policy
from .targets import KEY, TargetError, is_target, selector_of, top_of

INTERVAL_SECONDS = 60.0
CHECKPOINTS = "verticalpodautoscalercheckpoints.autoscaling.k8s.io"
CHECKPOINT_VERSION = "v3"
NO_PODS = "No pods match this VPA object"

#: (namespace, VPA, container)
Place = tuple[str, str, str]


@dataclass
class Memory:
    """All that the recommender knows."""

    aggregates: dict[Place, Aggregate] = field(default_factory=dict)
    #: (uid of the pod, container) -> its present window
    peaks: dict[tuple[str, str], ContainerMemory] = field(default_factory=dict)
    #: Kills that have been counted: (uid of the pod, container, restarts)
    kills: set[tuple[str, str, int]] = field(default_factory=set)
    #: (uid of the pod, container) -> moment of the newest sample that was taken
    taken: dict[tuple[str, str], float] = field(default_factory=dict)


class Recommender:
    """``serves`` says whether the recommender's own pod is Ready."""

    def __init__(self, cluster: Cluster, metrics: MetricsSource, serves: Callable[[], bool]) -> None:
        self._cluster, self._metrics, self._serves = cluster, metrics, serves
        self._memory = Memory()

    def begun(self) -> None:
        """It has come up: what the checkpoints say is all it knows."""
        self._memory = Memory()
        for checkpoint in self._cluster.list(CHECKPOINTS):
            self._load(checkpoint)

    def round(self) -> None:
        """One pass over all VPAs."""
        if not self._serves():
            return
        usages = {(u.namespace, u.name): u for u in self._metrics.pods()} if self._metrics.available() else {}
        alive: set[str] = set()
        for vpa in self._cluster.list(KEY):
            try:
                selector = selector_of(self._cluster, vpa)
            except TargetError as error:
                self._say_unsupported(vpa, str(error))
                continue
            pods = self._pods(vpa, selector.matches)
            alive |= {pod["metadata"]["uid"] for pod in pods}
            for pod in pods:
                self._learn(vpa, pod, usages.get(address(pod)))
            self._write(vpa, pods)
        self._forget(alive)

    def _pods(self, vpa: Obj, matches: Callable[[Obj | None], bool]) -> list[Obj]:
        namespace = vpa["metadata"]["namespace"]
        found = self._cluster.list("pods", namespace, lambda pod: matches(pod["metadata"].get("labels")))
        return [pod for pod in found if is_target(vpa, top_of(self._cluster, pod))]

    # --- learning ----------------------------------------------------------------------------------------------

    def _learn(self, vpa: Obj, pod: Obj, usage: PodUsage | None) -> None:
        for container in pod["spec"]["containers"]:
            aggregate = self._aggregate(vpa, container["name"])
            self._learn_of_kills(pod, container, aggregate)
        if usage is None:
            return
        uid = pod["metadata"]["uid"]
        for name, used in usage.containers.items():
            if self._memory.taken.get((uid, name)) == usage.seconds:
                continue
            self._memory.taken[uid, name] = usage.seconds
            aggregate = self._aggregate(vpa, name)
            aggregate.add_cpu(used.cpu_milli / 1000, usage.seconds)
            self._peak(uid, name, aggregate).add(float(used.memory_bytes), usage.seconds)

    def _learn_of_kills(self, pod: Obj, container: Obj, aggregate: Aggregate) -> None:
        """A container that was killed for want of memory since the last pass."""
        uid, name = pod["metadata"]["uid"], container["name"]
        statuses = (pod.get("status") or {}).get("containerStatuses") or ()
        status: Obj = next((s for s in statuses if s["name"] == name), {})
        for state in (status.get("state") or {}, status.get("lastState") or {}):
            ended = state.get("terminated") or {}
            kill = (uid, name, int(status.get("restartCount") or 0) + (1 if state is status.get("state") else 0))
            if ended.get("reason") != "OOMKilled" or kill in self._memory.kills:
                continue
            self._memory.kills.add(kill)
            request = (container.get("resources") or {}).get("requests") or {}
            at = (parse(ended["finishedAt"]) - self._cluster.engine.epoch).total_seconds()
            self._peak(uid, name, aggregate).out_of_memory(float(quantity.value(request.get("memory", "0"))), at)

    def _aggregate(self, vpa: Obj, container: str) -> Aggregate:
        return self._memory.aggregates.setdefault((*address(vpa), container), Aggregate())

    def _peak(self, uid: str, container: str, aggregate: Aggregate) -> ContainerMemory:
        return self._memory.peaks.setdefault((uid, container), ContainerMemory(aggregate))

    def _forget(self, alive: set[str]) -> None:
        """Pods that are gone, and aggregates of which nothing has been heard for days or whose VPA is gone."""
        memory, now = self._memory, self._cluster.engine.now
        memory.peaks = {key: peak for key, peak in memory.peaks.items() if key[0] in alive}
        memory.taken = {key: at for key, at in memory.taken.items() if key[0] in alive}
        memory.kills = {kill for kill in memory.kills if kill[0] in alive}
        vpas = {address(vpa) for vpa in self._cluster.list(KEY)}
        memory.aggregates = {
            place: aggregate
            for place, aggregate in memory.aggregates.items()
            if place[:2] in vpas and not aggregate.is_expired(now)
        }

    # --- writing -----------------------------------------------------------------------------------------------

    def _write(self, vpa: Obj, pods: list[Obj]) -> None:
        known = {
            place[2]: aggregate
            for place, aggregate in sorted(self._memory.aggregates.items())
            if place[:2] == address(vpa) and aggregate.is_known and policy_of(vpa, place[2]).scales
        }
        status: Obj = dict(vpa.get("status") or {})
        if known:
            found = [
                as_object(name, with_policy(estimated(aggregate, len(known)), policy_of(vpa, name)))
                for name, aggregate in known.items()
            ]
            status["recommendation"] = {"containerRecommendations": found}
        conditions = without_condition(status.get("conditions"), "ConfigUnsupported")
        has = bool(status.get("recommendation"))
        if pods:
            conditions = without_condition(conditions, "NoPodsMatched")
            conditions = self._with(conditions, "RecommendationProvided", has)
        else:
            conditions = self._with(conditions, "NoPodsMatched", True, "NoPodsMatched", NO_PODS)
            reason = () if has else ("NoPodsMatched", NO_PODS)
            conditions = self._with(conditions, "RecommendationProvided", has, *reason)
        self._set_status(vpa, {**status, "conditions": conditions})
        for name, aggregate in known.items():
            self._checkpoint(vpa, name, aggregate)

    def _with(self, conditions: list[Obj], kind: str, true: bool, reason: str = "", message: str = "") -> list[Obj]:
        """In the order of their types, as upstream writes its map."""
        status: Status = "True" if true else "False"
        kept = [c for c in conditions if c["type"] != kind or c["status"] == status]
        found = with_condition(kept, kind, status, self._cluster.now, reason=reason, message=message)
        return sorted(found, key=lambda c: str(c["type"]))

    def _say_unsupported(self, vpa: Obj, why: str) -> None:
        status: Obj = vpa.get("status") or {}
        conditions = self._with(list(status.get("conditions") or ()), "ConfigUnsupported", True, "", why)
        conditions = self._with(conditions, "RecommendationProvided", bool(status.get("recommendation")))
        self._set_status(vpa, {**status, "conditions": conditions})

    def _set_status(self, vpa: Obj, status: Obj) -> None:
        if (vpa.get("status") or {}) != status:
            self._cluster.set_status(vpa, status)

    # --- checkpoints -------------------------------------------------------------------------------------------

    def _checkpoint(self, vpa: Obj, container: str, aggregate: Aggregate) -> None:
        namespace, name = address(vpa)
        status = {
            "lastUpdateTime": rfc3339(self._cluster.now),
            "version": CHECKPOINT_VERSION,
            "cpuHistogram": self._histogram(aggregate.cpu),
            "memoryHistogram": self._histogram(aggregate.memory),
            "firstSampleStart": self._moment(aggregate.first_seconds),
            "lastSampleStart": self._moment(aggregate.last_seconds),
            "totalSamplesCount": aggregate.samples,
        }
        live = self._cluster.find(CHECKPOINTS, namespace, f"{name}-{container}")
        try:
            if live is None:
                metadata = {"name": f"{name}-{container}", "namespace": namespace}
                spec = {"vpaObjectName": name, "containerName": container}
                kind = {"apiVersion": "autoscaling.k8s.io/v1", "kind": "VerticalPodAutoscalerCheckpoint"}
                live = self._cluster.create({**kind, "metadata": metadata, "spec": spec}, manager="vpa-recommender")
            self._cluster.set_status(live, status)
        except ApiError as error:
            self._cluster.engine.record("vpa-recommender", "no checkpoint", f"{namespace}/{name}", error.message)

    def _moment(self, seconds: float) -> str:
        return rfc3339(self._cluster.engine.epoch + timedelta(seconds=seconds))

    def _histogram(self, histogram: Histogram) -> Obj:
        weights, total = histogram.checkpoint()
        return {
            "referenceTimestamp": self._moment(histogram.reference_seconds),
            "bucketWeights": weights,
            "totalWeight": total,
        }

    def _load(self, checkpoint: Obj) -> None:
        spec, status = checkpoint["spec"], checkpoint.get("status") or {}
        if status.get("version") != CHECKPOINT_VERSION:
            return
        aggregate = Aggregate(samples=int(status["totalSamplesCount"]))
        aggregate.first_seconds, aggregate.last_seconds = (
            self._seconds(status[field]) for field in ("firstSampleStart", "lastSampleStart")
        )
        for histogram, part in ((aggregate.cpu, status["cpuHistogram"]), (aggregate.memory, status["memoryHistogram"])):
            histogram.load(part["bucketWeights"], part["totalWeight"], self._seconds(part["referenceTimestamp"]))
        place = (checkpoint["metadata"]["namespace"], spec["vpaObjectName"], spec["containerName"])
        self._memory.aggregates[place] = aggregate

    def _seconds(self, moment: str) -> float:
        return (parse(moment) - self._cluster.engine.epoch).total_seconds()
