"""Containers that are a few numbers: they run in virtual time, answer probes and use CPU and memory as they are told.

Used for every image that no local command stands for. A ``Behaviour`` is declared per container by whoever builds the
world; the default one is an application that is ready two seconds after its start and idles.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from wavetank.kube import quantity
from wavetank.kube.types import Obj
from wavetank.twin.cluster.ports import Usage
from wavetank.twin.engine import Engine

from .port import Container, Counter, Exit, Launch, Outcome, Sandbox, VolumeFiles, Weighed
from .stated_use import StatedUse, StatedUseError, stated_use


class Check(Protocol):
    """Whether a probe succeeds, by what it asks for and the seconds since the container's start."""

    def __call__(self, target: str, since_start_seconds: float, /) -> bool: ...


#: An idle process: this part of what the container asks for, and never less than a small process takes.
IDLE_CPU_FRACTION = 0.02
IDLE_MEMORY_FRACTION = 0.3
LEAST_MEMORY_BYTES = 16 * 1024**2
#: How often memory is worth a look: the kernel does not wait for the kubelet when it grows, the kubelet looks every ten seconds.
GROWTH_SEEN_SECONDS, CHANGE_SEEN_SECONDS = 1.0, 10.0


@dataclass(frozen=True)
class HealthyFrom:
    """A check whose answers are the same for good once it succeeds, so that nobody need ask again."""

    seconds: float

    def __call__(self, target: str, since_start_seconds: float, /) -> bool:
        return since_start_seconds >= self.seconds


def healthy_after(seconds: float) -> Check:
    """Probes of every kind succeed from that many seconds after the container's start."""
    return HealthyFrom(seconds)


#: Of one container at one moment.
Use = Usage


@dataclass(frozen=True)
class Behaviour:
    """What a modelled container does.

    ``healthy(path_or_kind, seconds_since_start)`` answers its probes (the HTTP path, "tcp", "grpc" or the exec command).
    ``exit_after_seconds`` None: it runs until it is told to stop, and then takes ``stop_seconds`` and exits 0;
    ``stop_seconds`` None: it ignores SIGTERM. ``use(engine seconds)`` None: idle, or, with ``cpu_milli(engine seconds)``, as
    busy as that says with the memory of an idle process, which nobody need weigh.
    """

    healthy: Check = field(default_factory=lambda: healthy_after(2.0))
    exit_after_seconds: float | None = None
    exit: Exit = field(default_factory=lambda: Exit(0, "Completed"))
    stop_seconds: float | None = 0.2
    use: Callable[[float], Use] | None = None
    cpu_milli: Callable[[float], float] | None = None


BehaviourOf = Callable[[Launch], Behaviour]
_RUNS_FOREVER = Behaviour()
_INIT = Behaviour(exit_after_seconds=1.0)


def default_behaviour(launch: Launch) -> Behaviour:
    """Init containers, debugging commands and pods that are meant to end take a second and succeed; the rest runs."""
    spec = launch.pod["spec"]
    if any(c["name"] == launch.container["name"] for c in spec.get("ephemeralContainers") or ()):
        # A shell stays as long as somebody could attach to it; a command that nobody can talk to ends.
        return _INIT if launch.container.get("command") and not launch.container.get("stdin") else _RUNS_FOREVER
    inits = {c["name"] for c in spec.get("initContainers") or () if c.get("restartPolicy") != "Always"}
    ends = launch.container["name"] in inits or spec.get("restartPolicy", "Always") != "Always"
    return _INIT if ends else _RUNS_FOREVER


def idle_use(container: Obj) -> Use:
    requests = container.get("resources", {}).get("requests") or {}
    cpu = quantity.milli(requests.get("cpu", "0")) * IDLE_CPU_FRACTION
    memory = int(quantity.value(requests.get("memory", "0")) * IDLE_MEMORY_FRACTION)
    return Use(cpu, max(memory, LEAST_MEMORY_BYTES))


