"""Disruption budgets as far as this loop has not spent them. Upstream: ``core/scaledown/pdb/basic.go``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj
from wavetank.twin.scheduler.pod_info import PodInfo


@dataclass
class _Left:
    namespace: str
    selector: LabelSelector
    allowed: int


class Budgets:
    """Made anew in every loop; nodes that are found removable take their share."""

    def __init__(self, budgets: Sequence[Obj]) -> None:
        self._left = [
            _Left(
                budget["metadata"].get("namespace", ""),
                LabelSelector.from_object(budget["spec"].get("selector")),
                int((budget.get("status") or {}).get("disruptionsAllowed", 0)),
            )
            for budget in budgets
        ]

    def _of(self, pod: PodInfo) -> list[_Left]:
        return [b for b in self._left if b.namespace == pod.namespace and b.selector.matches(pod.labels)]

    def has_budget(self, pod: PodInfo) -> bool:
        return bool(self._of(pod))

    def allows(self, pod: PodInfo) -> bool:
        """One disruption of the pod, as far as budgets go."""
        return all(budget.allowed >= 1 for budget in self._of(pod))

    def allows_at_once(self, pods: Sequence[PodInfo]) -> bool:
        """All of them together; a node for which this does not hold is a risk."""
        wanted: dict[int, int] = {}
        for pod in pods:
            for budget in self._of(pod):
                wanted[id(budget)] = wanted.get(id(budget), 0) + 1
        return all(budget.allowed >= wanted.get(id(budget), 0) for budget in self._left)

    def spend(self, pods: Sequence[PodInfo]) -> None:
        for pod in pods:
            for budget in self._of(pod):
                budget.allowed -= 1
