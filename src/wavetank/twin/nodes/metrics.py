"""What metrics-server would answer: use of pods and nodes, sampled from the kubelets; the cluster's ``MetricsSource``.

It works only while the Deployment kube-system/metrics-server has a ready pod, scrapes every 15 s, and knows a container
after two scrapes of the same start, as metrics-server does. Samples are kept here and stored nowhere.
"""

from __future__ import annotations

from typing import TypeAlias

from wavetank.kube.conditions import is_pod_ready
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.ports import NodeUsage, PodUsage, Usage

from .fleet import Fleet
from .kubelet import Kubelet
from .machine import Machine
from .runtime.port import Counter

RESOLUTION_SECONDS = 15.0
SERVER_NAMESPACE, SERVER_LABEL, SERVER_NAME = "kube-system", "app.kubernetes.io/name", "metrics-server"
#: What kubelet, container runtime and the operating system use of a machine, of its own size.
SYSTEM_CPU_FRACTION = 0.02
SYSTEM_MEMORY_BYTES = 350 * 1024**2

#: (pod uid, container id)
_Key: TypeAlias = tuple[str, str]


class FleetMetrics:
    """Scrapes the kubelets while metrics-server is there."""

    def __init__(self, cluster: Cluster, fleet: Fleet) -> None:
        self._cluster = cluster
        self._engine = cluster.engine
        self._fleet = fleet
        self._readings: dict[_Key, Counter] = {}
        self._pods: dict[tuple[str, str], PodUsage] = {}
        self._nodes: dict[str, NodeUsage] = {}
        self._engine.call_later(RESOLUTION_SECONDS, self._scrape)

    def available(self) -> bool:
        """Whether a ready pod of metrics-server serves the API."""
        pods = self._cluster.list("pods", SERVER_NAMESPACE, lambda pod: _is_server(pod) and is_pod_ready(pod))
        return bool(pods) and self._cluster.find("deployments.apps", SERVER_NAMESPACE, SERVER_NAME) is not None

    def pods(self, namespace: str = "") -> list[PodUsage]:
        """Newest samples of pods that still exist, by namespace and name."""
        if not self.available():
            return []
        found = (usage for (ns, _), usage in sorted(self._pods.items()) if namespace in ("", ns))
        return [usage for usage in found if self._cluster.find("pods", usage.namespace, usage.name) is not None]

    def nodes(self) -> list[NodeUsage]:
        return [usage for _, usage in sorted(self._nodes.items())] if self.available() else []

    def _scrape(self) -> None:
        self._engine.call_later(RESOLUTION_SECONDS, self._scrape)
        if not self.available():
            self._readings, self._pods, self._nodes = {}, {}, {}
            return
        readings: dict[_Key, Counter] = {}
        pods: dict[tuple[str, str], PodUsage] = {}
        nodes: dict[str, NodeUsage] = {}
        for kubelet in self._fleet.kubelets:
            samples = self._samples(kubelet, readings)
            pods |= {(usage.namespace, usage.name): usage for usage in samples}
            machine = kubelet.host.machine
            nodes[machine.name] = self._node_usage(machine, kubelet, samples)
        self._readings, self._pods, self._nodes = readings, pods, nodes

    def _samples(self, kubelet: Kubelet, readings: dict[_Key, Counter]) -> list[PodUsage]:
        """Pods all of whose running containers have been read twice; notes today's readings."""
        found: list[PodUsage] = []
        for uid, worker in kubelet.workers.items():
            running = [r for r in worker.records.values() if r.process is not None]
            usages: dict[str, Usage] = {}
            for record in running:
                counter = record.process.counter() if record.process is not None else None
                if counter is None:
                    continue
                key = (uid, record.container_id)
                readings[key] = counter
                if key in self._readings:
                    usages[record.name] = _usage(self._readings[key], counter)
            if running and len(usages) == len(running):
                metadata = worker.pod["metadata"]
                window = RESOLUTION_SECONDS
                found.append(PodUsage(metadata["namespace"], metadata["name"], self._engine.now, window, usages))
        return found

    def _node_usage(self, machine: Machine, kubelet: Kubelet, samples: list[PodUsage]) -> NodeUsage:
        containers = [usage for sample in samples for usage in sample.containers.values()]
        cpu = sum(u.cpu_milli for u in containers) + machine.template.capacity.cpu_milli * SYSTEM_CPU_FRACTION
        memory = sum(u.memory_bytes for u in containers) + SYSTEM_MEMORY_BYTES
        return NodeUsage(machine.name, self._engine.now, RESOLUTION_SECONDS, Usage(cpu, memory))


def _is_server(pod: Obj) -> bool:
    labels = pod["metadata"].get("labels") or {}
    return SERVER_NAME in (labels.get(SERVER_LABEL), labels.get("k8s-app"))


def _usage(old: Counter, new: Counter) -> Usage:
    elapsed = new.seconds - old.seconds
    cpu_seconds = max(0.0, new.cpu_seconds - old.cpu_seconds)
    return Usage(cpu_seconds / elapsed * 1000 if elapsed > 0 else 0.0, new.memory_bytes)
