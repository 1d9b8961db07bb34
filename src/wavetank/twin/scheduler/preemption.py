"""Which pods would have to go for a more important one, and from which node. Reads only.

Upstream: ``plugins/defaultpreemption`` and ``framework/preemption``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wavetank.kube.selectors import LabelSelector
from wavetank.kube.types import Obj

from .cycle import Outcome
from .filters import Filters, rejection_with_nominated
from .framework import Rejection
from .messages import counted_reasons
from .node_info import NodeInfo
from .pod_info import PodInfo
from .view import ClusterView

NOT_HELPFUL = Rejection(("Preemption is not helpful for scheduling",), resolvable=False)
NO_VICTIMS = Rejection(("No preemption victims found for incoming pod",), resolvable=False)
NEVER = "not eligible due to preemptionPolicy=Never."
TERMINATING = "not eligible due to a terminating pod on the nominated node."
_PRIORITY_OFFSET = 2**31
#: Candidates that are enough: a tenth of the nodes, at least this many.
ENOUGH = 100
#: Sorts after every real start time: a pod that has not started yet starts now.
_NOW = "9999"


@dataclass(frozen=True)
class Candidate:
    """A node that the pod would fit on without ``victims`` (most important first)."""

    node: str
    victims: tuple[PodInfo, ...]
    violations: int = 0


@dataclass(frozen=True)
class Preemption:
    """The candidates that rank highest (more than one when they tie), or why there is none."""

    best: tuple[Candidate, ...] = ()
    message: str = ""


def preemption(pod: PodInfo, outcome: Outcome, view: ClusterView, budgets: Sequence[Obj]) -> Preemption:
    """Look for victims for a pod that ``outcome`` found no node for."""
    reason = _not_eligible(pod, view)
    if reason:
        return Preemption(message=f"preemption: {reason}")
    assert outcome.filters is not None, "a pod that no plugin refused has filters"
    candidates, failures = _candidates(pod, outcome, view, budgets)
    if candidates:
        return Preemption(best=tuple(ranked(candidates)))
    text = f"0/{outcome.node_count} nodes are available: {counted_reasons(failures)}."
    return Preemption(message=f"preemption: {text}")


def _not_eligible(pod: PodInfo, view: ClusterView) -> str:
    if pod.spec.get("preemptionPolicy") == "Never":
        return NEVER
    nominated = (pod.pod.get("status") or {}).get("nominatedNodeName", "")
    node = view.nodes.get(nominated)
    if node is not None and any(_is_making_room(p, pod) for p in node.pods.values()):
        return TERMINATING
    return ""


def _is_making_room(victim: PodInfo, pod: PodInfo) -> bool:
    listed = (victim.pod.get("status") or {}).get("conditions") or ()
    preempted = any(c["type"] == "DisruptionTarget" and c.get("reason") == "PreemptionByScheduler" for c in listed)
    return victim.terminating and preempted and victim.priority < pod.priority


def _candidates(
    pod: PodInfo, outcome: Outcome, view: ClusterView, budgets: Sequence[Obj]
) -> tuple[list[Candidate], list[Rejection]]:
    found: list[Candidate] = []
    failures: list[Rejection] = []
    enough = max(ENOUGH, outcome.node_count // 10)
    for node in view.ordered():
        rejection = outcome.rejections.get(node.name)
        if rejection is None or not rejection.resolvable:
            failures.append(NOT_HELPFUL)
            continue
        if len(found) >= enough and any(not c.violations for c in found):
            break
        assert outcome.filters is not None, "a pod that no plugin refused has filters"
        trial = _Trial(pod, node, outcome.filters, view)
        result = trial.candidate(budgets)
        if isinstance(result, Candidate):
            found.append(result)
        else:
            failures.append(result)
    return found, failures


class _Trial:
    """Takes all less important pods off a copy of a node, then puts back as many as it can."""

    def __init__(self, pod: PodInfo, node: NodeInfo, filters: Filters, view: ClusterView) -> None:
        self._pod, self._view = pod, view
        self._victims = [p for p in node.pods.values() if p.priority < pod.priority]
        self._node = node.copy() if self._victims else node
        self._filters = filters.copy() if self._victims else filters

    def candidate(self, budgets: Sequence[Obj]) -> Candidate | Rejection:
        if not self._victims:
            return NO_VICTIMS
        for victim in self._victims:
            self._filters.moved(victim, self._node, -1)
        rejection = self._rejection()
        if rejection is not None:
            return rejection
        by_importance = sorted(self._victims, key=importance)
        violating = _violating(by_importance, budgets)
        spared = [p for p in by_importance if p.uid in violating] + [p for p in by_importance if p.uid not in violating]
        victims = [p for p in spared if not self._fits_back(p)]
        violations = sum(1 for p in victims if p.uid in violating)
        return Candidate(self._node.name, tuple(sorted(victims, key=importance)), violations)

    def _rejection(self) -> Rejection | None:
        return rejection_with_nominated(self._pod, self._node, self._filters, self._view)

    def _fits_back(self, victim: PodInfo) -> bool:
        self._filters.moved(victim, self._node, 1)
        if self._rejection() is None:
            return True
        self._filters.moved(victim, self._node, -1)
        return False


def importance(pod: PodInfo) -> tuple[int, str]:
    """Sorts the more important pod first: by priority, then by earlier start."""
    return -pod.priority, pod.start_time or _NOW


def _violating(pods: Sequence[PodInfo], budgets: Sequence[Obj]) -> set[str]:
    """Pods that, counted off in this order, would take more than a disruption budget allows."""
    selectors = [LabelSelector.from_object(b["spec"].get("selector")) for b in budgets]
    allowed = [int((b.get("status") or {}).get("disruptionsAllowed", 0)) for b in budgets]
    found: set[str] = set()
    for pod in pods:
        if not pod.labels:
            continue
        for i, (budget, selector) in enumerate(zip(budgets, selectors, strict=True)):
            if budget["metadata"].get("namespace", "") != pod.namespace:
                continue
            if selector.is_empty or not selector.matches(pod.labels):
                continue
            if pod.name in ((budget.get("status") or {}).get("disruptedPods") or {}):
                continue
            allowed[i] -= 1
            if allowed[i] < 0:
                found.add(pod.uid)
    return found


def ranked(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that no criterion tells apart (``pickOneNodeForPreemption``)."""
    best = list(candidates)
    for criterion in (_violations, _highest_priority, _priority_sum, _victim_count):
        least = min(criterion(c) for c in best)
        best = [c for c in best if criterion(c) == least]
    latest = max(_earliest_start(c) for c in best)
    return [c for c in best if _earliest_start(c) == latest]


def _violations(candidate: Candidate) -> int:
    return candidate.violations


def _highest_priority(candidate: Candidate) -> int:
    return candidate.victims[0].priority if candidate.victims else -_PRIORITY_OFFSET


def _priority_sum(candidate: Candidate) -> int:
    return sum(victim.priority + _PRIORITY_OFFSET for victim in candidate.victims)


def _victim_count(candidate: Candidate) -> int:
    return len(candidate.victims)


def _earliest_start(candidate: Candidate) -> str:
    """When the first of its most important victims started."""
    highest = _highest_priority(candidate)
    return min((v.start_time or _NOW for v in candidate.victims if v.priority == highest), default=_NOW)
