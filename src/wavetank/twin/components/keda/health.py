"""Failing triggers: how often each has failed, and the number of replicas that is fallen back to. Pure.

Upstream ``pkg/fallback/fallback.go``. The number is given to the HPA as a metric value: replicas times the target.
"""

from __future__ import annotations

from collections.abc import Mapping

from wavetank.kube.types import Obj

from .scaled_object import Fallback, ScaledObject

FALLING_BACK = ("True", "FallbackExists", "At least one trigger is falling back on this scaled object")
NO_FALLBACK = ("False", "NoFallbackFound", "No fallbacks are active on this scaled object")

Health = Mapping[str, Obj]


def health_after(health: Health, metric: str, *, failed: bool) -> dict[str, Obj]:
    """The ``status.health`` once a metric was asked for."""
    count = int(health.get(metric, {}).get("numberOfFailures") or 0)
    new = {"numberOfFailures": count + 1, "status": "Failing"} if failed else {"numberOfFailures": 0, "status": "Happy"}
    return {**health, metric: new}


def is_falling_back(scaled: ScaledObject, health: Health, target_type: str) -> bool:
    """Whether some trigger has failed more often than the threshold allows; metrics per pod only."""
    fallback = scaled.fallback
    if fallback is None or target_type != "AverageValue":
        return False
    return any(
        entry.get("status") == "Failing" and int(entry.get("numberOfFailures") or 0) > fallback.failure_threshold
        for entry in health.values()
    )


def has_failed_enough(fallback: Fallback | None, health: Health, metric: str, target_type: str) -> bool:
    if fallback is None or target_type != "AverageValue":
        return False
    return int(health.get(metric, {}).get("numberOfFailures") or 0) > fallback.failure_threshold


def fallback_replicas(fallback: Fallback, current: int) -> int:
    """``fallback.behavior``: the stated number, the current one, or the higher or lower of both."""
    match fallback.behavior:
        case "currentReplicas":
            return current
        case "currentReplicasIfHigher":
            return max(current, fallback.replicas)
        case "currentReplicasIfLower":
            return min(current, fallback.replicas)
        case _:
            return fallback.replicas
