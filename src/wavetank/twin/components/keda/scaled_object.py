"""A ScaledObject as KEDA reads it: defaults, names, pause annotations. Values and pure readings.

Upstream ``apis/keda/v1alpha1/scaledobject_types.go`` and ``controllers/keda/hpa.go``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wavetank.kube.types import Obj

from .scalers import RESOURCES, Scaler, external_metric, metric_spec

KEY = "scaledobjects.keda.sh"
FINALIZER = "finalizer.keda.sh"
OWNER_LABEL = "scaledobject.keda.sh/name"
PAUSED = "autoscaling.keda.sh/paused"
PAUSED_REPLICAS = "autoscaling.keda.sh/paused-replicas"
PAUSED_SCALE_IN = "autoscaling.keda.sh/paused-scale-in"
PAUSED_SCALE_OUT = "autoscaling.keda.sh/paused-scale-out"
FORCE_ACTIVATION = "autoscaling.keda.sh/force-activation"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
COMPOSITE_METRIC = "composite-metric"
DEFAULT_POLLING_SECONDS, DEFAULT_COOLDOWN_SECONDS, DEFAULT_MAX_REPLICAS = 30.0, 300.0, 100
CONDITION_TYPES = ("Ready", "Active", "Fallback", "Paused")
_LABEL_LENGTH = 63


class BoundsError(Exception):
    """Idle, min and max do not fit each other; the text is KEDA's."""


@dataclass(frozen=True)
class Fallback:
    failure_threshold: int
    replicas: int
    behavior: str


@dataclass(frozen=True)
class ScaledObject:
    """Readings of one object."""

    obj: Obj

    @property
    def namespace(self) -> str:
        return str(self.obj["metadata"]["namespace"])

    @property
    def name(self) -> str:
        return str(self.obj["metadata"]["name"])

    @property
    def spec(self) -> Obj:
        found: Obj = self.obj["spec"]
        return found

    @property
    def status(self) -> Obj:
        found: Obj = self.obj.get("status") or {}
        return found

    @property
    def annotations(self) -> dict[str, str]:
        return dict(self.obj["metadata"].get("annotations") or {})

    @property
    def triggers(self) -> list[Obj]:
        return list(self.spec.get("triggers") or ())

    @property
    def target(self) -> Obj:
        """The reference to what is scaled, complete."""
        reference = self.spec["scaleTargetRef"]
        kind, version = reference.get("kind") or "Deployment", reference.get("apiVersion") or "apps/v1"
        return {"apiVersion": version, "kind": kind, "name": reference["name"]}

    @property
    def target_kind(self) -> str:
        """As the status and events name it: ``apps/v1.Deployment``."""
        return f"{self.target['apiVersion']}.{self.target['kind']}"

    @property
    def polling_seconds(self) -> float:
        return _number(self.spec, "pollingInterval", DEFAULT_POLLING_SECONDS)

    @property
    def cooldown_seconds(self) -> float:
        return _number(self.spec, "cooldownPeriod", DEFAULT_COOLDOWN_SECONDS)

    @property
    def initial_cooldown_seconds(self) -> float:
        return _number(self.spec, "initialCooldownPeriod", 0.0)

    @property
    def min_replicas(self) -> int:
        return int(self.spec.get("minReplicaCount") or 0)

    @property
    def max_replicas(self) -> int:
        return int(_number(self.spec, "maxReplicaCount", DEFAULT_MAX_REPLICAS))

    @property
    def idle_replicas(self) -> int | None:
        idle = self.spec.get("idleReplicaCount")
        return None if idle is None else int(idle)

    @property
    def fallback(self) -> Fallback | None:
        stated = self.spec.get("fallback")
        if stated is None:
            return None
        return Fallback(int(stated["failureThreshold"]), int(stated["replicas"]), stated.get("behavior") or "static")

    @property
    def advanced(self) -> Obj:
        found: Obj = self.spec.get("advanced") or {}
        return found

    @property
    def modifiers(self) -> Obj:
        """``scalingModifiers`` that have a formula; empty otherwise."""
        found: Obj = self.advanced.get("scalingModifiers") or {}
        return found if found.get("formula") else {}

    @property
    def hpa_name(self) -> str:
        stated = (self.advanced.get("horizontalPodAutoscalerConfig") or {}).get("name")
        return str(stated or f"keda-hpa-{self.name}"[:_LABEL_LENGTH])

    @property
    def paused_replicas(self) -> int | None:
        text = self.annotations.get(PAUSED_REPLICAS, "")
        return int(text) if text.isdigit() else None

    @property
    def is_paused(self) -> bool:
        return PAUSED_REPLICAS in self.annotations or self._is_set(PAUSED)

    @property
    def holds_scale_in(self) -> bool:
        return self._is_set(PAUSED_SCALE_IN)

    @property
    def holds_scale_out(self) -> bool:
        return self._is_set(PAUSED_SCALE_OUT)

    @property
    def is_forced(self) -> bool:
        return self._is_set(FORCE_ACTIVATION)

    def _is_set(self, annotation: str) -> bool:
        """Present and not a false; anything else that is no truth value counts as set."""
        value = self.annotations.get(annotation)
        return value is not None and value.lower() not in ("false", "f", "0")


