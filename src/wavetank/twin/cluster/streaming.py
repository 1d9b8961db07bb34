"""Live connections to what runs in pods, stated here so that the API edge does not have to know machines.

The edge calls it for ``exec``, ``attach`` and ``port-forward``; ``wavetank.twin.nodes`` implements it; ``world`` plugs both
together. Everything happens on the loop that owns the cluster, and nothing here may change the cluster.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol

from wavetank.kube.errors import ApiError

Output = Literal["stdout", "stderr"]
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Wanted:
    """Which streams a client asks for (``PodExecOptions``). With ``tty`` there is one output, and it is stdout."""

    stdin: bool = False
    stdout: bool = True
    stderr: bool = True
    tty: bool = False


class Terminal(Protocol):
    """The near end of a running command, or of a container's main process. ``close`` must be called, in the end."""

    def output(self) -> AsyncIterator[tuple[Output, bytes]]:
        """What it prints, until it has ended. Whoever does not ask for the next piece holds the printer up."""
        ...

    async def write(self, data: bytes) -> None:
        """Input for it; waits while it does not read. Nothing when it has ended or takes no input."""
        ...

    def end_input(self) -> None:
        """There is no more input."""
        ...

    def resize(self, columns: int, rows: int) -> None:
        """The client's window has that size now; nothing without a tty."""
        ...

    async def exit_code(self) -> int:
        """How it ended; ApiError when it could not be run at all. To be asked when ``output`` is over."""
        ...

    def close(self) -> None:
        """Let go. A command that was executed for this terminal is killed, with everything it has started."""
        ...


class Streams(Protocol):
    """Opens terminals and connections. Pods and containers exist and are addressed correctly: the edge has looked."""

    def refusal(self, namespace: str, pod: str, container: str) -> ApiError | None:
        """Why nobody can ever be let into that container (nothing runs in it); None when somebody can."""
        ...

    async def execute(
        self, namespace: str, pod: str, container: str, command: tuple[str, ...], wanted: Wanted
    ) -> Terminal:
        """Run a command beside the container's own process; ApiError when it does not run."""
        ...

    async def attach(self, namespace: str, pod: str, container: str, wanted: Wanted) -> Terminal:
        """See what the container's own process prints from now on, and talk to it; ApiError when it does not run."""
        ...

    async def dial(self, namespace: str, pod: str, port: int) -> Connection:
        """A TCP connection to a port of the pod; ApiError when the pod does not run, OSError when nobody listens."""
        ...


class NoStreams:
    """Machines that accept no connections, such as scripted ones."""

    def refusal(self, namespace: str, pod: str, container: str) -> ApiError | None:
        text = "the machines of this cluster are scripted: nothing runs in its containers"
        return ApiError(501, "NotImplemented", text)

    async def execute(
        self, namespace: str, pod: str, container: str, command: tuple[str, ...], wanted: Wanted
    ) -> Terminal:
        raise AssertionError("whoever is refused is not served")

    async def attach(self, namespace: str, pod: str, container: str, wanted: Wanted) -> Terminal:
        raise AssertionError("whoever is refused is not served")

    async def dial(self, namespace: str, pod: str, port: int) -> Connection:
        raise AssertionError("whoever is refused is not served")
