"""A pod's status from what its kubelet knows: phase, conditions, container statuses.

Pure. Follows kubelet ``kubelet_pods.go`` and ``status/generate.go``. Conditions that the kubelet does not own, and what
it did not change, are taken over from the pod as stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj

from .record import Clock, ContainerRecord, Running, Terminated, container_status

OWNED = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")


@dataclass(frozen=True)
class Facts:
    """What the status is made of. ``phase`` is forced when the kubelet decided it (rejected, deadline exceeded)."""

    records: Sequence[ContainerRecord]
    host_ip: str
    pod_ip: str
    sandbox_ready: bool
    start_seconds: float
    #: Nothing runs any more and nothing will.
    terminal: bool = False
    forced_phase: str = ""
    reason: str = ""
    message: str = ""


def pod_status(pod: Obj, facts: Facts, now: datetime, at: Clock) -> Obj:
    """The whole status of a pod now."""
    phase = facts.forced_phase or phase_of(
        facts.records, pod["spec"].get("restartPolicy", "Always"), terminal=facts.terminal
    )
    status: Obj = {key: value for key, value in (pod.get("status") or {}).items() if key not in ("reason", "message")}
    status |= {"phase": phase, "hostIP": facts.host_ip, "hostIPs": [{"ip": facts.host_ip}]}
    if facts.pod_ip:
        status |= {"podIP": facts.pod_ip, "podIPs": [{"ip": facts.pod_ip}]}
    status["startTime"] = rfc3339(at(facts.start_seconds))
    status["conditions"] = _conditions(pod, facts, phase, now)
    status |= {key: text for key, text in (("reason", facts.reason), ("message", facts.message)) if text}
    inits = [container_status(r, at) for r in facts.records if r.role in ("init", "sidecar")]
    if inits:
        status["initContainerStatuses"] = inits
    status["containerStatuses"] = [container_status(r, at) for r in facts.records if r.role == "main"]
    added = [container_status(r, at) for r in facts.records if r.role == "ephemeral"]
    if added:
        status["ephemeralContainerStatuses"] = added
    generation = pod["metadata"].get("generation")
    return status | ({"observedGeneration": generation} if generation else {})


def phase_of(records: Iterable[ContainerRecord], restart_policy: str, *, terminal: bool = False) -> str:
    """``getPhase``: what runs, or how it ended. A pod that was stopped ends even if its policy would restart it."""
    everyone = list(records)
    main = [r for r in everyone if r.role == "main"]
    if failed_to_initialize(everyone, restart_policy):
        return "Failed"
    if terminal and any(r.ended() is None for r in main):
        return "Failed"
    begun = any(r.running or r.ended() for r in main)
    if not (begun or is_initialized(everyone)) or any(r.ended() is None and not r.running for r in main):
        return "Pending"
    if any(r.running for r in main):
        return "Running"
    if any(r.running for r in everyone if r.role == "sidecar"):
        return "Running"
    if restart_policy == "Always" and not terminal:
        return "Running"
    ends = [r.ended() for r in main]
    if all(end is not None and end.exit.code == 0 for end in ends):
        return "Succeeded"
    return "Failed" if terminal or restart_policy == "Never" else "Running"


def failed_to_initialize(records: Iterable[ContainerRecord], restart_policy: str) -> bool:
    if restart_policy != "Never":
        return False
    inits = [r for r in records if r.role == "init"]
    return any(isinstance(r.state, Terminated) and r.state.exit.code != 0 for r in inits)


def is_initialized(records: Iterable[ContainerRecord]) -> bool:
    """All init containers have succeeded and all sidecars have started at least once, in front of the main ones."""
    return all(is_past(record) for record in records if record.role in ("init", "sidecar"))


def is_past(record: ContainerRecord) -> bool:
    """Whether an init container or sidecar no longer holds up those behind it."""
    if record.role == "sidecar":
        return record.started
    return record.succeeded


def _conditions(pod: Obj, facts: Facts, phase: str, now: datetime) -> list[Obj]:
    previous = {c["type"]: c for c in (pod.get("status") or {}).get("conditions") or ()}
    ready, containers_ready = _readiness(pod, facts, phase, previous)
    decided: Mapping[str, tuple[bool, str, str]] = {
        "PodReadyToStartContainers": (facts.sandbox_ready, "", ""),
        "Initialized": _initialized(facts, phase),
        "Ready": ready,
        "ContainersReady": containers_ready,
        "PodScheduled": (True, "", ""),
    }
    generation = pod["metadata"].get("generation")
    mine = [_condition(kind, *decided[kind], previous.get(kind), now, generation) for kind in OWNED]
    return mine + [c for kind, c in previous.items() if kind not in OWNED]


def _condition(
    kind: str, true: bool, reason: str, message: str, old: Obj | None, now: datetime, generation: int | None
) -> Obj:
    status = "True" if true else "False"
    since = rfc3339(now)
    if old is not None and old.get("status") == status and old.get("lastTransitionTime"):
        since = old["lastTransitionTime"]
    condition: dict[str, Any] = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": since}
    if generation:
        condition["observedGeneration"] = generation
    return condition | {key: text for key, text in (("reason", reason), ("message", message)) if text}


def _initialized(facts: Facts, phase: str) -> tuple[bool, str, str]:
    if phase == "Succeeded":
        return True, "PodCompleted", ""
    if any(r.role == "main" and (isinstance(r.state, Running) or r.ended()) for r in facts.records):
        return True, "", ""
    missing = [r.name for r in facts.records if r.role in ("init", "sidecar") and not is_past(r)]
    if not missing:
        return True, "", ""
    return False, "ContainersNotInitialized", f"containers with incomplete status: [{' '.join(missing)}]"


def _readiness(
    pod: Obj, facts: Facts, phase: str, previous: Mapping[str, Obj]
) -> tuple[tuple[bool, str, str], tuple[bool, str, str]]:
    """(Ready, ContainersReady)."""
    containers = _containers_ready(facts, phase)
    if not containers[0]:
        return containers, containers
    problems = [_gate_problem(gate["conditionType"], previous) for gate in pod["spec"].get("readinessGates") or ()]
    told = [problem for problem in problems if problem]
    if told:
        return (False, "ReadinessGatesNotReady", ", ".join(told)), containers
    return containers, containers


def _gate_problem(kind: str, previous: Mapping[str, Obj]) -> str:
    found = previous.get(kind)
    if found is None:
        return f'corresponding condition of pod readiness gate "{kind}" does not exist.'
    if found.get("status") != "True":
        return f'the status of pod readiness gate "{kind}" is not "True", but {found.get("status")}'
    return ""


def _containers_ready(facts: Facts, phase: str) -> tuple[bool, str, str]:
    if phase == "Succeeded":
        return False, "PodCompleted", ""
    if phase == "Failed":
        return False, "PodFailed", ""
    unready = [r.name for r in facts.records if r.role in ("main", "sidecar") and not r.ready]
    if unready:
        return False, "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"
    return True, "", ""
