"""What a kubelet remembers of one container of a pod, and how that reads in the pod's status.

Written by the pod's worker and its probes only; ``container_status`` is a pure reading of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from wavetank.kube.resources import is_sidecar
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj
from wavetank.twin.nodes.runtime.port import Container, Exit

from .backoff import Backoff

Clock: TypeAlias = Callable[[float], datetime]


@dataclass(frozen=True)
class Waiting:
    reason: str
    message: str = ""


@dataclass(frozen=True)
class Running:
    started_seconds: float


@dataclass(frozen=True)
class Terminated:
    exit: Exit
    started_seconds: float
    finished_seconds: float
    container_id: str


State: TypeAlias = Waiting | Running | Terminated
Role: TypeAlias = Literal["main", "init", "sidecar", "ephemeral"]


@dataclass
class ContainerRecord:
    """One container of one pod, over all its starts. ``restart_count`` counts starts after the first."""

    spec: Obj
    role: Role
    state: State
    last: Terminated | None = None
    restart_count: int = 0
    container_id: str = ""
    process: Container | None = None
    #: Passed its startup probe, or has none and runs.
    started: bool = False
    ready: bool = False
    #: Being pulled, created or killed: not to be started by anyone else.
    busy: bool = False
    backoff: Backoff = field(default_factory=Backoff)
    image_backoff: Backoff = field(default_factory=Backoff)
    retry_seconds: float = 0.0
    log_files: list[Path] = field(default_factory=list)
    previous_log_files: list[Path] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.spec["name"])

    @property
    def running(self) -> bool:
        return isinstance(self.state, Running)

    @property
    def succeeded(self) -> bool:
        return isinstance(self.state, Terminated) and self.state.exit.code == 0

    def probe(self, kind: str) -> Obj | None:
        found: Obj | None = self.spec.get(f"{kind}Probe")
        return found

    def ended(self) -> Terminated | None:
        """How the newest start ended; None while it runs or before the first."""
        match self.state:
            case Terminated():
                return self.state
            case Waiting():
                return self.last
            case Running():
                return None


def role_of(spec: Obj, *, init: bool) -> Role:
    if not init:
        return "main"
    return "sidecar" if is_sidecar(spec) else "init"


def records_of(pod: Obj) -> dict[str, ContainerRecord]:
    """Fresh records of all containers, init containers first, those for debugging last."""
    inits = pod["spec"].get("initContainers") or ()
    reason = Waiting("PodInitializing" if inits else "ContainerCreating")
    records = [ContainerRecord(c, role_of(c, init=True), Waiting("PodInitializing")) for c in inits]
    records += [ContainerRecord(c, "main", reason) for c in pod["spec"]["containers"]]
    records += [ephemeral_record(c) for c in pod["spec"].get("ephemeralContainers") or ()]
    return {record.name: record for record in records}


def ephemeral_record(spec: Obj) -> ContainerRecord:
    """A container that somebody added to a running pod (``kubectl debug``)."""
    return ContainerRecord(spec, "ephemeral", Waiting("ContainerCreating"))


def container_id(pod_uid: str, name: str, restart_count: int) -> str:
    digest = hashlib.sha256(f"{pod_uid}/{name}/{restart_count}".encode()).hexdigest()
    return f"containerd://{digest}"


def image_id(image: str) -> str:
    """A digest that stands for the image; real registries are never asked."""
    repository = image.partition("@")[0]
    head, slash, tail = repository.rpartition("/")
    return f"{head}{slash}{tail.partition(':')[0]}@sha256:{hashlib.sha256(image.encode()).hexdigest()}"


def container_status(record: ContainerRecord, at: Clock) -> Obj:
    """The ``ContainerStatus`` of a record (kubelet ``convertToAPIContainerStatuses``)."""
    status: Obj = {
        "name": record.name,
        "state": _state(record.state, at),
        "lastState": _state(record.last, at) if record.last else {},
        "ready": record.ready,
        "restartCount": record.restart_count,
        "image": record.spec["image"],
        "imageID": image_id(record.spec["image"]) if record.container_id else "",
        "started": record.started and record.running,
    }
    if record.container_id:
        status["containerID"] = record.container_id
    resources = record.spec.get("resources")
    if resources and record.running:
        status["resources"] = resources
        if resources.get("requests"):
            status["allocatedResources"] = resources["requests"]
    mounts = record.spec.get("volumeMounts")
    if mounts:
        status["volumeMounts"] = [_mount_status(mount) for mount in mounts]
    return status


def _mount_status(mount: Obj) -> Obj:
    status: Obj = {"mountPath": mount["mountPath"], "name": mount["name"]}
    if mount.get("readOnly"):
        status |= {"readOnly": True, "recursiveReadOnly": "Disabled"}
    return status


def _state(state: State, at: Clock) -> Obj:
    match state:
        case Waiting(reason, message):
            return {"waiting": {"reason": reason} | ({"message": message} if message else {})}
        case Running(started):
            return {"running": {"startedAt": rfc3339(at(started))}}
        case Terminated(exit, started, finished, identity):
            told = {"exitCode": exit.code, "reason": exit.reason}
            if exit.message:
                told["message"] = exit.message
            times = {"startedAt": rfc3339(at(started)), "finishedAt": rfc3339(at(finished))}
            return {"terminated": told | times | {"containerID": identity}}
