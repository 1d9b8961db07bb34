"""What an author writes about how pods are replaced: the strategies of Deployments, StatefulSets and DaemonSets."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from wavetank.spec.words import Count, IntOrPercent, Written, mapping_with


class RollingUpdate(Written):
    """How many pods may differ from the wanted number during an update."""

    max_surge: IntOrPercent | None = None
    """Pods above the wanted number. Default 1."""
    max_unavailable: IntOrPercent | None = None
    """Pods below it. Default 0: no capacity is lost."""


class Strategy(Written):
    """How the Deployment replaces its pods, as in Kubernetes. Short form: the keys of rollingUpdate."""

    short_forms = (mapping_with("maxSurge", "maxUnavailable"),)

    type: Literal["RollingUpdate", "Recreate"] | None = None
    """Default RollingUpdate."""
    rolling_update: RollingUpdate | None = None
    """Default: one pod more, none less."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if isinstance(value, dict) and value and set(value) <= {"maxSurge", "maxUnavailable"}:
            return {"rollingUpdate": value}
        return value


class OrderedUpdate(Written):
    """How many pods of a StatefulSet or DaemonSet differ from the wanted number during an update."""

    partition: Count | None = None
    """StatefulSet: pods with a lower number keep the old version. Default 0."""
    max_unavailable: IntOrPercent | None = None
    """Pods that may be down. Default 1."""
    max_surge: IntOrPercent | None = None
    """DaemonSet: pods that start beside the old one on the same node. Default 0."""


class UpdateStrategy(Written):
    """How a StatefulSet or DaemonSet replaces its pods, as in Kubernetes. Short form: the keys of rollingUpdate."""

    short_forms = (mapping_with("partition", "maxUnavailable", "maxSurge"),)

    type: Literal["RollingUpdate", "OnDelete"] | None = None
    """Default RollingUpdate. OnDelete: somebody deletes the pods one by one."""
    rolling_update: OrderedUpdate | None = None
    """Default: one pod after the other."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if isinstance(value, dict) and value and set(value) <= {"partition", "maxUnavailable", "maxSurge"}:
            return {"rollingUpdate": value}
        return value
