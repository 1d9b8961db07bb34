"""What the API edge and the controllers need of the machines, stated here so that neither has to know them.

Implemented by ``wavetank.twin.nodes``; ``world`` plugs the implementations in. ``NoMetrics`` and ``NoLogs`` are the
honest answers of a cluster in which nothing of the kind is installed or running.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol, runtime_checkable

from wavetank.kube.errors import ApiError


class Usage(NamedTuple):
    """Use of one container or node over ``window_seconds`` that ended at ``seconds`` of engine time."""

    cpu_milli: float
    memory_bytes: int


class PodUsage(NamedTuple):
    """A pod's newest sample: usage by container name."""

    namespace: str
    name: str
    seconds: float
    window_seconds: float
    containers: Mapping[str, Usage] = MappingProxyType({})


class NodeUsage(NamedTuple):
    name: str
    seconds: float
    window_seconds: float
    usage: Usage


class MetricsSource(Protocol):
    """The resource metrics pipeline (metrics-server): newest samples, nothing older than it would serve."""

    def available(self) -> bool:
        """Whether metrics.k8s.io is served at all: metrics-server is installed and Ready."""
        ...

    def pods(self, namespace: str = "", names: Collection[str] | None = None) -> list[PodUsage]:
        """Those of a namespace ("" is all). Who needs only some ``names`` says so; others may be there all the same."""
        ...

    def nodes(self) -> list[NodeUsage]: ...


@runtime_checkable
class ComparableMetrics(Protocol):
    """A source that can tell cheaply whether anything has changed."""

    def readings(self, namespace: str, names: Sequence[str]) -> Hashable | None:
        """What the samples of these pods say, without their time; None when one of them has none."""
        ...


@dataclass(frozen=True)
class LogQuery:
    """The query of ``GET pods/NAME/log``."""

    container: str = ""
    previous: bool = False
    follow: bool = False
    timestamps: bool = False
    tail_lines: int | None = None
    since_seconds: int | None = None
    limit_bytes: int | None = None


class LogSource(Protocol):
    """Container logs as a kubelet serves them."""

    def read(self, namespace: str, pod: str, query: LogQuery) -> AsyncIterator[bytes]:
        """Chunks of the log, ending at its end, or when the container ends if the query follows; ApiError when there is none."""
        ...


class NoMetrics:
    """No metrics-server: metrics.k8s.io is not served."""

    def available(self) -> bool:
        return False

    def pods(self, namespace: str = "", names: Collection[str] | None = None) -> list[PodUsage]:
        return []

    def nodes(self) -> list[NodeUsage]:
        return []


class NoLogs:
    """No kubelet that could serve logs."""

    async def read(self, namespace: str, pod: str, query: LogQuery) -> AsyncIterator[bytes]:
        raise ApiError(501, "NotImplemented", "no kubelet of this cluster serves logs")
        yield b""
