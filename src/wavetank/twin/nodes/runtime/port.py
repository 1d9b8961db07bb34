"""What a kubelet needs of the thing that runs containers, and the values that pass between them.

Implemented by ``modelled`` (containers are a few numbers) and ``process`` (containers are operating-system processes).
The kubelet owns every decision: when to start, probe, kill and restart. A runtime only does and reports.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from wavetank.kube.types import Obj


class StartError(Exception):
    """A container could not be created; the kubelet reports the message as ``CreateContainerError`` and tries again."""


@dataclass(frozen=True)
class Exit:
    """How a container ended. ``reason`` as containerd says it: Completed, Error, OOMKilled, StartError."""

    code: int
    reason: str
    message: str = ""


@dataclass(frozen=True)
class Outcome:
    """The answer to a probe or a hook; ``output`` is what an Unhealthy event quotes."""

    success: bool
    output: str = ""


@dataclass(frozen=True)
class Counter:
    """CPU time used since the start and memory in use, read at ``seconds`` of a steady clock of the runtime's own."""

    seconds: float
    cpu_seconds: float
    memory_bytes: int


@dataclass(frozen=True)
class Launch:
    """One start of a container: ``environment``, ``arguments`` and ``command`` are complete, ``restart_count`` counts from 0."""

    pod: Obj
    container: Obj
    environment: Mapping[str, str]
    arguments: tuple[str, ...]
    restart_count: int
    command: tuple[str, ...] = ()


@dataclass(frozen=True)
class VolumeFiles:
    """A volume to lay out: files by relative path, or a folder that starts empty, or that of a persistent volume by name."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    writable: bool = False
    persistent: str = ""
    mode: int = 0o644


class Container(Protocol):
    """A container that was started. All calls return at once; answers come later, inside an action of the engine."""

    def terminate(self) -> None:
        """SIGTERM to its main process; nothing when it has ended."""
        ...

    def kill(self) -> None:
        """SIGKILL to every process of it; nothing when it has ended."""
        ...

    def check(self, probe: Obj, done: Callable[[Outcome], None]) -> None:
        """Do what a probe says, within its ``timeoutSeconds``; ``done`` is called exactly once."""
        ...

    def is_settled(self) -> bool:
        """Whether every probe succeeds and will succeed as long as this container runs: then nobody need ask again."""
        ...

    def run_hook(self, handler: Obj, done: Callable[[Outcome], None]) -> None:
        """Do what a lifecycle handler says (exec or httpGet; sleep is the kubelet's); ``done`` is called exactly once."""
        ...

    def counter(self) -> Counter | None:
        """Resource use so far; None when it cannot be read."""
        ...

    @property
    def pid(self) -> int | None:
        """Of its main process on this computer; None for a modelled one, and until a real one has begun."""
        ...

    def log_files(self) -> list[Path]:
        """The files that hold this start's output, oldest first; empty for a container that prints nothing."""
        ...


class Weighed(ABC):
    """A container whose memory the kubelet can ask for at no cost, and kill as a kernel would: a modelled one.

    A base class and no protocol: it is asked for at every change of a pod, and the check of a protocol takes far longer.
    """

    @property
    @abstractmethod
    def is_lively(self) -> bool:
        """Whether its use may be other than that of an idle container."""

    @property
    @abstractmethod
    def look_again_seconds(self) -> float | None:
        """After how long its memory may be worth another look; None when it stays as it is until somebody changes it."""

    @abstractmethod
    def memory_bytes(self) -> int: ...

    @abstractmethod
    def run_out_of_memory(self) -> None:
        """The kernel kills it for want of memory: exit code 137, reason OOMKilled."""

    @abstractmethod
    def pod_changed(self, pod: Obj) -> None:
        """Annotations of its pod may state another use now."""


class Sandbox(Protocol):
    """What the containers of one pod share."""

    @property
    def address(self) -> str:
        """The pod's IP."""
        ...

    @property
    def mapped_ports(self) -> Mapping[int, int]:
        """Where a port of the pod really listens, for ports that could not be had at ``address``."""
        ...

    def lay_out(self, volumes: Callable[[], Mapping[str, VolumeFiles]]) -> None:
        """Create or refresh the pod's volumes, by name. Their contents are computed only where files are kept."""
        ...

    def start(self, launch: Launch, on_exit: Callable[[Exit], None]) -> Container:
        """Start a container; ``on_exit`` is called exactly once, inside an engine action. Raises StartError."""
        ...

    def remove(self) -> None:
        """Kill what is left and free what the pod held."""
        ...


class Runtime(Protocol):
    """Opens sandboxes."""

    def open(self, pod: Obj, address: str) -> Sandbox:
        """A sandbox for a pod; ``address`` is the one the pod network gave it, which a runtime may replace."""
        ...

    def is_local(self, image: str) -> bool:
        """Whether the image is at hand on this computer and needs no pull."""
        ...
