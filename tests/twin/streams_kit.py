"""A cluster with one machine whose pods are processes, and its API, on a loop in a thread: for clients of any kind."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nodes_kit import template

from wavetank.kube.types import Obj
from wavetank.twin.apiserver import ApiServer
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.engine import Engine, Pacer
from wavetank.twin.nodes import Fleet, FleetOptions
from wavetank.twin.nodes.kubelet import Registry
from wavetank.twin.nodes.logs import FleetLogs
from wavetank.twin.nodes.runtime.local_command import LocalCommand
from wavetank.twin.nodes.runtime.process import ProcessOptions, ProcessRuntime
from wavetank.twin.nodes.streaming import FleetStreams

IDLE, TICKER, ECHO, SHELL = "idle", "ticker", "echo", "shell"
_ECHO = """
import os, socket, threading
def serve(peer):
    with peer:
        while data := peer.recv(65536):
            peer.sendall(data.upper())
listening = socket.create_server((os.environ["HOST"], int(os.environ["PORT"])))
while True:
    threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()
"""
COMMANDS = {
    IDLE: LocalCommand(("sleep", "1000")),
    TICKER: LocalCommand(("sh", "-c", "while :; do echo tick; sleep 0.1; done")),
    ECHO: LocalCommand((sys.executable, "-I", "-S", "-c", _ECHO)),
    SHELL: LocalCommand(("sh",)),
}


class StreamWorld:
    """``kubeconfig`` is the administrator's."""

    def __init__(self, folder: Path) -> None:
        self.engine = Engine(seed=5)
        self.cluster = new_cluster(self.engine)
        metadata = {"name": "default", "namespace": "default"}
        self.cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
        options = ProcessOptions(COMMANDS, folder / "state", {"PATH": "/usr/local/bin:/usr/bin:/bin"})
        self.runtime = ProcessRuntime(self.engine, options)
        self.fleet = Fleet(self.cluster, self.runtime, FleetOptions(registry=Registry(size_bytes=0, check_seconds=0.0)))
        self.machine = self.fleet.start(template(boot_seconds=0.0))
        self.engine.run_until(60.0)
        self.pacer = Pacer(self.engine)
        streams = FleetStreams(self.cluster, self.fleet)
        self.api = ApiServer(self.cluster, self.pacer, logs=FleetLogs(self.cluster, self.fleet), streams=streams)
        self.kubeconfig = folder / "kubeconfig"
        self._loop = asyncio.new_event_loop()
        self._ready, self._stopping = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._main(),), daemon=True)

    def create(self, name: str, *images: str, **spec: Any) -> Obj:
        """A pod bound to the machine, with a container for each image."""
        names = ["app", *(f"side-{n}" for n in range(1, len(images)))]
        containers: list[Obj] = [{"name": n, "image": i} for n, i in zip(names, images, strict=True)]
        if images[0] == ECHO:
            containers[0]["ports"] = [{"containerPort": 8080}]
        fields = {"containers": containers, "nodeName": self.machine.name, "terminationGracePeriodSeconds": 1}
        fields |= {"automountServiceAccountToken": False} | spec
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": fields}
        created: Obj = self.call(lambda: self.cluster.create(pod))
        return created

    def call(self, work: Callable[[], Any]) -> Any:
        """Something done on the world's own thread."""
        return self.pacer.submit(work).result(20)

    def run(self, name: str, *images: str, **spec: Any) -> None:
        """``create`` and wait until all containers run."""
        self.create(name, *images, **spec)
        self.until(lambda: self._is_running(name))

    def _is_running(self, name: str) -> bool:
        status = self.cluster.get("pods", "default", name).get("status") or {}
        states = [s["state"] for s in status.get("containerStatuses") or ()]
        return bool(states) and all("running" in state for state in states)

    def until(self, happened: Callable[[], bool], seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while not self.call(happened):
            assert time.monotonic() < end, f"waited {seconds} s in vain"
            time.sleep(0.02)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(20), "the world did not start"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(20)
        assert not self._thread.is_alive(), "the world did not stop"
        self._loop.close()

    async def _main(self) -> None:
        await self.api.start()
        self.api.write_kubeconfig(self.kubeconfig)
        pacing = asyncio.create_task(self.pacer.run())
        await asyncio.sleep(0)
        self._ready.set()
        await self._stopping.wait()
        await self.api.stop()
        pacing.cancel()
        self.fleet.close()
        await asyncio.to_thread(self.runtime.close)
        await asyncio.gather(pacing, return_exceptions=True)


@contextmanager
def open_streams(folder: Path) -> Iterator[StreamWorld]:
    world = StreamWorld(folder)
    world.start()
    try:
        yield world
    finally:
        world.stop()


def processes_with(text: str) -> list[str]:
    """Command lines of processes of this computer that contain a text."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if text in line and "ps -eo" not in line]
