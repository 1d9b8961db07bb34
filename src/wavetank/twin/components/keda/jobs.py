"""KEDA's operator for ScaledJobs: it polls their triggers and starts Jobs.

Upstream ``controllers/keda/scaledjob_controller.go`` and ``pkg/scaling/executor/scale_jobs.go``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from wavetank.kube.conditions import is_true
from wavetank.kube.errors import ApiError
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change
from wavetank.twin.controllers.base import Context, Controller, Key
from wavetank.twin.controllers.informer import address

from .activation import ACTIVE, INACTIVE
from .authentications import note_use
from .job_scaling import Running, demand_of, jobs_to_start, max_jobs
from .objects import OPERATOR
from .readings import Measured, Readings
from .scaled_object import (
    DEFAULT_POLLING_SECONDS,
    FINALIZER,
    PAUSED,
    BoundsError,
    check_triggers,
    status_of,
    with_condition,
)
from .scalers import Scaler, ScalerError
from .scaling import Loop, built
from .webhooks import JOBS_KEY

JOBS = "jobs.batch"
LABEL = "scaledjob.keda.sh/name"
GENERATION = "scaledjob.keda.sh/generation"
READY = ("True", "ScaledJobReady", "ScaledJob is defined correctly and is ready to scaling")
HELD = ("True", "ScaledJobPaused", "ScaledJob is paused")
RELEASED = ("False", "ScaledJobUnpaused", "pause annotation removed for ScaledJob")
FAILED = "ScaledJobCheckFailed"
DEFAULT_HISTORY = 100
CONDITION_TYPES = ("Ready", "Active", "Paused")


class ScaledJobs(Controller):
    """``serves`` says whether the operator is there."""

    name: ClassVar[str] = OPERATOR

    def __init__(self, context: Context, readings: Readings, serves: Callable[[], bool]) -> None:
        super().__init__(context)
        self._readings, self._serves = readings, serves
        self._loops: dict[Key, Loop] = {}

    def watch(self) -> None:
        self.close_watch = self.cluster.subscribe(JOBS_KEY, self._changed)

    def close(self) -> None:
        self.close_watch()
        self.stopped()

    def begun(self) -> None:
        for obj in self.cluster.list(JOBS_KEY):
            self.enqueue(address(obj))

    def stopped(self) -> None:
        for loop in self._loops.values():
            loop.stop()
        self._loops.clear()

    def _changed(self, change: Change) -> None:
        old, new = change.old, change.object
        same = (
            old is not None
            and old.get("spec") == new.get("spec")
            and old["metadata"].get("annotations") == new["metadata"].get("annotations")
        )
        if change.type == "MODIFIED" and same and not new["metadata"].get("deletionTimestamp"):
            return
        self.enqueue(address(new))

    # --- reconciling -------------------------------------------------------------------------------------------

    def reconcile(self, key: Key) -> None:
        obj = self.cluster.find(JOBS_KEY, *key)
        if obj is None or not self._serves():
            self._drop(key)
            return
        if obj["metadata"].get("deletionTimestamp"):
            self._finalize(key, obj)
            return
        obj = self._marked(obj)
        if _is_paused(obj):
            self._drop(key)
            self._say(obj, "Paused", HELD)
            self._say(obj, "Ready", READY)
            return
        if status_of(_conditions(obj), "Paused") == "True":
            self._say(obj, "Paused", RELEASED)
        generation = int(obj["metadata"].get("generation") or 0)
        loop = self._loops.get(key)
        if loop is None or loop.generation != generation:
            self._begin(key, obj, generation)

    def _begin(self, key: Key, obj: Obj, generation: int) -> None:
        self._drop(key)
        try:
            scalers = self._built(obj)
        except (BoundsError, ScalerError) as error:
            kind = "KEDAScalerFailed" if isinstance(error, ScalerError) else FAILED
            self.event(obj, "Warning", kind, str(error))
            self._say(obj, "Ready", ("False", FAILED, "Failed to start a new scale loop with scaling logic"))
            raise ApiError(500, "InternalError", str(error)) from error
        self._forget_older(obj, generation)
        loop = self._loops[key] = Loop(generation, scalers)
        self._note_triggers(obj)
        note_use(self.cluster, obj, "scaledjobs")
        self.event(obj, "Normal", "KEDAScalersStarted", "Started scalers watch")
        if status_of(_conditions(self._live(obj)), "Ready") != "True":
            self.event(obj, "Normal", "ScaledJobReady", "ScaledJob is ready for scaling")
        self._say(obj, "Ready", READY)
        self._poll(key, loop)

    def _built(self, obj: Obj) -> list[Scaler]:
        check_triggers(list(obj["spec"].get("triggers") or ()))
        template = obj["spec"]["jobTargetRef"]["template"]
        container = obj["spec"].get("envSourceContainerName") or ""
        scalers = built(self.cluster, obj["metadata"]["namespace"], obj["spec"]["triggers"], template, container)
        for scaler in scalers:
            self.event(obj, "Normal", "KEDAScalersStarted", f"Scaler {scaler.kind} is built")
        return scalers

    def _marked(self, obj: Obj) -> Obj:
        finalizers = list(obj["metadata"].get("finalizers") or ())
        if FINALIZER in finalizers:
            return obj
        return self.cluster.update(
            {**obj, "metadata": {**obj["metadata"], "finalizers": [*finalizers, FINALIZER]}}, manager="keda"
        )

    def _note_triggers(self, obj: Obj) -> None:
        kinds = ",".join(sorted({str(t["type"]) for t in obj["spec"]["triggers"]}))
        used = ",".join(
            sorted({t["authenticationRef"]["name"] for t in obj["spec"]["triggers"] if t.get("authenticationRef")})
        )
        live = self._live(obj)
        self.write_status(live, {**(live.get("status") or {}), "triggersTypes": kinds, "authenticationsTypes": used})

    def _forget_older(self, obj: Obj, generation: int) -> None:
        """Unless the rollout is gradual, Jobs of an earlier spec go."""
        rollout = obj["spec"].get("rollout") or {}
        if (rollout.get("strategy") or obj["spec"].get("rolloutStrategy")) == "gradual":
            return
        for job in self._jobs_of(obj):
            if (job["metadata"].get("annotations") or {}).get(GENERATION) != str(generation):
                self.deleted(JOBS, address(job))

    def _finalize(self, key: Key, obj: Obj) -> None:
        metadata = obj["metadata"]
        if FINALIZER not in (metadata.get("finalizers") or ()):
            return
        self._drop(key)
        self.event(obj, "Normal", "ScaledJobDeleted", "ScaledJob was deleted")
        left = [f for f in metadata["finalizers"] if f != FINALIZER]
        self.cluster.update({**obj, "metadata": {**metadata, "finalizers": left}}, manager="keda")

    def _drop(self, key: Key) -> None:
        loop = self._loops.pop(key, None)
        if loop is not None:
            loop.stop()

    # --- polling -----------------------------------------------------------------------------------------------

    def _poll(self, key: Key, loop: Loop) -> None:
        self._readings.refresh(loop.external, lambda: self._decide(key, loop))

    def _decide(self, key: Key, loop: Loop) -> None:
        obj = self.cluster.find(JOBS_KEY, *key)
        if obj is None or self._loops.get(key) is not loop or not self._serves():
            return
        spec = obj["spec"]
        interval = float(spec.get("pollingInterval") or DEFAULT_POLLING_SECONDS)
        loop.timer = self.engine.call_later(interval, lambda: self._poll(key, loop))
        measured = [(scaler, self._readings.measured(scaler)) for scaler in loop.external]
        known = [(m.value, s.target, m.active) for s, m in measured if isinstance(m, Measured)]
        strategy = (spec.get("scalingStrategy") or {}).get("multipleScalersCalculation") or "max"
        demand = demand_of(known, strategy, max_jobs(spec))
        failed = len(known) < len(measured)
        jobs = self._jobs_of(obj)
        started = jobs_to_start(spec, demand, _running(jobs, self._is_pending))
        self._start(obj, started, loop.generation)
        self._tidy(spec, jobs)
        if demand.active:
            live = self._live(obj)
            self.write_status(live, {**(live.get("status") or {}), "lastActiveTime": rfc3339(self.now)})
        if failed:
            text = "Triggers defined in ScaledJob are not working correctly"
            self._say(
                obj, "Ready", ("Unknown", "PartialTriggerError", text) if known else ("False", "TriggerError", text)
            )
        elif status_of(_conditions(self._live(obj)), "Ready") != "True":
            self._say(obj, "Ready", READY)
        self._say(obj, "Active", ACTIVE if demand.active else INACTIVE)

    def _jobs_of(self, obj: Obj) -> list[Obj]:
        name, namespace = obj["metadata"]["name"], obj["metadata"]["namespace"]
        return self.cluster.list(JOBS, namespace, lambda job: (job["metadata"].get("labels") or {}).get(LABEL) == name)

    def _is_pending(self, job: Obj) -> bool:
        """No pod of it runs yet (``isAnyPodRunningOrCompleted``)."""
        owned = self.informer.by_controller("pods")[job["metadata"]["uid"]]
        return not any((pod.get("status") or {}).get("phase") in ("Running", "Succeeded") for pod in owned)

    def _start(self, obj: Obj, count: int, generation: int) -> None:
        if count <= 0:
            return
        for _ in range(count):
            self.cluster.create(_job_of(obj, generation), manager="keda")
        self.event(obj, "Normal", "KEDAJobsCreated", f"Created {count} jobs")

    def _tidy(self, spec: Obj, jobs: list[Obj]) -> None:
        """Only so many finished Jobs are kept; the oldest go first."""
        for condition, field in (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")):
            limit = spec.get(field)
            ended = [job for job in jobs if is_true(job, condition)]
            ended.sort(
                key=lambda job: str(
                    (job.get("status") or {}).get("completionTime") or job["metadata"]["creationTimestamp"]
                )
            )
            for job in ended[: max(0, len(ended) - (DEFAULT_HISTORY if limit is None else int(limit)))]:
                self.deleted(JOBS, address(job))

    # --- what the object says ----------------------------------------------------------------------------------

    def _live(self, obj: Obj) -> Obj:
        return self.cluster.find(JOBS_KEY, *address(obj)) or obj

    def _say(self, obj: Obj, kind: str, said: tuple[str, str, str]) -> None:
        live = self._live(obj)
        known = _conditions(live) or [{"type": each, "status": "Unknown"} for each in CONDITION_TYPES]
        self.write_status(live, {**(live.get("status") or {}), "conditions": with_condition(known, kind, *said)})


def _conditions(obj: Obj) -> list[Obj]:
    return list((obj.get("status") or {}).get("conditions") or ())


def _is_paused(obj: Obj) -> bool:
    value = (obj["metadata"].get("annotations") or {}).get(PAUSED)
    return value is not None and value.lower() not in ("false", "f", "0")


def _running(jobs: list[Obj], is_pending: Callable[[Obj], bool]) -> Running:
    unfinished = [job for job in jobs if not is_true(job, "Complete") and not is_true(job, "Failed")]
    return Running(len(unfinished), sum(1 for job in unfinished if is_pending(job)))


def _job_of(obj: Obj, generation: int) -> Obj:
    metadata = obj["metadata"]
    labels = {
        "app.kubernetes.io/name": metadata["name"],
        "app.kubernetes.io/version": "unknown",
        "app.kubernetes.io/part-of": metadata["name"],
        "app.kubernetes.io/managed-by": "keda-operator",
        LABEL: metadata["name"],
    } | dict(metadata.get("labels") or {})
    owner = {"apiVersion": obj["apiVersion"], "kind": "ScaledJob", "name": metadata["name"], "uid": metadata["uid"]}
    identity = {
        "generateName": f"{metadata['name']}-",
        "namespace": metadata["namespace"],
        "labels": labels,
        "annotations": {GENERATION: str(generation)},
        "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}],
    }
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": identity, "spec": obj["spec"]["jobTargetRef"]}
