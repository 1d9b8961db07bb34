"""Whether the program runs: it does while a Deployment with its image is Ready, with the flags that stand there.

Made by ``StandIns`` for every cluster; costs nothing until somebody installs the program, by whatever means.
"""

from __future__ import annotations

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Change, Cluster
from wavetank.twin.nodes.groups import NodeGroups
from wavetank.twin.scheduler.simulation import Simulation

from .events import COMPONENT
from .flags import ReadFlags, read_flags
from .loop import Loop

DEPLOYMENTS = "deployments.apps"


class ClusterAutoscaler:
    """Follows Deployments; at most one process acts, as the leader does."""

    def __init__(self, cluster: Cluster, groups: NodeGroups) -> None:
        self._cluster, self._groups = cluster, groups
        self._engine = cluster.engine
        self._simulation: Simulation | None = None
        self._loop: Loop | None = None
        self._running: tuple[str, tuple[str, ...]] | None = None
        self._refused: tuple[str, tuple[str, ...]] | None = None
        self._ends = (cluster.subscribe(DEPLOYMENTS, self._note),)

    def close(self) -> None:
        for end in self._ends:
            end()
        self._stop()

    @property
    def is_acting(self) -> bool:
        return self._loop is not None

    def _note(self, change: Change) -> None:
        if program_of(change.object) is not None:
            self._engine.call_soon(self._follow)

    def _follow(self) -> None:
        """Bring the process in line with what is Ready."""
        found = self._cluster.list(DEPLOYMENTS, where=lambda d: program_of(d) is not None and is_ready(d))
        wanted = (found[0]["metadata"]["uid"], words_of(found[0])) if found else None
        if wanted == self._running:
            return
        self._stop()
        if wanted is not None:
            self._start(found[0], wanted)

    def _stop(self) -> None:
        if self._loop is not None:
            self._loop.close()
            self._engine.record(COMPONENT, "stop", "")
        self._loop = self._running = None

    def _start(self, deployment: Obj, identity: tuple[str, tuple[str, ...]]) -> None:
        read = read_flags(identity[1])
        if read.problems:
            self._refuse(deployment, identity, read)
            return
        name = f"{deployment['metadata']['namespace']}/{deployment['metadata']['name']}"
        for flag in read.unknown:
            self._engine.record(COMPONENT, "ignore", name, f"--{flag} has no effect here")
        self._engine.record(COMPONENT, "start", name, " ".join(identity[1]))
        if self._simulation is None:
            self._simulation = Simulation.following(self._cluster)
        self._running = identity
        self._loop = Loop(self._cluster, self._groups, self._simulation, read.settings)
        self._loop.start()

    def _refuse(self, deployment: Obj, identity: tuple[str, tuple[str, ...]], read: ReadFlags) -> None:
        """Flags that end the program: its pods run here all the same, so an event says it."""
        if identity != self._refused:
            self._refused = identity
            text = f"The program would have exited: {'; '.join(read.problems)}"
            self._engine.record(COMPONENT, "crash", deployment["metadata"]["name"], text)
            self._cluster.record_event(deployment, "Warning", "InvalidFlags", text, COMPONENT)


def program_of(deployment: Obj) -> Obj | None:
    """The container that runs the program, by the last part of its image."""
    containers = deployment["spec"]["template"]["spec"].get("containers") or ()
    found: Obj | None = next((c for c in containers if image_name(c.get("image", "")) == COMPONENT), None)
    return found


def image_name(image: str) -> str:
    """Without registry, tag and digest; the images by architecture are the same program."""
    last = image.split("@")[0].rsplit("/", 1)[-1].split(":")[0]
    return COMPONENT if last in (f"{COMPONENT}-amd64", f"{COMPONENT}-arm64") else last


def words_of(deployment: Obj) -> tuple[str, ...]:
    container = program_of(deployment) or {}
    return (*(container.get("command") or ()), *(container.get("args") or ()))


def is_ready(deployment: Obj) -> bool:
    ready = int((deployment.get("status") or {}).get("readyReplicas") or 0)
    return ready > 0 and not deployment["metadata"].get("deletionTimestamp")
