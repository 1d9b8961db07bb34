"""Whether a component runs: it does when a pod of it is Ready. Whoever installed it, by whatever means."""

from __future__ import annotations

from wavetank.kube.conditions import is_pod_ready
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster

NAME_LABELS = ("app.kubernetes.io/name", "k8s-app")


def belongs_to(pod: Obj, component_name: str) -> bool:
    """By the labels that charts and add-ons put on pods."""
    labels = pod["metadata"].get("labels") or {}
    return any(labels.get(label) == component_name for label in NAME_LABELS)


def is_running(cluster: Cluster, component_name: str) -> bool:
    """Whether a ready pod of the component exists that is not about to go."""
    return bool(cluster.list("pods", where=lambda pod: belongs_to(pod, component_name) and is_serving(pod)))


def is_serving(pod: Obj) -> bool:
    return is_pod_ready(pod) and not pod["metadata"].get("deletionTimestamp")
