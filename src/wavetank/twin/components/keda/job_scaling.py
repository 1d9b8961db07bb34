"""How many Jobs a ScaledJob starts. Pure.

Upstream ``pkg/scaling/executor/scale_jobs.go`` (scaling strategies) and ``scale_handler.go`` (``isScaledJobActive``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from wavetank.kube.types import Obj

DEFAULT_MAX_JOBS = 100


@dataclass(frozen=True)
class Demand:
    """What the triggers ask for together: queue length and the number of Jobs that would serve it."""

    active: bool
    queue_length: int
    jobs: int


@dataclass(frozen=True)
class Running:
    """Jobs that have not finished, and those of them whose pods do not run yet."""

    running: int
    pending: int


def demand_of(triggers: Sequence[tuple[float, float, bool]], calculation: str, most: int) -> Demand:
    """From (value, target, active) of each trigger, combined by ``multipleScalersCalculation``: max, min, avg or sum."""
    counted = [
        (value, min(math.ceil(value / target) if target else 0, most)) for value, target, active in triggers if active
    ]
    active = any(active for _, _, active in triggers)
    if not counted:
        return Demand(active, 0, 0)
    lengths, jobs = [length for length, _ in counted], [needed for _, needed in counted]
    match calculation:
        case "min":
            length, needed = min(lengths), min(jobs)
        case "avg":
            length, needed = sum(lengths) / len(lengths), math.ceil(sum(jobs) / len(jobs))
        case "sum":
            length, needed = sum(lengths), sum(jobs)
        case _:
            length, needed = max(lengths), max(jobs)
    return Demand(active, int(length), min(needed, most))


def jobs_to_start(spec: Obj, demand: Demand, now: Running) -> int:
    """The number of new Jobs by the ScaledJob's strategy, and for its minimum."""
    least, most = int(spec.get("minReplicaCount") or 0), max_jobs(spec)
    if least > 0 and now.running < least:
        return max(least - now.running, _by_strategy(spec, demand, now, most) if demand.active else 0)
    return max(0, min(_by_strategy(spec, demand, now, most), demand.queue_length)) if demand.active else 0


def max_jobs(spec: Obj) -> int:
    most = spec.get("maxReplicaCount")
    return DEFAULT_MAX_JOBS if most is None else int(most)


def _by_strategy(spec: Obj, demand: Demand, now: Running, most: int) -> int:
    stated: Obj = spec.get("scalingStrategy") or {}
    match stated.get("strategy") or "default":
        case "accurate":
            return most - now.running if demand.jobs + now.running > most else demand.jobs - now.pending
        case "eager":
            return min(most - now.running - now.pending, demand.jobs)
        case "custom":
            deduction = int(stated.get("customScalingQueueLengthDeduction") or 0)
            share = int(now.running * float(stated.get("customScalingRunningJobPercentage") or 0))
            return min(demand.jobs - deduction - share, most - now.running)
        case _:
            return demand.jobs - now.running
