"""Which replay plays which case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .admission import AdmissionReplay
from .autoscaling import HpaReplay
from .cron_jobs import CronReplay
from .evictions import EvictionReplay
from .given import Case, UnplayableError
from .jobs import JobReplay
from .node_health import NodeReplay
from .rollouts import KEYS, RolloutReplay
from .scheduling import SchedulerReplay


def _rolled_out(case: Case) -> Any:
    kind = (case["given"].get("object") or {}).get("kind")
    if kind == "Job":
        return JobReplay(case).observed()
    if kind == "CronJob":
        return CronReplay(case).observed()
    if kind not in KEYS:
        raise UnplayableError(f"object: no replay of a {kind}")
    return RolloutReplay(case).observed()


def _disrupted(case: Case) -> Any:
    return NodeReplay(case).observed() if "node" in case["given"] else EvictionReplay(case).observed()


#: Set -> what the twin decides in a case of it.
PLAYS: dict[str, Callable[[Case], Any]] = {
    "scheduler": lambda case: SchedulerReplay(case).observed(),
    "hpa": lambda case: HpaReplay(case).observed(),
    "rollout": _rolled_out,
    "disruption": _disrupted,
    "admission": lambda case: AdmissionReplay(case).observed(),
}


def played(name: str, case: Case) -> Any:
    """``observed`` of a case of the set ``name``. Raises UnplayableError when the case says something unknown."""
    return PLAYS[name](case)
