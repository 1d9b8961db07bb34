"""Containers whose image names a local command: operating-system processes with an address, folders and logs of their own.

Needs a running asyncio loop, which is the thread that owns the engine. What the outside reports (exits, probe answers) is
posted into the engine; nothing here changes the cluster. Containers of other images are modelled, also beside real ones.

What cannot be had without containers: another root file system, so ``readOnlyRootFilesystem`` is not enforced and mount
paths do not exist (the command is told where its volumes are); other users, so ``runAsUser`` and ``fsGroup`` are ignored;
limits, so CPU and memory are measured and not capped.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from wavetank.kube.types import Obj
from wavetank.twin.cluster.streaming import Terminal, Wanted
from wavetank.twin.engine import Engine

from .api_access import TOKEN_MOUNT, Account, ApiUrl, api_variables, write_kubeconfig
from .exec_attach import Audience
from .exec_process import ExecProcess
from .folders import PodFolders
from .local_command import Filling, LocalCommand, UnknownVolumeError, command_for, filled_argv, located
from .log_file import LogFile, entries_of
from .loopback import LoopbackAddresses, Place
from .modelled import BehaviourOf, ModelledContainer, ModelledSandbox, default_behaviour
from .network_probes import HttpGet, headers_of, http_outcome, tcp_outcome
from .port import Container, Counter, Exit, Launch, Outcome, Sandbox, StartError, VolumeFiles
from .supervised import Command, Ended, Sink, Stream, SupervisedProcess
from .usage import tree_counter

Post = Callable[[Callable[[], None]], object]
#: What an exec probe or hook may print; the rest is dropped (``maxReadLength`` of kubelet exec probes).
OUTPUT_LIMIT_BYTES = 10 * 1024
CLOSE_SECONDS = 5.0
#: Limits of termination messages (kubelet ``MaxContainerTerminationMessage*``).
MESSAGE_BYTES, LOG_MESSAGE_BYTES, MESSAGE_LINES = 4096, 2048, 80
LOG_MESSAGE_READ_BYTES = 64 * 1024
DEFAULT_HOOK_SECONDS = 3600.0


@dataclass(frozen=True)
class ProcessOptions:
    """``base_environment``: PATH and the like; ``pod_environment``: what a given pod gets besides (proxies, say).

    ``api_url``: where the API listens, for containers that use it as their pod's service account.

    ``own_addresses`` False: all pods share one address and have mapped ports, as on systems other than Linux.
    ``post`` runs an action inside the engine, with the clock brought forward first; ``clock`` is the time for log lines.
    """

    commands: Mapping[str, LocalCommand]
    state_folder: Path
    base_environment: Mapping[str, str] = field(default_factory=dict)
    pod_environment: Callable[[Obj, str], Mapping[str, str]] = lambda pod, address: {}
    api_url: ApiUrl = str
    behaviour_of: BehaviourOf = default_behaviour
    own_addresses: bool = True
    post: Post | None = None
    clock: Callable[[], datetime] | None = None


class ProcessRuntime:
    """Opens sandboxes: real ones for pods with a local command, modelled ones for the others."""

    def __init__(self, engine: Engine, options: ProcessOptions) -> None:
        self.engine = engine
        self.options = options
        self.addresses = LoopbackAddresses(own=options.own_addresses)
        self.post: Post = options.post or engine.call_soon
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._processes: set[SupervisedProcess] = set()
        self._executing: set[ExecProcess] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    def now(self) -> datetime:
        return self.options.clock() if self.options.clock is not None else self.engine.utc

    def is_local(self, image: str) -> bool:
        return command_for(image, self.options.commands) is not None

    def open(self, pod: Obj, address: str) -> Sandbox:
        spec = pod["spec"]
        everyone = [*(spec.get("initContainers") or ()), *spec["containers"]]
        if any(self.is_local(container["image"]) for container in everyone):
            return ProcessSandbox(self, pod)
        return ModelledSandbox(self.engine, address, self.options.behaviour_of)

    def ask(self, question: Coroutine[Any, Any, Outcome], done: Callable[[Outcome], None]) -> None:
        """Await an answer beside the engine and hand it in."""

        async def answer() -> None:
            outcome = await question
            self.post(lambda: done(outcome))

        task = self.loop.create_task(answer())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def spawn(self, command: Command, sink: Sink, on_end: Callable[[Ended], None]) -> SupervisedProcess:
        """A process that is waited for when the runtime closes. Raises OSError."""
        self._loop, self._thread = self.loop, threading.get_ident()
        process = SupervisedProcess(self.loop, command, sink, on_end)
        process.on_gone = lambda: self._processes.discard(process)
        self._processes.add(process)
        return process

    async def execute(self, command: Command, wanted: Wanted) -> ExecProcess:
        """A command with live streams, whose end is waited for when the runtime closes. Raises OSError."""
        self._loop, self._thread = self.loop, threading.get_ident()
        process = ExecProcess(command, wanted, self._executing.discard)
        self._executing.add(process)
        try:
            await process.begin()
        except BaseException:
            process.close()
            raise
        return process

    def close(self) -> None:
        """End every process and wait for it, some seconds at most. May be called beside the loop's thread to keep it free."""
        if self._loop is None:
            return
        if threading.get_ident() == self._thread:
            self._let_go()
        else:
            self._loop.call_soon_threadsafe(self._let_go)
        for process in self._everything():
            process.wait(CLOSE_SECONDS)

    def _let_go(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        for process in self._everything():
            process.close()

    def _everything(self) -> list[SupervisedProcess | ExecProcess]:
        return [*self._processes, *self._executing]


class ProcessSandbox:
    """A pod with at least one real container."""

    def __init__(self, runtime: ProcessRuntime, pod: Obj) -> None:
        self.runtime = runtime
        self.folders = PodFolders(runtime.options.state_folder, pod["metadata"]["uid"])
        self.place: Place = runtime.addresses.take(_ports_of(pod))
        self._containers: list[ProcessContainer] = []
        self._volumes: dict[str, Path] = {}

    @property
    def address(self) -> str:
        return self.place.address

    @property
    def mapped_ports(self) -> Mapping[int, int]:
        return self.place.mapped_ports

    def real_port(self, port: int) -> int:
        return self.place.mapped_ports.get(port, port)

    def lay_out(self, volumes: Callable[[], Mapping[str, VolumeFiles]]) -> None:
        contents = volumes()
        self.folders.lay_out(contents)
        self._volumes = {name: self.folders.volume(name) for name in contents}

    def start(self, launch: Launch, on_exit: Callable[[Exit], None]) -> Container:
        runtime = self.runtime
        command = command_for(launch.container["image"], runtime.options.commands)
        if command is None:
            return ModelledContainer(runtime.engine, launch, runtime.options.behaviour_of(launch), on_exit)
        try:
            mounts = self._mounts(launch.container)
            container = ProcessContainer(self, launch, self._command(launch, command), mounts, on_exit)
        except (OSError, UnknownVolumeError) as error:
            raise StartError(f"failed to start the local command {command.argv[0]}: {error}") from error
        self._containers.append(container)
        return container

    def remove(self) -> None:
        for container in self._containers:
            container.close()
        self.folders.remove()
        self.runtime.addresses.give_back(self.address)

    def _command(self, launch: Launch, command: LocalCommand) -> Command:
        metadata = launch.pod["metadata"]
        ports = [int(p["containerPort"]) for p in launch.container.get("ports") or ()]
        port = self.real_port(ports[0]) if ports else 0
        filling = Filling(self.address, port, self.folders.root, metadata["name"], metadata["namespace"], self._volumes)
        folder = command.folder if command.folder is not None else self.folders.root
        mounts = self._mounts(launch.container)
        argv = filled_argv(command, filling, located(launch.arguments, mounts), located(launch.command, mounts))
        if not argv:
            raise StartError(
                "no command specified: the image runs as a process here, and the container names no command"
            )
        return Command(argv, self._environment(launch, command, filling), folder)

    def _mounts(self, container: Obj) -> dict[str, Path]:
        """Where the container's volumes are on this computer, by where they are in the container."""
        mounts = [each for each in container.get("volumeMounts") or () if each["name"] in self._volumes]
        return {each["mountPath"]: self._volumes[each["name"]] / each.get("subPath", "") for each in mounts}

    def _environment(self, launch: Launch, command: LocalCommand, filling: Filling) -> dict[str, str]:
        """Later ones win: this computer's, the world's, the container's, where to listen, the local command's."""
        options = self.runtime.options
        scratch = {"HOME": str(self.folders.root), "TMPDIR": str(self.folders.temporary)}
        scratch["TERMINATION_MESSAGE_PATH"] = str(self.folders.termination_file(launch.container["name"]))
        names = {"HOSTNAME": launch.pod["metadata"]["name"]}
        names |= {f"VOLUME_{n.upper().replace('-', '_')}": str(p) for n, p in self._volumes.items()}
        where = {"HOST": filling.host} | ({"PORT": str(filling.port)} if filling.port else {})
        own = {name: filling.filled(value) for name, value in command.environment.items()}
        around = {**options.base_environment, **scratch, **names, **options.pod_environment(launch.pod, self.address)}
        # A variable that names a place in a volume means where that is on this computer, like words of the command.
        mounts = self._mounts(launch.container)
        variables = dict(zip(launch.environment, located(tuple(launch.environment.values()), mounts), strict=True))
        api = api_variables(options.api_url(), variables)
        return {**around, **self._kubeconfig(launch, mounts), **variables, **api, **where, **own}

    def _kubeconfig(self, launch: Launch, mounts: Mapping[str, Path]) -> dict[str, str]:
        """A file for clients of the API, in a container that has its service account's token."""
        url = self.runtime.options.api_url()
        if not url or TOKEN_MOUNT not in mounts:
            return {}
        path = self.folders.kubeconfig(launch.container["name"])
        write_kubeconfig(path, url, Account(mounts[TOKEN_MOUNT], launch.pod["metadata"]["namespace"]))
        return {"KUBECONFIG": str(path)}


class ProcessContainer:
    """One start of a real container."""

    def __init__(
        self,
        sandbox: ProcessSandbox,
        launch: Launch,
        command: Command,
        mounts: Mapping[str, Path],
        on_exit: Callable[[Exit], None],
    ) -> None:
        self._sandbox = sandbox
        self._runtime = sandbox.runtime
        self._launch = launch
        self._command = command
        self._mounts = mounts
        self._on_exit = on_exit
        path = sandbox.folders.log_file(launch.container["name"], launch.restart_count)
        self._log = LogFile(path, self._runtime.now)
        self._audience = Audience()
        self._guests: set[ExecProcess] = set()
        try:
            self._process = self._runtime.spawn(command, self._print, self._ended)
        except OSError:
            self._log.close()
            raise
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Of the container's main process, once it runs."""
        return self._process.pid

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        """Kill without a report."""
        if not self._closed:
            self._closed = True
            self._process.close()
            self._log.close()
            self._end_guests(137)

    def check(self, probe: Obj, done: Callable[[Outcome], None]) -> None:
        timeout = float(probe.get("timeoutSeconds") or 1)
        self._runtime.ask(self._outcome(probe, timeout), done)

    def is_settled(self) -> bool:
        return False

    def run_hook(self, handler: Obj, done: Callable[[Outcome], None]) -> None:
        self._runtime.ask(self._outcome(handler, DEFAULT_HOOK_SECONDS), done)

    def counter(self) -> Counter | None:
        return tree_counter(self._process.pid) if self._process.pid is not None else None

    def log_files(self) -> list[Path]:
        return [self._log.path]

    # --- guests ------------------------------------------------------------------------------------------------

    async def execute(self, argv: tuple[str, ...], wanted: Wanted) -> Terminal:
        """Run a command in the container's folder and environment; it ends with the container. Raises OSError."""
        process = await self._runtime.execute(self._beside(argv), wanted)
        self._guests = {p for p in self._guests if not p.is_closed} | {process}
        if self._closed:
            process.close()
        return process

    def attach(self, wanted: Wanted) -> Terminal:
        """The container's own output from now on."""
        return self._audience.admit(wanted)

    def _print(self, stream: Stream, data: bytes) -> None:
        self._log.write(stream, data)
        self._audience.show(stream, data)

    def _end_guests(self, code: int) -> None:
        self._audience.end(code)
        for process in tuple(self._guests):
            process.close()

    # --- the end -----------------------------------------------------------------------------------------------

    def _ended(self, ended: Ended) -> None:
        if self._closed:
            return
        self._closed = True
        self._log.close()
        self._end_guests(ended.code)
        outcome = _exit_of(ended, self._command)
        message = outcome.message or self._termination_message(outcome)
        self._runtime.post(lambda: self._on_exit(replace(outcome, message=message)))

    def _termination_message(self, exit: Exit) -> str:
        """What the process left in its termination file, or the end of its log where the container asks for that."""
        written = _read_end(self._sandbox.folders.termination_file(self._launch.container["name"]), MESSAGE_BYTES)
        wants_log = self._launch.container.get("terminationMessagePolicy") == "FallbackToLogsOnError"
        if written or exit.code == 0 or not wants_log:
            return written.decode(errors="replace")
        lines = [e.text for e in entries_of(_read_end(self._log.path, LOG_MESSAGE_READ_BYTES))][-MESSAGE_LINES:]
        return (b"\n".join(lines) + b"\n")[-LOG_MESSAGE_BYTES:].decode(errors="replace") if lines else ""

    async def _outcome(self, probe: Obj, timeout_seconds: float) -> Outcome:
        match probe:
            case {"httpGet": action}:
                host = action.get("host") or self._sandbox.address
                scheme = action.get("scheme", "HTTP").lower()
                headers = headers_of(action.get("httpHeaders") or ())
                path = "/" + action.get("path", "/").lstrip("/")
                return await http_outcome(
                    HttpGet(scheme, host, self._port(action["port"]), path, headers), timeout_seconds
                )
            case {"tcpSocket": action} | {"grpc": action}:
                # A gRPC health check is asked no more than whether somebody listens.
                host = action.get("host") or self._sandbox.address
                return await tcp_outcome(host, self._port(action["port"]), timeout_seconds)
            case {"exec": action}:
                return await self._executed(tuple(action["command"]), timeout_seconds)
            case _:
                return Outcome(False, "missing probe handler")

    def _port(self, wanted: int | str) -> int:
        ports = self._launch.container.get("ports") or ()
        if isinstance(wanted, str) and not wanted.isdigit():
            wanted = next((p["containerPort"] for p in ports if p.get("name") == wanted), 0)
        return self._sandbox.real_port(int(wanted))

    def _beside(self, argv: tuple[str, ...]) -> Command:
        """Words of an exec or a probe, with places in volumes turned into those of this computer, as in the container's own."""
        return Command(located(argv, self._mounts), self._command.environment, self._command.folder)

    async def _executed(self, argv: tuple[str, ...], timeout_seconds: float) -> Outcome:
        """Run a command in the container's folder and environment."""
        output = bytearray()
        over: asyncio.Future[Ended] = self._runtime.loop.create_future()

        def keep(stream: Stream, data: bytes) -> None:
            output.extend(data[: OUTPUT_LIMIT_BYTES - len(output)])

        process = self._runtime.spawn(self._beside(argv), keep, over.set_result)
        try:
            ended = await asyncio.wait_for(over, timeout_seconds)
        except TimeoutError:
            return Outcome(False, f'command timed out: "{" ".join(argv)}" timed out after {timeout_seconds:g}s')
        finally:
            process.close()
        text = (ended.problem and f'exec: "{argv[0]}": {ended.problem}') or output.decode(errors="replace")
        return Outcome(ended.code == 0, text)


def _read_end(path: Path, limit_bytes: int) -> bytes:
    """The last bytes of a file; nothing when it is not there."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - limit_bytes))
            return file.read()
    except FileNotFoundError:
        return b""


def _exit_of(ended: Ended, command: Command) -> Exit:
    if ended.problem:
        why = f'unable to start container process: exec: "{command.argv[0]}": {ended.problem}'
        return Exit(ended.code, "StartError", f"failed to create containerd task: {why}")
    return Exit(ended.code, "Completed" if ended.code == 0 else "Error")


def _ports_of(pod: Obj) -> list[int]:
    spec = pod["spec"]
    everyone = [*(spec.get("initContainers") or ()), *spec["containers"]]
    return [
        int(p["containerPort"]) for c in everyone for p in c.get("ports") or () if p.get("protocol", "TCP") == "TCP"
    ]
