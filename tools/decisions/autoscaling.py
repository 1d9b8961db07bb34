"""Plays the recorded autoscaler cases: scripted pods and metrics, and what our autoscaler does about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from wavetank.kube import quantity
from wavetank.kube.patch import json_patch, merge_patch
from wavetank.kube.types import Obj
from wavetank.twin.cluster.cluster import Change
from wavetank.twin.cluster.ports import NodeUsage, PodUsage, Usage
from wavetank.twin.controllers.custom_metrics import MetricError, Sample
from wavetank.twin.controllers.settings import ControllerSettings, HpaSettings

from .bench import Bench, PodScript
from .given import NAMESPACE, Case, UnplayableError, complete, require_exactly, require_known

#: How long the Deployment exists before the autoscaler is made, which is t = 0.
BEFORE_SECONDS = 7.0
#: Conditions carry whole seconds. Between which of them a recording began is not known; most began well inside one.
PHASE_SECONDS = 0.4
MIB = 1024 * 1024
AUTOSCALER = "HorizontalPodAutoscaler"
HPAS = "horizontalpodautoscalers.autoscaling"
DEPLOYMENTS = "deployments.apps"
_MEASURED = {"cpu", "mem", "totalCpu", "containers", "drop", "none", "error", "ext", "custom", "obj"}
_ACTIONS = {"scaleTo", "patchHPA", "pause"}
#: Recorded flag -> ours.
_FLAGS = {
    "syncPeriodSeconds": "sync_period_seconds",
    "downscaleStabilizationSeconds": "downscale_stabilization_seconds",
    "cpuInitializationPeriodSeconds": "cpu_initialization_period_seconds",
    "initialReadinessDelaySeconds": "initial_readiness_delay_seconds",
    "tolerance": "tolerance",
}


class ScriptedMetrics:
    """The resource, custom and external metrics of the current phase."""

    def __init__(self) -> None:
        self.phase: Obj = {}
        self.bench: Bench | None = None

    def _running(self) -> list[Obj]:
        assert self.bench is not None, "the metrics are asked once the bench exists"
        pods = [p for p in self.bench.pods() if p["status"].get("phase") == "Running"]
        dropped = self.phase.get("drop", 0)
        return pods[: len(pods) - dropped] if dropped else pods

    def of_resources(self) -> list[PodUsage]:
        assert self.bench is not None, "the metrics are asked once the bench exists"
        self._check()
        if self.phase.get("none"):
            return []
        running, now = self._running(), self.bench.engine.now
        return [
            PodUsage(NAMESPACE, p["metadata"]["name"], now, 1.0, self._containers(i, len(running)))
            for i, p in enumerate(running)
        ]

    def _containers(self, index: int, count: int) -> dict[str, Usage]:
        if "containers" in self.phase:
            return {n: _usage(c.get("cpu", 0), c.get("mem", 100), index) for n, c in self.phase["containers"].items()}
        cpu = self.phase.get("cpu", 0)
        if "totalCpu" in self.phase:
            cpu = self.phase["totalCpu"] // max(1, count)
        return {"main": _usage(cpu, self.phase.get("mem", 100), index)}

    def _check(self) -> None:
        if "error" in self.phase:
            raise MetricError(f"metrics source failed: {self.phase['error']}")

    def custom_of_pods(self) -> Mapping[str, Sample]:
        assert self.bench is not None, "the metrics are asked once the bench exists"
        self._check()
        if "custom" not in self.phase:
            return {}
        value, now = self.phase["custom"], self.bench.engine.utc
        return {
            p["metadata"]["name"]: Sample(quantity.milli(_of_pod(value, i)), now, 1.0)
            for i, p in enumerate(self._running())
        }

    def of_object(self, metric: str) -> int:
        self._check()
        values = self.phase.get("obj", {})
        if metric not in values:
            raise MetricError(f"the server could not find the metric {metric}")
        return quantity.milli(values[metric])

    def external(self, metric: str) -> Sequence[int]:
        self._check()
        return [quantity.milli(value) for value in self.phase.get("ext", {}).get(metric, ())]


def _usage(cpu: Any, mem: Any, index: int) -> Usage:
    """Of the pod of this number: ``cpu`` in milli-cores, ``mem`` in Mi."""
    return Usage(_of_pod(cpu, index), int(_of_pod(mem, index) * MIB))


def _of_pod(value: Any, index: int) -> Any:
    """A list gives each pod its own value, again and again from the front."""
    return value[index % len(value)] if isinstance(value, list) else value


class ResourceView:
    """``ports.MetricsSource`` of the scripted metrics."""

    def __init__(self, metrics: ScriptedMetrics) -> None:
        self._metrics = metrics

    def available(self) -> bool:
        return True

    def pods(self, namespace: str = "", names: Collection[str] | None = None) -> list[PodUsage]:
        return self._metrics.of_resources()

    def nodes(self) -> list[NodeUsage]:
        return []


class CustomView:
    """``CustomMetrics`` of the scripted metrics."""

    def __init__(self, metrics: ScriptedMetrics) -> None:
        self._metrics = metrics

    def pods(self, namespace: str, metric: str) -> Mapping[str, Sample]:
        return self._metrics.custom_of_pods()

    def of_object(self, namespace: str, described: Obj, metric: str) -> int:
        return self._metrics.of_object(metric)

    def external(self, namespace: str, metric: str, selector: Obj | None) -> Sequence[int]:
        return self._metrics.external(metric)


def _patched(live: Obj, patch: Any) -> Obj:
    """A list is a JSON patch; a merge patch is of the whole object or, without a word of it, of its spec."""
    if isinstance(patch, list):
        changed: Obj = json_patch(live, patch)
        return changed
    merged: Obj = merge_patch(live, patch if patch.keys() & {"spec", "metadata"} else {"spec": patch})
    return merged


def _script(behavior: Obj) -> PodScript:
    require_known("podBehavior", behavior, {"start", "ready", "stop", "complete", "exit"})
    return PodScript(
        start=_seconds(behavior, "start"),
        ready=_seconds(behavior, "ready"),
        stop=_seconds(behavior, "stop"),
        complete=_seconds(behavior, "complete"),
        exit_code=int(behavior.get("exit") or 0),
    )


def _seconds(behavior: Obj, name: str) -> float | None:
    value = behavior.get(name)
    return None if value in (None, "never") else float(value)


def _settings(flags: Obj) -> ControllerSettings:
    require_known("settings", flags, _FLAGS)
    return ControllerSettings(hpa=HpaSettings(**{_FLAGS[name]: value for name, value in flags.items()}))


def _check(given: Obj) -> None:
    fields = {"objects", "settings", "podBehavior", "phases", "seconds"}
    require_exactly("given", given, fields)
    for phase in given["phases"]:
        require_known("phases", phase, {"at"} | _MEASURED | _ACTIONS, {"at"})
    kinds = [o["kind"] for o in given["objects"]]
    if AUTOSCALER not in kinds or "Deployment" not in kinds:
        raise UnplayableError(f"objects: a Deployment and a {AUTOSCALER} are expected")


class HpaReplay:
    """One case."""

    def __init__(self, case: Case) -> None:
        self._given = case["given"]
        _check(self._given)
        metrics = ScriptedMetrics()
        self._metrics = metrics
        self.bench = metrics.bench = Bench(
            _script(self._given["podBehavior"]),
            settings=_settings(self._given["settings"]),
            metrics=ResourceView(metrics),
            custom_metrics=CustomView(metrics),
        )
        self._replicas: list[list[float]] = []
        self._statuses: list[Obj] = []

    def observed(self) -> Obj:
        engine, cluster = self.bench.engine, self.bench.cluster
        objects = [complete(o) for o in self._given["objects"]]
        engine.run_for(PHASE_SECONDS)
        for obj in (o for o in objects if o["kind"] != AUTOSCALER):
            cluster.create(obj)
        engine.run_for(BEFORE_SECONDS)
        self._start = engine.now
        cluster.subscribe(DEPLOYMENTS, self._on_target)
        cluster.subscribe(HPAS, self._on_autoscaler)
        for phase in self._given["phases"]:
            engine.call_at(self._start + phase["at"], partial(self._begin, phase))
        for obj in (o for o in objects if o["kind"] == AUTOSCALER):
            cluster.create(obj)
        engine.run_for(self._given["seconds"])
        return {"scaleTargetReplicas": self._replicas, "hpaStatus": self._statuses}

    @property
    def _t(self) -> float:
        return round(self.bench.engine.now - self._start, 2)

    def _begin(self, phase: Obj) -> None:
        if _MEASURED & phase.keys():
            self._metrics.phase = phase
        if "scaleTo" in phase:
            self.bench.cluster.set_replicas(DEPLOYMENTS, NAMESPACE, self._target, phase["scaleTo"])
        if "pause" in phase:
            self._change(DEPLOYMENTS, self._target, {"paused": bool(phase["pause"])})
        if "patchHPA" in phase:
            self._change(HPAS, self._hpa["metadata"]["name"], phase["patchHPA"])

    @property
    def _hpa(self) -> Obj:
        """The autoscaler that is watched: the first."""
        return next(o for o in self._given["objects"] if o["kind"] == AUTOSCALER)

    @property
    def _target(self) -> str:
        """The Deployment of the case, which need not be the one that the autoscaler names."""
        return str(next(o["metadata"]["name"] for o in self._given["objects"] if o["kind"] == "Deployment"))

    def _change(self, key: str, name: str, patch: Any) -> None:
        self.bench.cluster.modify(key, NAMESPACE, name, lambda live: _patched(live, patch))

    def _on_target(self, change: Change) -> None:
        if change.name != self._target:
            return
        replicas = change.object["spec"]["replicas"]
        if change.old is None or change.old["spec"]["replicas"] != replicas:
            self._replicas.append([self._t, replicas])

    def _on_autoscaler(self, change: Change) -> None:
        if change.name != self._hpa["metadata"]["name"]:
            return
        status = change.object.get("status") or {}
        entry = {
            "t": self._t,
            "currentReplicas": status.get("currentReplicas", 0),
            "desiredReplicas": status.get("desiredReplicas", 0),
            "conditions": [
                {k: self._masked(c.get(k)) for k in ("type", "status", "reason", "message")}
                for c in status.get("conditions") or ()
            ],
        }
        self._statuses.append(entry)

    def _masked(self, text: str | None) -> str | None:
        """Names that a run makes up, as the recordings write them."""
        if text is None:
            return None
        for pod in self.bench.pods():
            text = text.replace(pod["metadata"]["name"], "POD")
        return text.replace(NAMESPACE, "NS")
