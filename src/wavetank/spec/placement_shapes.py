"""Shapes of placement as Kubernetes has them: taints, tolerations, spread, affinity."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from wavetank.spec.problems import refuse
from wavetank.spec.shapes import LabelSelector
from wavetank.spec.words import WORD, Count, FreeObject, Many, Positive, Text, Written

Effect = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]


class Taint(Written):
    """Keeps pods away from nodes unless they tolerate it. Short form, as kubectl writes it: `key=value:effect`."""

    short_forms = (WORD,)

    key: str
    """Key of the taint."""
    value: Text | None = None
    """Value of the taint."""
    effect: Effect
    """What happens to pods that do not tolerate it."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        pair, colon, effect = value.rpartition(":")
        if not colon:
            refuse(f'"{value}" is no taint', "Write key=value:effect, for example nvidia.com/gpu=true:NoSchedule.")
        key, equals, given = pair.partition("=")
        return {"key": key, "effect": effect} | ({"value": given} if equals else {})


class Toleration(Written):
    """Lets a pod onto nodes with a taint."""

    key: str | None = None
    """Key of the taint; absent with operator Exists tolerates everything."""
    operator: Literal["Equal", "Exists"] | None = None
    """Equal when absent."""
    value: Text | None = None
    """Value of the taint, for Equal."""
    effect: Effect | None = None
    """All effects when absent."""
    toleration_seconds: Count | None = None
    """How long a pod stays on a node that gets a NoExecute taint."""


class TopologySpreadConstraint(Written):
    """How evenly pods spread over zones or nodes."""

    max_skew: Positive = 1
    """How many more pods one domain may hold than the emptiest."""
    topology_key: str
    """Node label that makes the domains, for example topology.kubernetes.io/zone."""
    when_unsatisfiable: Literal["DoNotSchedule", "ScheduleAnyway"]
    """Whether a pod waits or goes where it fits."""
    label_selector: LabelSelector | None = None
    """Which pods count; those of the workload when absent."""
    min_domains: Positive | None = None
    """Domains that must exist (DoNotSchedule only)."""
    match_label_keys: Many[str] | None = None
    """Labels whose values of the pod itself are added to the selector, for example pod-template-hash."""
    node_affinity_policy: Literal["Honor", "Ignore"] | None = None
    """Whether nodes that the pod's affinity excludes count; Honor."""
    node_taints_policy: Literal["Honor", "Ignore"] | None = None
    """Whether nodes with taints the pod does not tolerate count; Ignore."""


class Affinity(Written):
    """Kubernetes' affinity, as it is."""

    node_affinity: FreeObject | None = None
    """Which nodes are required or preferred."""
    pod_affinity: FreeObject | None = None
    """Which pods to be near."""
    pod_anti_affinity: FreeObject | None = None
    """Which pods to be away from."""
