"""Pods: the one line that sums up phase, container states, readiness and restarts.

Follows ``printPod`` of ``pkg/printers/internalversion/printers.go``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..conditions import condition, is_true
from ..pod_phase import TERMINAL
from ..resources import is_sidecar
from ..types import Obj
from .cells import AGE, NAME, NONE, Cell, Column, Printer, age, is_terminating, name_of, since, spec_of, status_of, wide

_UNREACHABLE = "NodeLost"


@dataclass
class _Summary:
    """What is learnt while going through the containers."""

    reason: str
    ready: int = 0
    restarts: int = 0
    last_restart: str = ""

    def count_restarts(self, status: Obj) -> None:
        self.restarts += status.get("restartCount", 0)
        finished = ((status.get("lastState") or {}).get("terminated") or {}).get("finishedAt") or ""
        self.last_restart = max(self.last_restart, finished)


def reason(pod: Obj) -> str:
    """The STATUS column: ``Running``, ``CrashLoopBackOff``, ``Init:0/2``, ``Completed``, ``Terminating``, …"""
    return _summary(pod).reason


def _cells(pod: Obj, now: datetime) -> list[Cell]:
    summary = _summary(pod)
    spec, status = spec_of(pod), status_of(pod)
    containers = len(spec.get("containers") or ()) + sum(map(is_sidecar, spec.get("initContainers") or ()))
    restarts = str(summary.restarts)
    if summary.restarts and summary.last_restart:
        restarts += f" ({since(summary.last_restart, now)} ago)"
    addresses = status.get("podIPs") or ([{"ip": status["podIP"]}] if status.get("podIP") else [])
    return [
        name_of(pod),
        f"{summary.ready}/{containers}",
        summary.reason,
        restarts,
        age(pod, now),
        addresses[0].get("ip", NONE) if addresses else NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        _readiness_gates(pod),
    ]


def _readiness_gates(pod: Obj) -> str:
    gates: Sequence[Obj] = spec_of(pod).get("readinessGates") or ()
    if not gates:
        return NONE
    return f"{sum(is_true(pod, g['conditionType']) for g in gates)}/{len(gates)}"


def _summary(pod: Obj) -> _Summary:
    status = status_of(pod)
    summary = _Summary(status.get("reason") or status.get("phase") or "")
    scheduled = condition(pod, "PodScheduled")
    if scheduled and scheduled.get("reason") == "SchedulingGated":
        summary.reason = "SchedulingGated"
    sidecars = _Summary("")
    initializing = _go_through_init_containers(pod, summary, sidecars)
    if not initializing or is_true(pod, "Initialized"):
        summary.restarts, summary.last_restart = sidecars.restarts, sidecars.last_restart
        _go_through_containers(pod, summary)
    if is_terminating(pod):
        if status.get("reason") == _UNREACHABLE:
            summary.reason = "Unknown"
        elif status.get("phase") not in TERMINAL:
            summary.reason = "Terminating"
    return summary


def _go_through_init_containers(pod: Obj, summary: _Summary, sidecars: _Summary) -> bool:
    """Stops at the first one that is not done; True when there is such a one."""
    declared = {c.get("name"): c for c in spec_of(pod).get("initContainers") or ()}
    for index, status in enumerate(status_of(pod).get("initContainerStatuses") or ()):
        sidecar = is_sidecar(declared.get(status.get("name"), {}))
        summary.count_restarts(status)
        if sidecar:
            sidecars.count_restarts(status)
        terminated = (status.get("state") or {}).get("terminated")
        if terminated and terminated.get("exitCode") == 0:
            continue
        if sidecar and status.get("started"):
            summary.ready += bool(status.get("ready"))
            continue
        summary.reason = _init_reason(status, f"{index}/{len(declared)}")
        return True
    return False


def _init_reason(status: Obj, progress: str) -> str:
    state = status.get("state") or {}
    if terminated := state.get("terminated"):
        return "Init:" + _end(terminated)
    waiting = (state.get("waiting") or {}).get("reason")
    return f"Init:{waiting}" if waiting and waiting != "PodInitializing" else f"Init:{progress}"


def _end(terminated: Obj) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _go_through_containers(pod: Obj, summary: _Summary) -> None:
    running, failure = False, ""
    for status in reversed(status_of(pod).get("containerStatuses") or ()):
        summary.count_restarts(status)
        state = status.get("state") or {}
        terminated = state.get("terminated")
        if waiting := (state.get("waiting") or {}).get("reason"):
            summary.reason = waiting
        elif terminated:
            summary.reason = _end(terminated)
            failure = summary.reason if terminated.get("exitCode") else failure
        elif status.get("ready") and "running" in state:
            running = True
            summary.ready += 1
    if summary.reason != "Completed":
        return
    if running and is_true(pod, "Ready"):
        summary.reason = "Running"
    elif failure:
        summary.reason = failure
    elif running:
        summary.reason = "NotReady"


PODS = Printer(
    (
        NAME,
        Column("Ready", description="The aggregate readiness state of this pod for accepting traffic."),
        Column("Status", description="The aggregate status of the containers in this pod."),
        Column("Restarts", description="How often the containers were restarted, and when last."),
        AGE,
        wide("IP"),
        wide("Node"),
        wide("Nominated Node"),
        wide("Readiness Gates"),
    ),
    _cells,
)
