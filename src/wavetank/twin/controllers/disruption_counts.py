"""The arithmetic of a PodDisruptionBudget: how many pods there should be, must be healthy, and may go. Pure functions.

Upstream: ``pkg/controller/disruption/disruption.go`` (``trySync`` and below).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from wavetank.kube.conditions import is_pod_ready, with_condition
from wavetank.kube.counts import scaled_value
from wavetank.kube.pod_phase import is_terminating
from wavetank.kube.times import parse
from wavetank.kube.types import Obj

#: How long an eviction that was granted counts as a pod that is gone.
CONFIRMATION = timedelta(minutes=2)


@dataclass(frozen=True)
class Counts:
    """The numbers of a budget's status."""

    expected: int
    desired_healthy: int
    current_healthy: int

    @property
    def allowed(self) -> int:
        return max(0, self.current_healthy - self.desired_healthy) if self.expected > 0 else 0


def needs_scale(spec: Obj) -> bool:
    """Whether the budget is reckoned from what the pods' controllers want, not from the pods that there are."""
    return spec.get("maxUnavailable") is not None or isinstance(spec.get("minAvailable"), str)


def desired_healthy(spec: Obj, expected: int) -> int:
    """Percentages of both kinds round up, so that a small budget errs to the side of its author's words."""
    if spec.get("maxUnavailable") is not None:
        return max(0, expected - scaled_value(spec["maxUnavailable"], expected, round_up=True))
    return scaled_value(spec.get("minAvailable", 0), expected, round_up=True)


def still_disrupted(disrupted: Mapping[str, str], pods: Sequence[Obj], now: datetime) -> dict[str, str]:
    """Granted evictions that have not been confirmed by a deletion yet and have not timed out (``buildDisruptedPodMap``)."""
    waiting = {pod["metadata"]["name"] for pod in pods if not is_terminating(pod)}
    return {name: at for name, at in disrupted.items() if name in waiting and parse(at) + CONFIRMATION >= now}


def healthy(pods: Sequence[Obj], disrupted: Collection[str]) -> int:
    return sum(is_pod_ready(p) and not is_terminating(p) and p["metadata"]["name"] not in disrupted for p in pods)


def status_of(budget: Obj, counts: Counts, disrupted: Mapping[str, str], now: datetime) -> Obj:
    generation, enough = budget["metadata"].get("generation", 1), counts.allowed > 0
    status: Obj = {
        "currentHealthy": counts.current_healthy,
        "desiredHealthy": counts.desired_healthy,
        "disruptionsAllowed": counts.allowed,
        "expectedPods": counts.expected,
        "observedGeneration": generation,
        "conditions": allowed_condition(budget, enough, *_words(enough), now, generation),
    }
    return status | ({"disruptedPods": dict(disrupted)} if disrupted else {})


def _words(enough: bool) -> tuple[str, str]:
    return "SufficientPods" if enough else "InsufficientPods", ""


def failed_status(budget: Obj, why: str, now: datetime) -> Obj:
    """A budget that cannot be reckoned allows nothing (``failSafe``)."""
    status = {**(budget.get("status") or {}), "disruptionsAllowed": 0}
    seen = status.get("observedGeneration", 0)
    return {**status, "conditions": allowed_condition(budget, False, "SyncFailed", why, now, seen)}


def allowed_condition(
    budget: Obj, allowed: bool, reason: str, message: str, now: datetime, generation: int
) -> list[Obj]:
    listed = with_condition(
        (budget.get("status") or {}).get("conditions"),
        "DisruptionAllowed",
        "True" if allowed else "False",
        now,
        reason=reason,
    )
    # ``metav1.Condition`` has its message always, empty or not.
    own: Obj = {"message": message} | ({"observedGeneration": generation} if generation else {})
    return [{**c, **own} if c["type"] == "DisruptionAllowed" else c for c in listed]
