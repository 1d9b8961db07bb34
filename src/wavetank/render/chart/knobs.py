"""What stays adjustable in a chart even when no environment differs: the settings that people look for in a ``values.yaml``.

A tree of field names per kind, in which lists are transparent. At its leaves stands what to do there.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias


class Knob(Enum):
    """How a place becomes values."""

    #: each scalar below is a value
    SCALARS = "scalars"
    #: the whole list or map is one value
    WHOLE = "whole"
    #: a container's image: repository, tag and digest
    IMAGE = "image"
    #: one-line entries of a ConfigMap
    SETTINGS = "settings"
    #: labels that the chart's objects share
    LABELS = "labels"
    #: labels by which pods are selected
    SELECTOR = "selectorLabels"


Tree: TypeAlias = "Mapping[str, Tree] | Knob"

_CONTAINER: Tree = {
    "image": Knob.IMAGE,
    "resources": {"requests": Knob.SCALARS, "limits": Knob.SCALARS},
    "env": {"value": Knob.SCALARS},
}
_POD: Tree = {"containers": _CONTAINER, "initContainers": _CONTAINER}
_TEMPLATE: Tree = {"metadata": {"labels": Knob.SELECTOR}, "spec": _POD}
_SELECTOR: Tree = {"matchLabels": Knob.SELECTOR}
_CLAIM: Tree = {"resources": {"requests": {"storage": Knob.SCALARS}}}
_CONTROLLER: Mapping[str, Tree] = {"replicas": Knob.SCALARS, "selector": _SELECTOR, "template": _TEMPLATE}

_SPECS: Mapping[str, Tree] = {
    "Deployment": _CONTROLLER,
    "Rollout": _CONTROLLER,
    "DaemonSet": _CONTROLLER,
    "StatefulSet": {**_CONTROLLER, "volumeClaimTemplates": {"spec": _CLAIM}},
    "Job": {"template": _TEMPLATE, "parallelism": Knob.SCALARS, "completions": Knob.SCALARS},
    "CronJob": {
        "schedule": Knob.SCALARS,
        "suspend": Knob.SCALARS,
        "jobTemplate": {"spec": {"template": _TEMPLATE}},
    },
    "HorizontalPodAutoscaler": {
        "minReplicas": Knob.SCALARS,
        "maxReplicas": Knob.SCALARS,
        "metrics": Knob.WHOLE,
    },
    "ScaledObject": {
        "minReplicaCount": Knob.SCALARS,
        "maxReplicaCount": Knob.SCALARS,
        "pollingInterval": Knob.SCALARS,
        "cooldownPeriod": Knob.SCALARS,
        "triggers": Knob.WHOLE,
    },
    "PodDisruptionBudget": {
        "minAvailable": Knob.SCALARS,
        "maxUnavailable": Knob.SCALARS,
        "selector": _SELECTOR,
    },
    "PersistentVolumeClaim": _CLAIM,
    "Service": {"selector": Knob.SELECTOR},
    "Ingress": {"rules": {"host": Knob.SCALARS}, "tls": {"hosts": Knob.WHOLE}},
    "ResourceQuota": {"hard": Knob.SCALARS},
}
_METADATA: Tree = {"labels": Knob.LABELS}


def knobs_of(kind: str) -> Tree:
    """The tree of a kind; kinds that are not listed have their labels only."""
    if kind == "ConfigMap":
        return {"metadata": _METADATA, "data": Knob.SETTINGS}
    if kind == "StorageClass":
        return {"metadata": _METADATA, "parameters": {"fileSystemId": Knob.SCALARS}}
    return {"metadata": _METADATA, "spec": _SPECS[kind]} if kind in _SPECS else {"metadata": _METADATA}
