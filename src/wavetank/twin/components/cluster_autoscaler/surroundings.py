"""What drainability rules ask the cluster."""

from __future__ import annotations

from wavetank.kube.pod_phase import is_terminal
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.eviction import BUDGETS
from wavetank.twin.scheduler.pod_info import PodInfo, pod_info

from .budgets import Budgets
from .drainability import Surroundings
from .flags import Settings

_CONTROLLERS = {
    "ReplicationController": "replicationcontrollers",
    "ReplicaSet": "replicasets.apps",
    "StatefulSet": "statefulsets.apps",
    "Job": "jobs.batch",
}


def surroundings(cluster: Cluster, settings: Settings) -> Surroundings:
    """As they are now; budgets not spent yet."""

    def replicas(namespace: str, owner: Obj) -> int | None:
        found = cluster.find(_CONTROLLERS[owner["kind"]], namespace, owner["name"])
        return None if found is None else int(found["spec"].get("replicas", 1))

    return Surroundings(settings, Budgets(cluster.list(BUDGETS)), replicas, cluster.engine.utc)


def running_pods(cluster: Cluster, node_name: str) -> list[PodInfo]:
    """Pods of a node that have not ended, by name."""
    found = cluster.list("pods", where=lambda pod: pod["spec"].get("nodeName") == node_name and not is_terminal(pod))
    return [pod_info(pod) for pod in found]
