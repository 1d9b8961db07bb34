"""Worlds for tests of the API: real control loops and scheduler, scripted machines, fixed metrics.

``open_api`` runs one on a loop in a thread of its own, so that tests can call kubectl and other clients as they would anywhere.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from wavetank.twin.apiserver import ApiServer, TokenAuthenticator
from wavetank.twin.cluster import Cluster
from wavetank.twin.cluster.bootstrap import new_cluster
from wavetank.twin.controllers import ControllerSettings, HpaSettings, start_controllers
from wavetank.twin.engine import Engine, Pacer
from wavetank.twin.nodes.scripted import FixedMetrics, ScriptedKubelets, ScriptedNode
from wavetank.twin.scheduler import Scheduler

DATA = Path(__file__).parent.parent / "data" / "kubectl"
#: The autoscaler of the recorded world looks every second.
FAST_HPA = HpaSettings(
    sync_period_seconds=1,
    initial_readiness_delay_seconds=2,
    cpu_initialization_period_seconds=5,
    downscale_stabilization_seconds=20,
)


def recorded_nodes() -> list[ScriptedNode]:
    """The three nodes of the recorded world."""
    rows = json.loads((DATA / "nodes.json").read_text())
    return [ScriptedNode(r["name"], r["ip"], r["capacity"], r["labels"], r.get("taints", [])) for r in rows]


@dataclass
class ApiWorld:
    """A cluster with everything that acts on it, and its API."""

    nodes: Sequence[ScriptedNode] = ()
    authenticators: Sequence[TokenAuthenticator] = ()
    engine: Engine = field(default_factory=lambda: Engine(epoch=datetime.now(UTC)))
    version: str = "1.36"

    def __post_init__(self) -> None:
        self.pacer = Pacer(self.engine)
        self.cluster: Cluster = new_cluster(self.engine, version=self.version)
        metrics = FixedMetrics(self.cluster)
        self.api = ApiServer(self.cluster, self.pacer, metrics=metrics, authenticators=self.authenticators)
        kubelets = ScriptedKubelets(self.cluster, self.nodes)
        settings = ControllerSettings(hpa=FAST_HPA, ca_pem=self.api.ca_pem)
        start_controllers(self.cluster, settings, metrics=metrics, heartbeats=kubelets.last_heartbeat_seconds)
        Scheduler(self.cluster).start()
        kubelets.join()


class _Runner:
    """The loop of one world, in a thread."""

    def __init__(self, world: ApiWorld) -> None:
        self.world = world
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stopping = asyncio.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="api-world", daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(20), "the world did not start"
        self._raise_failure()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(20)
        assert not self._thread.is_alive(), "the world did not stop"
        self._raise_failure()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._main())
        except BaseException as error:  # noqa: BLE001 - raised again in the test's thread
            self._failure = error
        finally:
            self._ready.set()
            self._loop.close()

    async def _main(self) -> None:
        await self.world.api.start()
        pacing = asyncio.create_task(self.world.pacer.run())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.sleep(0)  # both begin
        self._ready.set()
        await asyncio.wait((pacing, stopping), return_when=asyncio.FIRST_COMPLETED)
        await self.world.api.stop()
        if pacing.done():
            pacing.result()
        for task in (pacing, stopping):
            task.cancel()
        await asyncio.gather(pacing, stopping, return_exceptions=True)


@contextmanager
def open_api(world: ApiWorld) -> Iterator[ApiWorld]:
    """The world's API answers inside the block."""
    runner = _Runner(world)
    runner.start()
    try:
        yield world
    finally:
        runner.stop()
