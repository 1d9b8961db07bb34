"""The ``eviction`` subresource: whether disruption budgets let a pod go, and what becomes of the budget.

Pure but for the cluster that is handed in. Upstream ``pkg/registry/core/pod/storage/eviction.go``.
"""

from __future__ import annotations

from datetime import datetime

from wavetank.kube.conditions import condition, is_pod_ready, with_condition
from wavetank.kube.errors import ApiError, Cause, forbidden
from wavetank.kube.kinds import resource_of_plural
from wavetank.kube.selectors import LabelSelector
from wavetank.kube.times import rfc3339
from wavetank.kube.types import Obj

_RESOURCE = resource_of_plural("policy", "poddisruptionbudgets")
BUDGETS = "poddisruptionbudgets.policy"
MAX_DISRUPTED = 2000
VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."


def needs_no_budget(pod: Obj) -> bool:
    """Pods that do not serve: finished, not started, or going anyway."""
    phase = (pod.get("status") or {}).get("phase")
    return phase in ("Succeeded", "Failed", "Pending") or "deletionTimestamp" in pod["metadata"]


def budgets_of(pod: Obj, budgets: list[Obj]) -> list[Obj]:
    """The budgets of the pod's namespace that select it."""
    labels = pod["metadata"].get("labels")
    return [b for b in budgets if LabelSelector.from_object((b.get("spec") or {}).get("selector")).matches(labels)]


def status_after(pod: Obj, budgets: list[Obj], now: datetime) -> tuple[Obj, Obj] | None:
    """The budget that is charged with its new status, or None when the pod may go without; ApiError when it may not go."""
    if len(budgets) > 1:
        text = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        raise ApiError(500, "", text)
    if not budgets:
        return None
    budget = budgets[0]
    status = budget.get("status") or {}
    if not is_pod_ready(pod) and _may_go_unready(budget, status):
        return None
    return budget, _charged(budget, status, pod, now)


def _may_go_unready(budget: Obj, status: Obj) -> bool:
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    desired = status.get("desiredHealthy", 0)
    return bool(desired > 0 and status.get("currentHealthy", 0) >= desired)


def _charged(budget: Obj, status: Obj, pod: Obj, now: datetime) -> Obj:
    name = budget["metadata"]["name"]
    if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
        why = f"The disruption budget {name} is still being processed by the server."
        raise _refused(why, retry_after_seconds=10)
    allowed = status.get("disruptionsAllowed", 0)
    if allowed < 0:
        raise forbidden(_RESOURCE, name, "pdb disruptions allowed is negative")
    if len(status.get("disruptedPods") or ()) > MAX_DISRUPTED:
        why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        raise forbidden(_RESOURCE, name, why)
    if allowed == 0:
        raise _refused(_why_none_allowed(name, status))
    disrupted = {**(status.get("disruptedPods") or {}), pod["metadata"]["name"]: rfc3339(now)}
    left = allowed - 1
    changed = {**status, "disruptionsAllowed": left, "disruptedPods": disrupted}
    if left == 0:
        generation = status.get("observedGeneration", 0)
        changed["conditions"] = with_condition(
            status.get("conditions"),
            "DisruptionAllowed",
            "False",
            now=now,
            reason="InsufficientPods",
            observedGeneration=generation,
        )
    return changed


def _why_none_allowed(name: str, status: Obj) -> str:
    failed = condition({"status": status}, "DisruptionAllowed") or {}
    desired, current = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
    if failed.get("status") == "False" and failed.get("reason") == "SyncFailed":
        cause = failed.get("message", "")
        return f"The disruption budget {name} does not allow evicting pods currently because it failed sync: {cause}"
    if current <= desired:
        return f"The disruption budget {name} needs {desired} healthy pods and has {current} currently"
    return f"The disruption budget {name} does not allow evicting pods currently"


def _refused(why: str, retry_after_seconds: int = 0) -> ApiError:
    cause = Cause("DisruptionBudget", why)
    return ApiError(429, "TooManyRequests", VIOLATES, causes=[cause], retry_after_seconds=retry_after_seconds)


def with_disruption_target(pod: Obj, now: datetime) -> Obj:
    """The status of a pod that the eviction API is about to delete."""
    status = pod.get("status") or {}
    conditions = with_condition(
        status.get("conditions"),
        "DisruptionTarget",
        "True",
        now=now,
        reason="EvictionByEvictionAPI",
        message="Eviction API: evicting",
    )
    return {**status, "conditions": conditions}