class ModelledContainer(Weighed):
    """One start of a modelled container."""

    def __init__(self, engine: Engine, launch: Launch, behaviour: Behaviour, on_exit: Callable[[Exit], None]) -> None:
        self._engine = engine
        self._container = launch.container
        self._behaviour = behaviour
        self._on_exit: Callable[[Exit], None] | None = on_exit
        self.started_seconds = engine.now
        self._cpu_seconds = 0.0
        self._counted_seconds = engine.now
        self._stopping = False
        self._idle: Use | None = None
        self._stated = _stated(launch.pod, launch.container["name"])
        if behaviour.exit_after_seconds is not None:
            engine.call_later(behaviour.exit_after_seconds, lambda: self._end(behaviour.exit))

    @property
    def pid(self) -> None:
        return None

    def terminate(self) -> None:
        if self._behaviour.stop_seconds is not None and not self._stopping:
            self._stopping = True
            self._engine.call_later(self._behaviour.stop_seconds, lambda: self._end(Exit(0, "Completed")))

    def kill(self) -> None:
        self._engine.call_soon(lambda: self._end(Exit(137, "Error")))

    def fail(self, exit: Exit) -> None:
        """End now, as told: for faults that somebody injects."""
        self._end(exit)

    def check(self, probe: Obj, done: Callable[[Outcome], None]) -> None:
        target = _target_of(probe)
        success = self._behaviour.healthy(target, self._engine.now - self.started_seconds)
        done(Outcome(True) if success else Outcome(False, _failure_text(probe, target)))

    def is_settled(self) -> bool:
        healthy = self._behaviour.healthy
        return isinstance(healthy, HealthyFrom) and healthy("", self._engine.now - self.started_seconds)

    def run_hook(self, handler: Obj, done: Callable[[Outcome], None]) -> None:
        done(Outcome(True))

    def counter(self) -> Counter:
        now = self._engine.now
        use = self.use_at(now)
        self._cpu_seconds += use.cpu_milli / 1000 * (now - self._counted_seconds)
        self._counted_seconds = now
        return Counter(now, self._cpu_seconds, use.memory_bytes)

    def use_at(self, seconds: float) -> Use:
        """What it uses at a moment of its life, whenever that is asked."""
        if self._stated is not None:
            return self._stated_use(self._stated, seconds)
        return self._own_use(seconds)

    @property
    def varying_use(self) -> Callable[[float], Hashable] | None:
        """What its use depends on as time goes by; None for a use that stays the same. Pods of a service may share one."""
        if self._stated is not None:
            return self.use_at
        return self._behaviour.use or self._behaviour.cpu_milli

    def _own_use(self, seconds: float) -> Use:
        use = self._behaviour.use
        if use is not None:
            return use(seconds)
        if self._idle is None:
            self._idle = idle_use(self._container)
        busy = self._behaviour.cpu_milli
        return self._idle if busy is None else Use(busy(seconds), self._idle.memory_bytes)

    def _stated_use(self, stated: StatedUse, seconds: float) -> Use:
        """What annotations state, and its own use for what they leave open."""
        own, age_seconds = self._own_use(seconds), seconds - self.started_seconds
        cpu = own.cpu_milli if stated.cpu is None else float(stated.cpu.after(age_seconds) * 1000)
        memory = own.memory_bytes if stated.memory is None else int(stated.memory.after(age_seconds))
        return Use(cpu, memory)

    @property
    def is_lively(self) -> bool:
        return self._behaviour.use is not None or self._stated is not None

    @property
    def look_again_seconds(self) -> float | None:
        if self._stated is not None and self._stated.memory is not None:
            return GROWTH_SEEN_SECONDS if self._stated.grows else None
        return None if self._behaviour.use is None else CHANGE_SEEN_SECONDS

    def memory_bytes(self) -> int:
        return self.use_at(self._engine.now).memory_bytes

    def run_out_of_memory(self) -> None:
        self._end(Exit(137, "OOMKilled"))

    def pod_changed(self, pod: Obj) -> None:
        self.counter()  # what was used so far counts as it was
        self._stated = _stated(pod, self._container["name"])

    def log_files(self) -> list[Path]:
        return []

    def _end(self, exit: Exit) -> None:
        on_exit, self._on_exit = self._on_exit, None
        if on_exit is not None:
            on_exit(exit)


def _stated(pod: Obj, container: str) -> StatedUse | None:
    """An annotation that cannot be read states nothing; the kubelet tells of it."""
    try:
        return stated_use(pod, container)
    except StatedUseError:
        return None


def _target_of(probe: Obj) -> str:
    match probe:
        case {"httpGet": {"path": path}}:
            return str(path)
        case {"httpGet": _}:
            return "/"
        case {"exec": {"command": command}}:
            return " ".join(command)
        case {"grpc": _}:
            return "grpc"
        case _:
            return "tcp"


def _failure_text(probe: Obj, target: str) -> str:
    if "httpGet" in probe:
        return "HTTP probe failed with statuscode: 503"
    return f"{target}: not healthy yet"


class ModelledSandbox:
    """A pod whose containers are all modelled."""

    def __init__(self, engine: Engine, address: str, behaviour_of: BehaviourOf) -> None:
        self.address = address
        self.mapped_ports: Mapping[int, int] = {}
        self._engine = engine
        self._behaviour_of = behaviour_of

    def lay_out(self, volumes: Callable[[], Mapping[str, VolumeFiles]]) -> None:
        return

    def start(self, launch: Launch, on_exit: Callable[[Exit], None]) -> Container:
        return ModelledContainer(self._engine, launch, self._behaviour_of(launch), on_exit)

    def remove(self) -> None:
        return


class ModelledRuntime:
    """Every container is modelled. Needs no event loop: pure virtual time."""

    def __init__(self, engine: Engine, behaviour_of: BehaviourOf = default_behaviour) -> None:
        self._engine = engine
        self._behaviour_of = behaviour_of

    def open(self, pod: Obj, address: str) -> Sandbox:
        return ModelledSandbox(self._engine, address, self._behaviour_of)

    def is_local(self, image: str) -> bool:
        return False
