"""Whether a machine takes a pod that was bound to it (kubelet ``lifecycle/predicate.go``, scheduler ``noderesources`` fit)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wavetank.kube.resources import pod_requests
from wavetank.kube.types import Obj
from wavetank.twin.nodes.machine import Resources


@dataclass(frozen=True)
class Refusal:
    """``reason`` as in ``OutOfcpu``; ``message`` is that of the event."""

    reason: str
    message: str


def refusal(pod: Obj, others: Iterable[Obj], allocatable: Resources) -> Refusal | None:
    """Why the pod does not fit beside the others; None when it does."""
    admitted = list(others)
    if len(admitted) + 1 > allocatable.pods:
        return _refused("pods", 1, len(admitted), allocatable.pods)
    used: dict[str, int] = {}
    for other in admitted:
        for name, amount in pod_requests(other).items():
            used[name] = used.get(name, 0) + amount
    for name, wanted in pod_requests(pod).items():
        capacity = allocatable.amount(name)
        if wanted and used.get(name, 0) + wanted > capacity:
            return _refused(name, wanted, used.get(name, 0), capacity)
    return None


def _refused(name: str, wanted: int, used: int, capacity: int) -> Refusal:
    text = f"Node didn't have enough resource: {name}, requested: {wanted}, used: {used}, capacity: {capacity}"
    return Refusal(f"OutOf{name}", text)
