"""Container logs as a kubelet serves them; the ``LogSource`` of a cluster with machines.

Read by the API edge for ``GET pods/NAME/log``. A modelled container prints nothing: its log is empty. Refusals have the
words of the API server (``registry/core/pod/strategy.go``) and of the kubelet (``validateContainerLogStatus``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, timedelta
from pathlib import Path

from wavetank.kube.errors import ApiError, bad_request
from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.ports import LogQuery

from .fleet import Fleet
from .kubelet.record import ContainerRecord, Waiting
from .runtime.log_file import Entry, entries_of

FOLLOW_SECONDS = 0.1
CHUNK_BYTES = 64 * 1024


class FleetLogs:
    """Finds the machine of a pod and reads the log there."""

    def __init__(self, cluster: Cluster, fleet: Fleet) -> None:
        self._cluster = cluster
        self._fleet = fleet

    async def read(self, namespace: str, pod: str, query: LogQuery) -> AsyncIterator[bytes]:
        """Chunks of the log; ApiError before the first one when there is none."""
        obj = self._cluster.get("pods", namespace, pod)
        container = container_of(obj, query.container)
        if not obj["spec"].get("nodeName"):
            return
        record = self._record(obj, container)
        paths = _checked_paths(obj, record, query)
        since = self._since(query)
        async for chunk in _limited(self._chunks(record, paths, query, since), query.limit_bytes):
            yield chunk

    def _since(self, query: LogQuery) -> bytes:
        if query.since_seconds is None:
            return b""
        moment = self._cluster.engine.utc - timedelta(seconds=query.since_seconds)
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z").encode()

    def _record(self, pod: Obj, container: str) -> ContainerRecord:
        node_name = pod["spec"]["nodeName"]
        kubelet = self._fleet.kubelet_of(node_name)
        if kubelet is None:
            address = (pod.get("status") or {}).get("hostIP", node_name)
            raise ApiError(
                500,
                "InternalError",
                f'Get "https://{address}:10250/containerLogs": dial tcp {address}:10250: i/o timeout',
            )
        worker = kubelet.workers.get(pod["metadata"]["uid"])
        if worker is None or container not in worker.records:
            raise bad_request(f'container "{container}" in pod "{pod["metadata"]["name"]}" is not available')
        return worker.records[container]

    async def _chunks(
        self, record: ContainerRecord, paths: list[Path], query: LogQuery, since: bytes
    ) -> AsyncIterator[bytes]:
        entries = [e for path in paths for e in entries_of(_content(path)) if e.stamp >= since]
        for chunk in _joined(_tail(entries, query.tail_lines), timestamps=query.timestamps):
            yield chunk
        if query.follow and not query.previous and paths:
            async for chunk in _followed(record, paths[-1], query):
                yield chunk


def container_of(pod: Obj, wanted: str) -> str:
    """The container that is asked for; ApiError 400 when it is not there or must be named."""
    name, spec = pod["metadata"]["name"], pod["spec"]
    main = [c["name"] for c in spec["containers"]]
    inits = [c["name"] for c in spec.get("initContainers") or ()]
    others = [c["name"] for c in spec.get("ephemeralContainers") or ()]
    if wanted:
        if wanted not in (*main, *inits, *others):
            raise bad_request(f"container {wanted} is not valid for pod {name}")
        return wanted
    default = (pod["metadata"].get("annotations") or {}).get("kubectl.kubernetes.io/default-container")
    if len(main) == 1:
        return str(main[0])
    if default in main:
        return str(default)
    text = f"a container name must be specified for pod {name}, choose one of: [{' '.join(main)}]"
    raise bad_request(text + (f" or one of the init containers: [{' '.join(inits)}]" if inits else ""))


def _checked_paths(pod: Obj, record: ContainerRecord, query: LogQuery) -> list[Path]:
    """The files to read; ApiError 400 when there are none to read yet."""
    subject = f'container "{record.name}" in pod "{pod["metadata"]["name"]}"'
    if query.previous:
        if record.last is None:
            raise bad_request(f"previous terminated {subject} not found")
        # Between two starts the newest files are those of the start that ended last.
        return record.log_files if isinstance(record.state, Waiting) else record.previous_log_files
    if isinstance(record.state, Waiting) and record.last is None:
        raise bad_request(f"{subject} is waiting to start: {_why(record.state)}")
    return record.log_files


def _why(waiting: Waiting) -> str:
    match waiting.reason:
        case "ErrImagePull":
            return "image can't be pulled"
        case "ImagePullBackOff":
            return "trying and failing to pull image"
        case reason:
            return reason


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _tail(entries: list[Entry], lines: int | None) -> list[Entry]:
    """The last ``lines`` lines; pieces of a line belong together."""
    if lines is None:
        return entries
    count = 0
    for index in range(len(entries) - 1, -1, -1):
        count += entries[index].full or index == len(entries) - 1
        if count > lines:
            return entries[index + 1 :]
    return entries


def _joined(entries: Iterable[Entry], *, timestamps: bool) -> Iterator[bytes]:
    chunk = b""
    for entry in entries:
        chunk += entry.shown(timestamps=timestamps)
        if len(chunk) >= CHUNK_BYTES:
            yield chunk
            chunk = b""
    if chunk:
        yield chunk


async def _followed(record: ContainerRecord, path: Path, query: LogQuery) -> AsyncIterator[bytes]:
    """What is written from now on, until this start of the container has ended."""
    followed_id = record.container_id
    offset = len(_content(path))
    running = True
    while running:
        running = record.container_id == followed_id and record.running
        new = _content_from(path, offset)
        whole = new[: new.rfind(b"\n") + 1]
        offset += len(whole)
        for chunk in _joined(entries_of(whole), timestamps=query.timestamps):
            yield chunk
        if running:
            await asyncio.sleep(FOLLOW_SECONDS)


def _content_from(path: Path, offset: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read()
    except FileNotFoundError:
        return b""


async def _limited(chunks: AsyncIterator[bytes], limit_bytes: int | None) -> AsyncIterator[bytes]:
    left = limit_bytes
    async for chunk in chunks:
        if left is None:
            yield chunk
            continue
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            return