def _number(spec: Obj, field: str, default: float) -> float:
    value: Any = spec.get(field)
    return default if value is None else float(value)


def check_bounds(scaled: ScaledObject) -> None:
    """Raises BoundsError (``CheckReplicaCountBoundsAreValid``)."""
    least, most, idle = scaled.min_replicas, scaled.max_replicas, scaled.idle_replicas
    if least > most:
        raise BoundsError(f"MinReplicaCount={least} must be less than MaxReplicaCount={most}")
    if idle is not None and idle >= least:
        raise BoundsError(f"IdleReplicaCount={idle} must be less than MinReplicaCount={least}")


def check_triggers(triggers: list[Obj]) -> None:
    """Raises BoundsError (``ValidateTriggers``)."""
    if not triggers:
        raise BoundsError("no triggers defined in the ScaledObject/ScaledJob")
    names: set[str] = set()
    for trigger in triggers:
        if trigger.get("useCachedMetrics") and trigger["type"] in (*RESOURCES, "cron"):
            raise BoundsError(f'property "useCachedMetrics" is not supported for "{trigger["type"]}" scaler')
        name = trigger.get("name")
        if name and name in names:
            raise BoundsError(
                f'triggerName "{name}" is defined multiple times in the ScaledObject, but it must be unique'
            )
        names.add(name or "")


def autoscaler_of(scaled: ScaledObject, scalers: list[Scaler], version: str) -> Obj:
    """The HorizontalPodAutoscaler that KEDA makes, without its identity in the store."""
    metadata = scaled.obj["metadata"]
    labels = {
        "app.kubernetes.io/name": scaled.hpa_name,
        "app.kubernetes.io/version": version,
        "app.kubernetes.io/part-of": scaled.name,
        "app.kubernetes.io/managed-by": "keda-operator",
    } | dict(metadata.get("labels") or {})
    owner = {"apiVersion": scaled.obj["apiVersion"], "kind": "ScaledObject", "name": scaled.name}
    owner |= {"uid": metadata["uid"], "controller": True, "blockOwnerDeletion": True}
    spec: Obj = {
        "scaleTargetRef": scaled.target,
        "minReplicas": max(scaled.min_replicas, 1),
        "maxReplicas": scaled.max_replicas,
        "metrics": metrics_of(scaled, scalers),
    }
    behavior = (scaled.advanced.get("horizontalPodAutoscalerConfig") or {}).get("behavior")
    identity: Obj = {"name": scaled.hpa_name, "namespace": scaled.namespace, "labels": labels}
    annotations = {k: v for k, v in scaled.annotations.items() if k != LAST_APPLIED}
    identity |= {"annotations": annotations} if annotations else {}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {**identity, "ownerReferences": [owner]},
        "spec": spec | ({"behavior": behavior} if behavior else {}),
    }


def metrics_of(scaled: ScaledObject, scalers: list[Scaler]) -> list[Obj]:
    """By type, as KEDA sorts them; with a formula, one metric takes the place of all external ones."""
    specs = [metric_spec(scaler, scaled.name) for scaler in scalers]
    if scaled.modifiers:
        kind = scaled.modifiers.get("metricType") or "AverageValue"
        composite = external_metric(COMPOSITE_METRIC, kind, str(scaled.modifiers["target"]), scaled.name)
        specs = [spec for spec in specs if spec["type"] != "External"] + [composite]
    return sorted(specs, key=lambda spec: str(spec["type"]))


def with_condition(conditions: list[Obj], kind: str, status: str, reason: str = "", message: str = "") -> list[Obj]:
    """Conditions of KEDA have no times."""
    new: Obj = {"type": kind, "status": status}
    new |= {key: text for key, text in (("reason", reason), ("message", message)) if text}
    known = conditions or [{"type": each, "status": "Unknown"} for each in CONDITION_TYPES]
    if not any(c["type"] == kind for c in known):
        return [*known, new]
    return [new if c["type"] == kind else c for c in known]


def status_of(conditions: list[Obj], kind: str) -> str:
    return next((str(c["status"]) for c in conditions if c["type"] == kind), "Unknown")
