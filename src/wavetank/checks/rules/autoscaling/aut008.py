"""AUT008: the autoscaler's own policies make it slower than the objective, or than any surge of load."""

from __future__ import annotations

from collections.abc import Iterator

from wavetank.checks.case import Case
from wavetank.checks.manifests import items, mapping, whole
from wavetank.checks.model import Mistake, Rule, Severity
from wavetank.checks.workloads import Autoscaler
from wavetank.kube.types import Obj

#: without an objective: nobody means to wait longer than this for the pods that a surge needs
PATIENCE_SECONDS = 900


def check(case: Case) -> Iterator[Mistake]:
    wanted = case.plan.objectives.seconds_to_scale if case.plan else None
    for scaler in case.autoscalers:
        seconds = seconds_to_maximum(scaler)
        limit = wanted or PATIENCE_SECONDS
        if seconds is not None and seconds > limit:
            yield _mistake(scaler, seconds, limit, stated=wanted is not None)


def seconds_to_maximum(scaler: Autoscaler) -> int | None:
    """Seconds from the least to the most pods when the load asks for all at once; None without policies that can be read.

    Kubernetes' own policies (four pods or a doubling per 15 s) are not judged.
    """
    rules = mapping(scaler.behavior.get("scaleUp"))
    policies = [policy for policy in items(rules.get("policies")) if _is_readable(policy)]
    if not policies or scaler.max_replicas is None or rules.get("selectPolicy") == "Disabled":
        return None
    window = whole(rules.get("stabilizationWindowSeconds")) or 0
    slowest = rules.get("selectPolicy") == "Min"
    times = [_seconds_alone(policy, max(scaler.min_replicas, 1), scaler.max_replicas) for policy in policies]
    return window + (max(times) if slowest else min(times))


def _is_readable(policy: Obj) -> bool:
    return bool(whole(policy.get("value"))) and bool(whole(policy.get("periodSeconds")))


def _seconds_alone(policy: Obj, least: int, most: int) -> int:
    """With one policy only. The first step is taken at once, each further one a period later (horizontal.go rounds up)."""
    value, period = whole(policy["value"]) or 1, whole(policy["periodSeconds"]) or 1
    pods, steps = least, 0
    while pods < most:
        pods += value if policy.get("type") == "Pods" else max(1, -(-pods * value // 100))
        steps += 1
    return max(0, steps - 1) * period


def _mistake(scaler: Autoscaler, seconds: int, limit: int, *, stated: bool) -> Mistake:
    whose = f"the objective is {limit} s" if stated else f"a surge of load does not wait {limit // 60} minutes"
    return Mistake(
        at=scaler.manifest.at("spec", "behavior", "scaleUp"),
        message=(
            f"the scale-up policies of {scaler.manifest.title} take {seconds} s from {scaler.min_replicas} to "
            f"{scaler.max_replicas} pods, the start of the pods and nodes not counted; {whose}"
        ),
        remedy="allow a percentage per period (100 % per 15 s doubles), or drop the policies: Kubernetes' own are fast",
        numbers={"seconds": seconds, "limitSeconds": limit},
    )


RULE = Rule(
    id="AUT008",
    severity=Severity.WARN,
    title="The scale-up policies are slower than the objective",
    source="Kubernetes pkg/controller/podautoscaler/horizontal.go, scaling policies",
    check=check,
)
