"""A world whose pods are real processes, paced against the wall clock; and a small HTTP server for them to run."""

from __future__ import annotations

import asyncio
import sys
import textwrap
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from nodes_kit import template

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.engine import Engine, Pacer
from wavetank.twin.nodes import Fleet, FleetOptions
from wavetank.twin.nodes.kubelet import Registry
from wavetank.twin.nodes.runtime.local_command import LocalCommand
from wavetank.twin.nodes.runtime.process import ProcessOptions, ProcessRuntime

IMAGE = "registry.example/server"
SERVER = textwrap.dedent(
    """
    import http.server, json, os, signal, sys, threading, time

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def do_GET(self):
            if self.path == "/crash":
                os._exit(3)
            if self.path == "/burn":
                threading.Thread(target=burn, daemon=True).start()
            code = 503 if os.path.exists("unready") and self.path == "/ready" else 200
            if self.path == "/slow":
                time.sleep(1.0)
            body = json.dumps({"pod": os.environ["HOSTNAME"], "pid": os.getpid(), "env": dict(os.environ)}).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        def log_message(self, *args):
            pass

    def burn():
        end = time.time() + 60
        while time.time() < end:
            sum(range(1000))

    def leave(*args):
        print("leaving", flush=True)
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    address = (os.environ["HOST"], int(os.environ["PORT"]))
    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 128
    server = Server(address, Handler)
    print("listening on %s:%d" % address, flush=True)
    print("to stderr", file=sys.stderr, flush=True)
    server.serve_forever()
    """
)


class RealWorld:
    """One machine, one runtime of processes. Use ``run`` to do something in it.

    Time goes faster than on the wall, so that periods and delays cost little; processes and timeouts of probes do not.
    """

    def __init__(
        self,
        folder: Path,
        commands: Mapping[str, LocalCommand] | None = None,
        *,
        own_addresses: bool = True,
        speed: float = 5.0,
    ) -> None:
        self.folder = folder
        self._speed = speed
        script = folder / "server.py"
        script.write_text(SERVER)
        server = LocalCommand((sys.executable, "-I", "-S", "-u", str(script)))
        self.engine = Engine(seed=3)
        self.cluster = Cluster(self.engine)
        for name in ("default", "kube-system", "kube-node-lease"):
            if self.cluster.find("namespaces", "", name) is None:
                self.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        if self.cluster.find("serviceaccounts", "default", "default") is None:
            metadata = {"name": "default", "namespace": "default"}
            self.cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
        options = ProcessOptions(
            {IMAGE: server, **(commands or {})},
            folder / "state",
            {"PATH": "/usr/local/bin:/usr/bin:/bin"},
            own_addresses=own_addresses,
        )
        self.runtime = ProcessRuntime(self.engine, options)
        instant = Registry(size_bytes=0, check_seconds=0.0)
        self.fleet = Fleet(self.cluster, self.runtime, FleetOptions(registry=instant))
        self.machine = self.fleet.start(template(boot_seconds=0.0))
        self.engine.run_until(3600.0)

    def run(self, story: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Let the story happen at the pace of the wall clock, then take the world down."""

        async def main() -> None:
            pacing = asyncio.get_running_loop().create_task(Pacer(self.engine, self._speed).run())
            try:
                telling = asyncio.get_running_loop().create_task(story())
                await asyncio.wait({pacing, telling}, return_when=asyncio.FIRST_COMPLETED)
                if pacing.done():
                    pacing.result()
                await telling
            finally:
                pacing.cancel()
                self.fleet.close()
                self.runtime.close()

        asyncio.run(main())

    def create(self, name: str = "web", *, labels: dict[str, str] | None = None, **spec: Any) -> Obj:
        """A pod of the server, bound to the machine."""
        fields: dict[str, Any] = {"containers": [server_container()], "terminationGracePeriodSeconds": 5}
        fields |= {"nodeName": self.machine.name, "restartPolicy": "Always"} | spec
        metadata = {"name": name, "namespace": "default", "labels": labels or {}}
        return self.cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": fields})

    def pod(self, name: str = "web") -> Obj:
        return self.cluster.get("pods", "default", name)

    def container(self, name: str = "web") -> Obj:
        status: Obj = self.pod(name)["status"]["containerStatuses"][0]
        return status

    def ready(self, name: str = "web") -> bool:
        conditions = (self.pod(name).get("status") or {}).get("conditions") or ()
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

    def gone(self, name: str = "web") -> bool:
        return self.cluster.find("pods", "default", name) is None


def server_container(**fields: Any) -> Obj:
    plain: Obj = {"name": "app", "image": f"{IMAGE}:1.0", "ports": [{"name": "http", "containerPort": 8080}]}
    probe = {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1, "failureThreshold": 1}
    return plain | {"readinessProbe": probe} | fields


async def until(happened: Callable[[], bool], seconds: float = 40.0) -> None:
    """Wait for something; an assertion when it takes too long."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not happened():
        assert loop.time() < end, f"waited {seconds} s in vain"
        await asyncio.sleep(0.02)


async def get(address: str, port: int, path: str = "/") -> tuple[int, bytes]:
    """One HTTP request on a connection of its own: status and body."""
    reader, writer = await asyncio.open_connection(address, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body
