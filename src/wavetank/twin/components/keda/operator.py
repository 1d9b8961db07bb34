"""KEDA's operator for ScaledObjects: it makes their HPA, polls their triggers, and takes workloads from zero and back.

Upstream ``controllers/keda/scaledobject_controller.go`` and ``pkg/scaling``. Acts only while the operator is Ready; what it
keeps in memory is gone when it is not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from wavetank.kube.errors import ApiError
from wavetank.kube.times import parse, rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change
from wavetank.twin.controllers.base import Context, Controller, Key
from wavetank.twin.controllers.informer import address

from . import activation
from .activation import Polled, Step, step_after
from .authentications import note_use
from .checking import CheckFailedError, asked_of, check, differs
from .health import FALLING_BACK, NO_FALLBACK, Health
from .objects import OPERATOR
from .readings import Readings
from .scaled_object import (
    FINALIZER,
    KEY,
    OWNER_LABEL,
    ScaledObject,
    autoscaler_of,
    status_of,
    with_condition,
)
from .scalers import ResourceScaler, ScalerError
from .scaling import Loop, Outcome, built, outcome_of

HPAS = "horizontalpodautoscalers.autoscaling"
PAUSED = ("True", "ScaledObjectPaused", "ScaledObject is paused")
UNPAUSED = ("False", "ScaledObjectUnpaused", "pause annotation removed for ScaledObject")
WRONG_TARGET = "ScaledObject doesn't have correct scaleTargetRef specification"
NO_AUTOSCALER = "failed to ensure HPA is correctly created for ScaledObject"


class ScaledObjects(Controller):
    """``serves`` says whether the operator is there; ``version`` is what HPAs are labelled with."""

    name: ClassVar[str] = OPERATOR

    def __init__(
        self, context: Context, readings: Readings, serves: Callable[[], bool], version: Callable[[], str]
    ) -> None:
        super().__init__(context)
        self._readings, self._serves, self._version = readings, serves, version
        self._loops: dict[Key, Loop] = {}

    def watch(self) -> None:
        self._ends = (
            self.cluster.subscribe(KEY, self._changed),
            self.cluster.subscribe(HPAS, self._autoscaler_changed),
        )

    def close(self) -> None:
        for end in self._ends:
            end()
        self.stopped()

    def begun(self) -> None:
        """The operator has come up: it looks at everything."""
        for obj in self.cluster.list(KEY):
            self.enqueue(address(obj))

    def stopped(self) -> None:
        for loop in self._loops.values():
            loop.stop()
        self._loops.clear()
        self._readings.forget()

    def loop_of(self, key: Key) -> Loop | None:
        return self._loops.get(key)

    def _changed(self, change: Change) -> None:
        """A change of spec, annotations or deletion; the status is the operator's own."""
        old = change.old
        if change.type == "MODIFIED" and old is not None and asked_of(old) == asked_of(change.object):
            return
        self.enqueue(address(change.object))

    def _autoscaler_changed(self, change: Change) -> None:
        if change.type != "ADDED":
            for owner in change.object["metadata"].get("ownerReferences") or ():
                if owner["kind"] == "ScaledObject":
                    self.enqueue((change.namespace, owner["name"]))

    # --- reconciling -------------------------------------------------------------------------------------------

    def reconcile(self, key: Key) -> None:
        obj = self.cluster.find(KEY, *key)
        if obj is None or not self._serves():
            self._drop(key)
            return
        if obj["metadata"].get("deletionTimestamp"):
            self._finalize(key, ScaledObject(obj))
            return
        scaled = ScaledObject(self._marked(obj))
        try:
            message = self._ensured(key, scaled)
        except CheckFailedError as error:
            self._say_failed(scaled, error.message)
            raise ApiError(500, "InternalError", error.message) from error
        self._say_ready(scaled, message)
        note_use(self.cluster, scaled.obj, "scaledobjects")

    def _marked(self, obj: Obj) -> Obj:
        """With KEDA's finalizer and the label by which the metrics server finds it."""
        metadata = obj["metadata"]
        finalizers, labels = list(metadata.get("finalizers") or ()), dict(metadata.get("labels") or {})
        if FINALIZER in finalizers and labels.get(OWNER_LABEL) == metadata["name"]:
            return obj
        finalizers += [] if FINALIZER in finalizers else [FINALIZER]
        labels[OWNER_LABEL] = metadata["name"]
        return self.cluster.update(
            {**obj, "metadata": {**metadata, "finalizers": finalizers, "labels": labels}}, manager="keda"
        )

    def _ensured(self, key: Key, scaled: ScaledObject) -> str:
        """Everything in place; the message of the Ready condition. Raises CheckFailedError."""
        if scaled.is_paused and self._is_at_paused_size(scaled):
            return self._pause(key, scaled)
        self._note_pauses(scaled)
        scale = self._scale(scaled)
        self._note_target(scaled, scale)
        check(scaled)
        generation = int(scaled.obj["metadata"].get("generation") or 0)
        loop = self._loops.get(key)
        if loop is None or loop.generation != generation:
            self._drop(key)
            loop = Loop(generation, self._built(scaled).scalers)
            self._ensure_autoscaler(scaled, loop)
            self._loops[key] = loop
            self.event(scaled.obj, "Normal", "KEDAScalersStarted", "Started scalers watch")
            # The loop begins beside this pass, which tells its outcome first.
            self.engine.call_soon(lambda: self._poll(key, loop))
        else:
            self._ensure_autoscaler(scaled, loop)
        return activation.READY[2]

    def _built(self, scaled: ScaledObject) -> Loop:
        target = self.cluster.find(self.cluster.resource_of(scaled.target).key, scaled.namespace, scaled.target["name"])
        template = ((target or {}).get("spec") or {}).get("template")
        container = scaled.spec["scaleTargetRef"].get("envSourceContainerName") or ""
        try:
            scalers = built(self.cluster, scaled.namespace, scaled.triggers, template, container)
        except ScalerError as error:
            self.event(scaled.obj, "Warning", "KEDAScalerFailed", str(error))
            raise CheckFailedError(NO_AUTOSCALER) from error
        for scaler in scalers:
            self.event(scaled.obj, "Normal", "KEDAScalersStarted", f"Scaler {scaler.kind} is built")
        return Loop(0, scalers)

    def _scale(self, scaled: ScaledObject) -> Obj:
        try:
            return self.cluster.scale_of(
                self.cluster.resource_of(scaled.target).key, scaled.namespace, scaled.target["name"]
            )
        except ApiError as error:
            self.event(scaled.obj, "Warning", "ScaledObjectCheckFailed", self._missing(scaled))
            raise CheckFailedError(WRONG_TARGET) from error

    def _missing(self, scaled: ScaledObject) -> str:
        """What is missing of a target whose scale cannot be read."""
        try:
            key = self.cluster.resource_of(scaled.target).key
        except ApiError as error:
            return error.message
        if self.cluster.find(key, scaled.namespace, scaled.target["name"]) is None:
            return "Target resource doesn't exist"
        return "Target resource doesn't expose /scale subresource"

    def _note_target(self, scaled: ScaledObject, scale: Obj) -> None:
        resource = self.cluster.resource_of(scaled.target)
        names = {
            "group": resource.group,
            "kind": resource.kind,
            "resource": resource.plural,
            "version": resource.version,
        }
        kinds = sorted({str(t["type"]) for t in scaled.triggers})
        used = sorted({str(t["authenticationRef"]["name"]) for t in scaled.triggers if t.get("authenticationRef")})
        known = self._live(scaled).status
        more: Obj = {"scaleTargetKind": scaled.target_kind, "scaleTargetGVKR": names, "hpaName": scaled.hpa_name}
        more |= {"triggersTypes": ",".join(kinds), "authenticationsTypes": ",".join(used)}
        if "originalReplicaCount" not in known:
            more["originalReplicaCount"] = int((scale.get("spec") or {}).get("replicas") or 0)
        status = {k: v for k, v in known.items() if k != "pausedReplicaCount" or scaled.is_paused}
        self._write(scaled, {**status, **more})

    def _ensure_autoscaler(self, scaled: ScaledObject, loop: Loop) -> None:
        wanted = autoscaler_of(scaled, loop.scalers, self._version())
        live = self.cluster.find(HPAS, scaled.namespace, scaled.hpa_name)
        try:
            self._forget_renamed(scaled)
            if live is None:
                self.cluster.create(wanted, manager="keda")
            elif differs(live, wanted):
                identity = {**live["metadata"], **wanted["metadata"]}
                self.cluster.update({**live, "metadata": identity, "spec": wanted["spec"]}, manager="keda")
        except ApiError as error:
            self.engine.record(self.name, "refused", scaled.hpa_name, error.message)
            raise CheckFailedError(NO_AUTOSCALER) from error
        names: Obj = {"externalMetricNames": [s.metric_name for s in loop.external]}
        names["resourceMetricNames"] = [s.kind for s in loop.scalers if isinstance(s, ResourceScaler)]
        names |= {"compositeScalerName": "composite-metric"} if scaled.modifiers else {}
        health = {name: entry for name, entry in self.health(scaled).items() if name in names["externalMetricNames"]}
        filled = {name: value for name, value in names.items() if value}
        self._write(scaled, {**self._live(scaled).status, **filled} | ({"health": health} if health else {}))

    def _forget_renamed(self, scaled: ScaledObject) -> None:
        """An HPA under the name that it had before goes."""
        for hpa in self.cluster.list(HPAS, scaled.namespace):
            owners = hpa["metadata"].get("ownerReferences") or ()
            mine = any(o["uid"] == scaled.obj["metadata"]["uid"] for o in owners)
            if mine and hpa["metadata"]["name"] != scaled.hpa_name:
                self.deleted(HPAS, address(hpa))

    # --- pausing and the end -----------------------------------------------------------------------------------

    def _is_at_paused_size(self, scaled: ScaledObject) -> bool:
        wanted = scaled.paused_replicas
        if wanted is None:
            return True
        current = int((self._scale(scaled).get("spec") or {}).get("replicas") or 0)
        if current != wanted:
            self.cluster.set_replicas(
                self.cluster.resource_of(scaled.target).key, scaled.namespace, scaled.target["name"], wanted
            )
        return True

    def _pause(self, key: Key, scaled: ScaledObject) -> str:
        self._drop(key)
        self.deleted(HPAS, (scaled.namespace, scaled.hpa_name))
        status = self._live(scaled).status
        if scaled.paused_replicas is not None:
            status = {**status, "pausedReplicaCount": scaled.paused_replicas}
        if status_of(status.get("conditions") or [], "Paused") != "True":
            self.event(scaled.obj, "Normal", "ScaledObjectPaused", PAUSED[2])
        self._write(scaled, {**status, "conditions": with_condition(status.get("conditions") or [], "Paused", *PAUSED)})
        return PAUSED[2]

    def _note_pauses(self, scaled: ScaledObject) -> None:
        status = self._live(scaled).status
        conditions = list(status.get("conditions") or ())
        if scaled.holds_scale_in or scaled.holds_scale_out:
            conditions = with_condition(conditions, "Paused", *PAUSED)
        elif status_of(conditions, "Paused") == "True":
            self.event(scaled.obj, "Normal", "ScaledObjectUnpaused", "ScaledObject is unpaused")
            conditions = with_condition(conditions, "Paused", *UNPAUSED)
        self._write(scaled, {**status, "conditions": conditions})

    def _finalize(self, key: Key, scaled: ScaledObject) -> None:
        """Give the workload back its first size if that was asked for, and let the object go."""
        metadata = scaled.obj["metadata"]
        if FINALIZER not in (metadata.get("finalizers") or ()):
            return
        if self._loops.get(key) is not None:
            self.event(scaled.obj, "Normal", "KEDAScalersStopped", "Stopped scalers watch")
        self._drop(key)
        original = scaled.status.get("originalReplicaCount")
        if scaled.advanced.get("restoreToOriginalReplicaCount") and original is not None:
            self._set_size(scaled, int(original))
        self.event(scaled.obj, "Normal", "ScaledObjectDeleted", "ScaledObject was deleted")
        left = [f for f in metadata["finalizers"] if f != FINALIZER]
        self.cluster.update({**scaled.obj, "metadata": {**metadata, "finalizers": left}}, manager="keda")

    def _drop(self, key: Key) -> None:
        loop = self._loops.pop(key, None)
        if loop is not None:
            loop.stop()

    # --- polling -----------------------------------------------------------------------------------------------

    def _poll(self, key: Key, loop: Loop) -> None:
        self._readings.refresh(loop.external, lambda: self._decide(key, loop))

    def _decide(self, key: Key, loop: Loop) -> None:
        obj = self.cluster.find(KEY, *key)
        if obj is None or self._loops.get(key) is not loop or not self._serves():
            return
        scaled = ScaledObject(obj)
        loop.timer = self.engine.call_later(scaled.polling_seconds, lambda: self._poll(key, loop))
        try:
            current = int(
                (
                    self.cluster.scale_of(
                        self.cluster.resource_of(scaled.target).key, scaled.namespace, scaled.target["name"]
                    )["spec"]
                ).get("replicas")
                or 0
            )
        except ApiError:
            return
        outcome = outcome_of(self._readings, loop.scalers, scaled.modifiers)
        step = step_after(scaled, current, self._polled(scaled, outcome))
        self._do(scaled, current, step, outcome)

    def _polled(self, scaled: ScaledObject, outcome: Outcome) -> Polled:
        created = (parse(scaled.obj["metadata"]["creationTimestamp"]) - self.engine.epoch).total_seconds()
        told = scaled.status.get("lastActiveTime")
        last = (parse(told) - self.engine.epoch).total_seconds() if told else None
        return Polled(bool(outcome.active), outcome.failed, self.engine.now, created, last)

    def _do(self, scaled: ScaledObject, current: int, step: Step, outcome: Outcome) -> None:
        status = dict(self._live(scaled).status)
        conditions = list(status.get("conditions") or ())
        done = step.replicas is None or self._set_size(scaled, step.replicas)
        self._report(scaled, current, step, outcome, done=done)
        if step.touches_activity and done:
            status["lastActiveTime"] = rfc3339(self.now)
        if step.ready is not None and status_of(conditions, "Ready") != step.ready[0]:
            conditions = with_condition(conditions, "Ready", *step.ready)
        if step.active is not None and (_changes(conditions, step.active) or (step.change == "deactivated" and done)):
            conditions = with_condition(conditions, "Active", *step.active)
        self._write(scaled, {**status, "conditions": conditions})

    def _report(self, scaled: ScaledObject, current: int, step: Step, outcome: Outcome, *, done: bool) -> None:
        place = f"{scaled.target_kind} {scaled.namespace}/{scaled.target['name']} from {current} to {step.replicas}"
        match step.change:
            case "activated" if done and scaled.is_forced:
                self.event(
                    scaled.obj,
                    "Normal",
                    "KEDAScaleTargetActivated",
                    f"Scaled {place}, caused by forced activation annotation",
                )
            case "activated" if done:
                self.event(
                    scaled.obj,
                    "Normal",
                    "KEDAScaleTargetActivated",
                    f"Scaled {place}, triggered by {';'.join(outcome.active)}",
                )
            case "activated":
                self.event(scaled.obj, "Warning", "KEDAScaleTargetActivationFailed", f"Failed to scaled {place}")
            case "deactivated" if done:
                self.event(scaled.obj, "Normal", "KEDAScaleTargetDeactivated", f"Deactivated {place}")
            case "deactivated":
                self.event(scaled.obj, "Warning", "KEDAScaleTargetDeactivationFailed", f"Failed to deactivate {place}")

    def _set_size(self, scaled: ScaledObject, replicas: int) -> bool:
        key = self.cluster.resource_of(scaled.target).key
        try:
            self.cluster.set_replicas(key, scaled.namespace, scaled.target["name"], replicas)
        except ApiError as error:
            self.engine.record(self.name, "cannot scale", scaled.target["name"], error.message)
            return False
        self.engine.record(self.name, "scale", f"{scaled.namespace}/{scaled.target['name']}", f"to {replicas}")
        return True

    # --- what the object says ----------------------------------------------------------------------------------

    def health(self, scaled: ScaledObject) -> Health:
        found: Health = self._live(scaled).status.get("health") or {}
        return found

    def note_health(self, scaled: ScaledObject, health: Health, *, falling_back: bool) -> None:
        """The metrics server has asked for a metric."""
        live = self._live(scaled)
        conditions = list(live.status.get("conditions") or ())
        before = status_of(conditions, "Fallback")
        said = FALLING_BACK if falling_back else NO_FALLBACK
        if before != said[0]:
            conditions = with_condition(conditions, "Fallback", *said)
            if falling_back:
                self.event(live.obj, "Warning", "ScaledObjectFallbackActivated", "ScaledObject fallback is active")
            elif before == "True":
                text = "ScaledObject fallback is no longer active"
                self.event(live.obj, "Normal", "ScaledObjectFallbackDeactivated", text)
        self._write(scaled, {**live.status, "health": dict(health), "conditions": conditions})

    def _live(self, scaled: ScaledObject) -> ScaledObject:
        return ScaledObject(self.cluster.find(KEY, scaled.namespace, scaled.name) or scaled.obj)

    def _write(self, scaled: ScaledObject, status: Obj) -> None:
        if self.cluster.find(KEY, scaled.namespace, scaled.name) is not None:
            self.write_status(self._live(scaled).obj, status)

    def _say_failed(self, scaled: ScaledObject, message: str) -> None:
        self.event(scaled.obj, "Warning", "ScaledObjectCheckFailed", message)
        status = self._live(scaled).status
        conditions = with_condition(
            status.get("conditions") or [], "Ready", "False", "ScaledObjectCheckFailed", message
        )
        conditions = with_condition(conditions, "Active", "Unknown", "UnknownState", "ScaledObject check failed")
        self._write(scaled, {**status, "conditions": _without_fallback(scaled, conditions)})

    def _say_ready(self, scaled: ScaledObject, message: str) -> None:
        status = self._live(scaled).status
        conditions = list(status.get("conditions") or ())
        if not scaled.is_paused and _never_said_ready(conditions):
            self.event(scaled.obj, "Normal", "ScaledObjectReady", "ScaledObject is ready for scaling")
        conditions = with_condition(conditions, "Ready", "True", "ScaledObjectReady", message)
        self._write(scaled, {**status, "conditions": _without_fallback(scaled, conditions)})


def _changes(conditions: list[Obj], said: tuple[str, str, str]) -> bool:
    now = next((c for c in conditions if c["type"] == "Active"), {"status": "Unknown"})
    cooling = said == activation.COOLING and now.get("reason") != said[1]
    return now["status"] != said[0] or cooling


def _never_said_ready(conditions: list[Obj]) -> bool:
    """The loop's first poll may have set the condition already; its event is the reconciler's."""
    ready = next((c for c in conditions if c["type"] == "Ready"), {})
    return ready.get("status") != "True"


def _without_fallback(scaled: ScaledObject, conditions: list[Obj]) -> list[Obj]:
    return conditions if scaled.fallback is not None else with_condition(conditions, "Fallback", *NO_FALLBACK)
