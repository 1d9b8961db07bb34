"""What is known of one container of a workload, over all its pods: a day's use of CPU and the peaks of memory.

Upstream ``pkg/recommender/model/{aggregate_container_state,container}.go``. Pure state; fed by the recommender.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .histogram import CPU_BUCKETS, MEMORY_BUCKETS, Histogram

CPU_SAMPLE_WEIGHT, MEMORY_PEAK_WEIGHT = 0.1, 1.0
#: One peak of memory counts per window; eight windows are kept.
WINDOW_SECONDS, WINDOWS = 24 * 3600.0, 8
OOM_BUMP_BYTES, OOM_BUMP_RATIO = 100 * 1024**2, 1.2


@dataclass
class Aggregate:
    """Of one container by name. ``samples`` counts CPU samples, as upstream does."""

    cpu: Histogram = field(default_factory=lambda: Histogram(CPU_BUCKETS))
    memory: Histogram = field(default_factory=lambda: Histogram(MEMORY_BUCKETS))
    samples: int = 0
    first_seconds: float = 0.0
    last_seconds: float = 0.0

    def add_cpu(self, cores: float, seconds: float) -> None:
        self.cpu.add(cores, CPU_SAMPLE_WEIGHT, seconds)
        self.first_seconds = min(self.first_seconds, seconds) if self.samples else seconds
        self.last_seconds = max(self.last_seconds, seconds)
        self.samples += 1

    @property
    def is_known(self) -> bool:
        """Whether anything has been heard of it: use, or a kill for want of memory."""
        return self.samples > 0 or not self.memory.is_empty

    def is_expired(self, seconds: float) -> bool:
        """Nothing has been heard of it for as long as anything is remembered."""
        return self.samples > 0 and seconds - self.last_seconds >= WINDOW_SECONDS * WINDOWS


@dataclass
class ContainerMemory:
    """The peak of one running container in the present window; it replaces a lower one of the same window."""

    aggregate: Aggregate
    window_end_seconds: float | None = None
    peak_bytes: float = 0.0
    oom_peak_bytes: float = 0.0
    last_seconds: float = 0.0

    def add(self, used_bytes: float, seconds: float) -> None:
        if seconds > self.last_seconds or self.window_end_seconds is None:
            self._add(used_bytes, seconds, out_of_memory=False)

    def out_of_memory(self, request_bytes: float, seconds: float) -> None:
        """The container was killed: more than it had is needed (``RecordOOM``)."""
        end = self.window_end_seconds
        if end is not None and seconds + WINDOW_SECONDS < end:
            return
        used = max(request_bytes, self.peak_bytes)
        self._add(bumped(used), seconds, out_of_memory=True)

    def _add(self, used_bytes: float, seconds: float, *, out_of_memory: bool) -> None:
        self.last_seconds = max(self.last_seconds, seconds)
        end = seconds if self.window_end_seconds is None else self.window_end_seconds
        known = max(self.peak_bytes, self.oom_peak_bytes)
        if seconds < end:
            if used_bytes <= known:
                return
            if known:
                self.aggregate.memory.subtract(known, MEMORY_PEAK_WEIGHT, end)
        else:
            end += (seconds - end) // WINDOW_SECONDS * WINDOW_SECONDS + WINDOW_SECONDS
            self.peak_bytes = self.oom_peak_bytes = 0.0
        self.window_end_seconds = end
        self.aggregate.memory.add(used_bytes, MEMORY_PEAK_WEIGHT, end)
        if out_of_memory:
            self.oom_peak_bytes = used_bytes
        else:
            self.peak_bytes = used_bytes


def bumped(used_bytes: float) -> float:
    """What a container that was killed is taken to need."""
    return max(used_bytes + OOM_BUMP_BYTES, used_bytes * OOM_BUMP_RATIO)
