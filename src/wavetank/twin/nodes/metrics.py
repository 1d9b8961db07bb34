"""What metrics-server would answer: use of pods and nodes, sampled from the kubelets; the cluster's ``MetricsSource``.

It works only while the Deployment kube-system/metrics-server has a ready pod, scrapes every 15 s, and knows a container
after two scrapes of the same start, as metrics-server does. Samples are kept here and stored nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from wavetank.kube.conditions import is_pod_ready
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Cluster
from wavetank.twin.cluster.ports import NodeUsage, PodUsage, Usage

from .fleet import Fleet
from .kubelet import Kubelet
from .kubelet.worker import PodWorker
from .runtime.modelled import ModelledContainer
from .runtime.port import Counter

RESOLUTION_SECONDS = 15.0
SERVER_NAMESPACE, SERVER_LABEL, SERVER_NAME = "kube-system", "app.kubernetes.io/name", "metrics-server"
#: What kubelet, container runtime and the operating system use of a machine, of its own size.
SYSTEM_CPU_FRACTION = 0.02
SYSTEM_MEMORY_BYTES = 350 * 1024**2

#: (pod uid, container id)
_Key: TypeAlias = tuple[str, str]
Samples: TypeAlias = dict[tuple[str, str], PodUsage]


@dataclass(frozen=True)
class _Watched:
    """Some pods as of a version: when the last of their containers began, and what their use depends on but for constants."""

    version: int
    workers: Sequence[PodWorker]
    newest_seconds: float
    sources: tuple[Callable[[float], Hashable], ...]


class FleetMetrics:
    """Scrapes the kubelets while metrics-server is there.

    What modelled containers use at a moment can be told afterwards, so where all are modelled a scrape only notes its time, and
    who asks for a pod has it sampled then. Processes are read when it is time.
    """

    def __init__(self, cluster: Cluster, fleet: Fleet) -> None:
        self._cluster = cluster
        self._engine = cluster.engine
        self._fleet = fleet
        #: The last scrape and the one before it, in engine seconds; None when there was none since metrics-server came.
        self._last: float | None = None
        self._previous: float | None = None
        self._readings: dict[_Key, Counter] = {}
        self._pods: Samples = {}
        self._serves: bool | None = None
        #: How often pods of a namespace have changed, and the containers of pods that somebody compares, as of a version.
        self._versions: dict[str, int] = {}
        self._watched: dict[tuple[str, tuple[str, ...]], _Watched] = {}
        for key in ("pods", "deployments.apps"):
            cluster.subscribe(key, self._on_change)
        self._engine.call_later(RESOLUTION_SECONDS, self._scrape)

    def available(self) -> bool:
        """Whether a ready pod of metrics-server serves the API."""
        if self._serves is None:
            pods = self._cluster.list("pods", SERVER_NAMESPACE, lambda pod: _is_server(pod) and is_pod_ready(pod))
            deployment = self._cluster.find("deployments.apps", SERVER_NAMESPACE, SERVER_NAME)
            self._serves = bool(pods) and deployment is not None
        return self._serves

    def _on_change(self, change: Change) -> None:
        if change.namespace == SERVER_NAMESPACE:
            self._serves = None
        if change.resource_key == "pods":
            self._versions[change.namespace] = self._versions.get(change.namespace, 0) + 1

    def pods(self, namespace: str = "", names: Collection[str] | None = None) -> list[PodUsage]:
        """Newest samples of pods that still exist, by namespace and name."""
        if not self.available():
            return []
        if names is not None and self._fleet.is_modelled:
            return self._told_of(self._watched_pods(namespace, tuple(sorted(names))))
        if names is None:
            pods = sorted(self._cluster.list("pods", namespace), key=_address)
        else:
            pods = [pod for name in sorted(names) if (pod := self._cluster.find("pods", namespace, name)) is not None]
        return [usage for pod in pods if (usage := self._newest(pod)) is not None]

    def _told_of(self, watched: _Watched) -> list[PodUsage]:
        return [usage for worker in watched.workers if (usage := self._told_by(worker)) is not None]

    def readings(self, namespace: str, names: Sequence[str]) -> Hashable | None:
        """See ``ComparableMetrics``: without making a sample of each, which is most of the work."""
        if self._last is None or self._previous is None or not (self._fleet.is_modelled and self.available()):
            return None
        watched = self._watched_pods(namespace, tuple(names))
        if watched.newest_seconds > self._previous:
            return None
        return tuple(source(self._last) for source in watched.sources)

    def _watched_pods(self, namespace: str, names: tuple[str, ...]) -> _Watched:
        """What is compared of pods; kept until a pod of the namespace changes."""
        version, known = self._versions.get(namespace, 0), self._watched.get((namespace, names))
        if known is None or known.version != version:
            pods = [pod for name in names if (pod := self._cluster.find("pods", namespace, name)) is not None]
            workers = [worker for pod in pods if (worker := self._worker_of(pod)) is not None]
            processes = [record.process for worker in workers for record in worker.records.values()]
            modelled = [process for process in processes if isinstance(process, ModelledContainer)]
            newest = max((process.started_seconds for process in modelled), default=math.inf)
            sources = dict.fromkeys(source for process in modelled if (source := process.varying_use) is not None)
            fresh = {key: w for key, w in self._watched.items() if key[0] != namespace or w.version == version}
            known = fresh[namespace, names] = _Watched(version, workers, newest, tuple(sources))
            self._watched = fresh
        return known

    def nodes(self) -> list[NodeUsage]:
        if not self.available() or self._last is None:
            return []
        kubelets = {k.host.machine.name: k for k in self._fleet.kubelets if k.host.up_since_seconds <= self._last}
        return [self._node_usage(kubelets[name]) for name in sorted(kubelets)]

    def _newest(self, pod: Obj) -> PodUsage | None:
        if not self._fleet.is_modelled:
            return self._pods.get(_address(pod))
        worker = self._worker_of(pod)
        return self._told_by(worker) if worker is not None else None

    def _worker_of(self, pod: Obj) -> PodWorker | None:
        kubelet = self._fleet.kubelet_of(pod["spec"].get("nodeName", ""))
        return kubelet.workers.get(pod["metadata"]["uid"]) if kubelet is not None else None

    def _told_by(self, worker: PodWorker) -> PodUsage | None:
        """The sample of the last scrape, worked out now; None when some container had not been there twice."""
        if self._last is None or self._previous is None:
            return None
        usages: dict[str, Usage] = {}
        for record in worker.records.values():
            process = record.process
            if process is None:
                continue
            assert isinstance(process, ModelledContainer), "a modelled fleet runs modelled containers"
            if process.started_seconds > self._previous:
                return None
            usages[record.name] = process.use_at(self._last)
        return self._usage_of(worker.pod, usages) if usages else None

    def _usage_of(self, pod: Obj, usages: dict[str, Usage]) -> PodUsage:
        assert self._last is not None, "there are samples of scrapes only"
        return PodUsage(*_address(pod), self._last, RESOLUTION_SECONDS, usages)

    # --- scrapes -----------------------------------------------------------------------------------------------

    def _scrape(self) -> None:
        self._engine.call_later(RESOLUTION_SECONDS, self._scrape)
        if not self.available():
            self._last = self._previous = None
            self._readings, self._pods = {}, {}
            return
        self._previous, self._last = self._last, self._engine.now
        if not self._fleet.is_modelled:
            self._read_processes()

    def _read_processes(self) -> None:
        readings: dict[_Key, Counter] = {}
        workers = [worker for kubelet in self._fleet.kubelets for worker in kubelet.workers.values()]
        samples = [sample for worker in workers if (sample := self._sample(worker, readings)) is not None]
        self._readings, self._pods = readings, {(s.namespace, s.name): s for s in samples}

    def _sample(self, worker: PodWorker, readings: dict[_Key, Counter]) -> PodUsage | None:
        """A pod all of whose running containers have been read twice; notes today's readings."""
        running = [r for r in worker.records.values() if r.process is not None]
        usages: dict[str, Usage] = {}
        for record in running:
            counter = record.process.counter() if record.process is not None else None
            if counter is None:
                continue
            key = (worker.pod["metadata"]["uid"], record.container_id)
            readings[key] = counter
            if key in self._readings:
                usages[record.name] = _usage(self._readings[key], counter)
        return self._usage_of(worker.pod, usages) if running and len(usages) == len(running) else None

    def _node_usage(self, kubelet: Kubelet) -> NodeUsage:
        machine, workers = kubelet.host.machine, kubelet.workers.values()
        samples = [sample for worker in workers if (sample := self._newest(worker.pod)) is not None]
        containers = [usage for sample in samples for usage in sample.containers.values()]
        cpu = sum(u.cpu_milli for u in containers) + machine.template.capacity.cpu_milli * SYSTEM_CPU_FRACTION
        memory = sum(u.memory_bytes for u in containers) + SYSTEM_MEMORY_BYTES
        assert self._last is not None, "there are samples of scrapes only"
        return NodeUsage(machine.name, self._last, RESOLUTION_SECONDS, Usage(cpu, memory))


def _address(pod: Obj) -> tuple[str, str]:
    return pod["metadata"]["namespace"], pod["metadata"]["name"]


def _is_server(pod: Obj) -> bool:
    labels = pod["metadata"].get("labels") or {}
    return SERVER_NAME in (labels.get(SERVER_LABEL), labels.get("k8s-app"))


def _usage(old: Counter, new: Counter) -> Usage:
    elapsed = new.seconds - old.seconds
    cpu_seconds = max(0.0, new.cpu_seconds - old.cpu_seconds)
    return Usage(cpu_seconds / elapsed * 1000 if elapsed > 0 else 0.0, new.memory_bytes)
