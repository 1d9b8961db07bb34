"""A cluster for one test: started within milliseconds, its time in the test's hand, gone without a trace afterwards."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from wavetank.app.bare import BareTwin, supported_version
from wavetank.app.bare_nodes import nodes_of
from wavetank.kube.conditions import is_pod_ready
from wavetank.kube.types import Obj
from wavetank.twin.bare import BareOptions, usual_nodes
from wavetank.twin.components.registry import component_named
from wavetank.twin.nodes.runtime.modelled import BehaviourOf, default_behaviour
from wavetank.twin.nodes.scripted import ScriptedNode
from wavetank.twin.scheduler.explanation import explanation

from .clients import CLIENTS
from .objects import Objects

T = TypeVar("T")
Nodes = int | Sequence[Mapping[str, Any]]
#: So long every controller takes to greet a fresh cluster: accounts, certificates, nodes.
FIRST_SECONDS = 1.0
_OUR_BUG = "the cluster stopped because of a bug of wavetank's, not of the test's"
#: How closely a condition is looked at: in the cluster's time while it stands, in real time while it runs.
LEAST_STRIDE_SECONDS, POLL_SECONDS = 0.05, 0.02


@dataclass(frozen=True)
class Cluster:
    """A running cluster. Made by ``cluster`` and by the pytest fixtures; all methods are for the test's own thread."""

    twin: BareTwin
    #: A kubeconfig of the administrator.
    kubeconfig_path: Path

    @property
    def url(self) -> str:
        """Where the API answers, over HTTPS."""
        return self.twin.url

    @property
    def objects(self) -> Objects:
        """The cluster's objects without HTTP."""
        return Objects(self.twin)

    def client(self, library: str = "kubernetes") -> Any:
        """A client of the administrator: "kubernetes" (an ``ApiClient``), "lightkube", "kr8s" or "httpx"."""
        if library not in CLIENTS:
            raise LookupError(f"no client named {library!r}; there are {', '.join(CLIENTS)}")
        return CLIENTS[library](self.kubeconfig_path)

    # --- time --------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """What the cluster takes for the present."""
        return self.twin.call(lambda: self.twin.world.engine.utc)

    @property
    def seconds(self) -> float:
        """Seconds of the cluster's time since it began."""
        return self._seconds()

    def _seconds(self) -> float:
        return self.twin.call(lambda: self.twin.world.engine.now)

    @property
    def stands_still(self) -> bool:
        """Whether time passes only when the test says so."""
        return self.twin.options.speed == 0

    def advance(self, seconds: float) -> None:
        """Let this much of the cluster's time pass at once, with everything that happens in it."""
        try:
            self.twin.run(self.twin.world.pacer.advance(seconds))
        except Exception as error:
            raise AssertionError(_OUR_BUG) from error
        self._raise_failure()

    def wait_until(self, condition: Callable[[], T | None], timeout_seconds: float = 300.0) -> T:
        """Wait for a condition to hold and return what it returned; TimeoutError names the pods that are not ready.

        A clock that stands is moved, event by event; with one that runs this waits in real time. ``timeout_seconds`` are
        of the clock that is waited on.
        """
        clock = self._seconds if self.stands_still else time.monotonic
        deadline = clock() + timeout_seconds
        while not (found := condition()):
            left = deadline - clock()
            if left <= 0:
                raise TimeoutError(f"not so after {timeout_seconds:g} s{self._unready()}")
            if self.stands_still:
                self.advance(min(left, self._stride()))
            else:
                time.sleep(POLL_SECONDS)
                self._raise_failure()
        return found

    def _stride(self) -> float:
        """To the next thing that is going to happen."""
        engine = self.twin.world.engine
        due = self.twin.call(lambda: engine.next_seconds)
        return LEAST_STRIDE_SECONDS if due is None else max(LEAST_STRIDE_SECONDS, due - self.seconds)

    # --- asking ------------------------------------------------------------------------------------------------

    def explain(self, pod: str, namespace: str = "default") -> Obj:
        """Why a pod is where it is, or why it is nowhere; as ``wavetank twin explain pod -o json`` tells it."""
        world = self.twin.world
        return self.twin.call(lambda: explanation(world.scheduler, world.cluster.get("pods", namespace, pod)))

    def journal(self) -> list[str]:
        """What happened in the cluster, and because of what, one line an entry."""
        return self.twin.call(self.twin.journal)

    def _unready(self) -> str:
        pods = [pod for pod in self.objects.list("pods") if not is_pod_ready(pod)]
        return "".join(f"\n  {self._trouble(pod)}" for pod in pods[:10])

    def _trouble(self, pod: Obj) -> str:
        metadata, status = pod["metadata"], pod.get("status") or {}
        if not pod["spec"].get("nodeName"):
            return str(self.explain(metadata["name"], metadata["namespace"])["summary"])
        waiting = [
            f"{c['name']}: {c['state']['waiting'].get('reason', 'waiting')}"
            for c in status.get("containerStatuses") or ()
            if "waiting" in c.get("state", {})
        ]
        return f"{metadata['namespace']}/{metadata['name']} is {status.get('phase')} {', '.join(waiting)}".rstrip()

    def _raise_failure(self) -> None:
        if self.twin.failure is not None:
            raise AssertionError(_OUR_BUG) from self.twin.failure


@contextmanager
def cluster(
    *,
    nodes: Nodes = 3,
    version: str = "1.36",
    speed: float = 0.0,
    kubelet: Literal["modelled", "scripted"] = "modelled",
    components: Sequence[str] = (),
    seed: int = 0,
    behaviour_of: BehaviourOf = default_behaviour,
    epoch: datetime | None = None,
    folder: Path | None = None,
) -> Iterator[Cluster]:
    """A cluster inside the block.

    ``nodes``: how many of 4 CPUs and 16 GiB, or a list as in nodes.json. ``speed``: 0 for a clock that the test moves, 1 for real
    time, more for faster. ``kubelet``: "modelled" machines pull, start, probe and restart as ``behaviour_of`` says of each
    container; "scripted" ones make every pod Ready after a second. ``components`` such as "metrics-server" are installed at
    the start. ``folder`` gets the kubeconfig; by default one that is removed at the end.
    Raises ``wavetank.base.errors.InputError`` for what cannot be.
    """
    for name in components:
        component_named(name)
    options = BareOptions(
        nodes=_nodes(nodes),
        version=supported_version(version),
        speed=speed,
        seed=seed,
        kubelet=kubelet,
        components=tuple(components),
        behaviour_of=behaviour_of,
        epoch=epoch,
    )
    with _folder(folder) as place, BareTwin(options) as twin:
        made = Cluster(twin, place / "kubeconfig")
        twin.write_kubeconfig(made.kubeconfig_path)
        made.advance(FIRST_SECONDS)
        yield made
        made._raise_failure()


def _nodes(nodes: Nodes) -> tuple[ScriptedNode, ...]:
    return usual_nodes(nodes) if isinstance(nodes, int) else nodes_of(nodes, "nodes")


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="wavetank-") as made:
        yield Path(made)
