"""The resolved autoscaling: HorizontalPodAutoscalers, KEDA's ScaledObjects, VerticalPodAutoscalers, disruption budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from wavetank.kube.types import Obj


@dataclass(frozen=True)
class DisruptionBudget:
    """A PodDisruptionBudget; exactly one of the two numbers is set, as an int or a percentage."""

    name: str
    min_available: int | str | None
    max_unavailable: int | str | None
    unhealthy_pod_eviction_policy: Literal["IfHealthyBudget", "AlwaysAllow"]


@dataclass(frozen=True)
class TriggerAuthentication:
    """How KEDA proves itself: a TriggerAuthentication of ours (``spec``), or one that exists (``spec`` is None)."""

    name: str
    kind: Literal["TriggerAuthentication", "ClusterTriggerAuthentication"]
    spec: Obj | None


@dataclass(frozen=True)
class Trigger:
    """One trigger of a ScaledObject."""

    name: str
    type: str
    metadata: Mapping[str, str]
    metric_type: Literal["AverageValue", "Value", "Utilization"] | None
    authentication: TriggerAuthentication | None
    use_cached_metrics: bool


@dataclass(frozen=True)
class EventScaling:
    """What KEDA asks beside the metrics of the Autoscaling, which become triggers of the types cpu and memory."""

    triggers: tuple[Trigger, ...]
    polling_interval_seconds: int
    cooldown_seconds: int
    #: pods while no trigger is active; None: minReplicas
    idle_replicas: int | None
    #: ScaledObject spec.fallback
    fallback: Obj | None


@dataclass(frozen=True)
class Autoscaling:
    """A HorizontalPodAutoscaler (autoscaling/v2), or with ``events`` a keda.sh/v1alpha1 ScaledObject of the same name."""

    name: str
    #: 0 only with ``events``
    min_replicas: int
    max_replicas: int
    metrics: tuple[Obj, ...]
    behavior: Obj
    events: EventScaling | None


@dataclass(frozen=True)
class VerticalAutoscaling:
    """An autoscaling.k8s.io/v1 VerticalPodAutoscaler for the main container; further containers are left alone."""

    name: str
    update_mode: Literal["Off", "Initial", "Recreate", "InPlaceOrRecreate"]
    #: by "cpu" and "memory"; empty: no bound
    min_allowed: Mapping[str, str]
    max_allowed: Mapping[str, str]
    controlled_resources: tuple[str, ...]
    controlled_values: Literal["RequestsAndLimits", "RequestsOnly"]
