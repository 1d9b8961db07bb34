"""Connections into real pods: the ``Streams`` of a cluster with machines.

Called by the API edge for exec, attach and port-forward. Finds the machine, the pod's sandbox there and the container; a
modelled container is refused with what would make it real. Other refusals have the kubelet's words
(``pkg/kubelet/kubelet_pods.go``).
"""

from __future__ import annotations

import asyncio

from wavetank.kube.errors import ApiError, bad_request
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.streaming import Connection, Terminal, Wanted

from .fleet import Fleet
from .kubelet.record import ContainerRecord
from .kubelet.worker import PodWorker
from .runtime.process import ProcessContainer, ProcessSandbox

DIAL_SECONDS = 10.0


class FleetStreams:
    """Finds the machine of a pod and goes there."""

    def __init__(self, cluster: Cluster, fleet: Fleet) -> None:
        self._cluster = cluster
        self._fleet = fleet

    def refusal(self, namespace: str, pod: str, container: str) -> ApiError | None:
        worker = self._worker(namespace, pod)
        if worker is None or worker.sandbox is None:
            return None
        record = worker.records.get(container)
        if not isinstance(worker.sandbox, ProcessSandbox):
            return _modelled(worker.pod, container)
        process = record.process if record is not None else None
        return _modelled(worker.pod, container) if process is not None and not _is_real(process) else None

    async def execute(
        self, namespace: str, pod: str, container: str, command: tuple[str, ...], wanted: Wanted
    ) -> Terminal:
        try:
            return await self._process(namespace, pod, container).execute(command, wanted)
        except OSError as error:
            text = f"Internal error occurred: error executing command in container: {error}"
            raise ApiError(500, "InternalError", text) from error

    async def attach(self, namespace: str, pod: str, container: str, wanted: Wanted) -> Terminal:
        return self._process(namespace, pod, container).attach(wanted)

    async def dial(self, namespace: str, pod: str, port: int) -> Connection:
        worker = self._worker(namespace, pod)
        if worker is None or worker.sandbox is None:
            raise _internal(f"unable to upgrade connection: pod not found ({pod}_{namespace})")
        sandbox = worker.sandbox
        opening = asyncio.open_connection(sandbox.address, sandbox.mapped_ports.get(port, port))
        return await asyncio.wait_for(opening, DIAL_SECONDS)

    def _worker(self, namespace: str, pod: str) -> PodWorker | None:
        obj = self._cluster.get("pods", namespace, pod)
        kubelet = self._fleet.kubelet_of(obj["spec"].get("nodeName", ""))
        return kubelet.workers.get(obj["metadata"]["uid"]) if kubelet is not None else None

    def _process(self, namespace: str, pod: str, container: str) -> ProcessContainer:
        worker = self._worker(namespace, pod)
        record: ContainerRecord | None = worker.records.get(container) if worker is not None else None
        if record is None or not record.running or not isinstance(record.process, ProcessContainer):
            raise _internal(f'unable to upgrade connection: container not found ("{container}")')
        return record.process


def _is_real(process: object) -> bool:
    return isinstance(process, ProcessContainer)


def _internal(text: str) -> ApiError:
    return ApiError(500, "InternalError", f"Internal error occurred: {text}")


def _modelled(pod: Obj, container: str) -> ApiError:
    spec = pod["spec"]
    everyone = (*(spec.get("initContainers") or ()), *spec["containers"])
    image = next((c["image"] for c in everyone if c["name"] == container), "")
    name = pod["metadata"]["name"]
    return bad_request(
        f'container "{container}" of pod "{name}" is modelled: it uses CPU and memory as the load says, and nothing runs in '
        f"it. To make it a process of this computer, start the twin with --run {image}=COMMAND."
    )
