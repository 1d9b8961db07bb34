"""From aggregates to recommendations: percentiles, safety margin, confidence, least amounts, and the policy's bounds. Pure.

Upstream ``pkg/recommender/logic/{recommender,estimator}.go`` and ``pkg/utils/vpa/capping.go``. CPU in thousandths of cores,
memory in bytes, both whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from wavetank.kube import quantity
from wavetank.kube.types import Obj

from .aggregate import Aggregate

TARGET, LOWER, UPPER = 0.90, 0.50, 0.95
SAFETY_MARGIN = 0.15
#: A pod gets at least this; its containers share it evenly.
POD_MIN_CPU_MILLI, POD_MIN_MEMORY_BYTES = 25.0, 250 * 1024.0**2
#: No amount is larger (``MaxResourceAmount``); it shows as 100G of CPU while nothing is certain yet.
MOST = 10**14
RESOURCES = ("cpu", "memory")
SAMPLES_PER_DAY = 60 * 24
DAY_SECONDS = 24 * 3600.0

#: By resource name.
Amounts = Mapping[str, int]


@dataclass(frozen=True)
class Recommendation:
    """For one container. ``uncapped`` is the target before the policy's bounds."""

    target: Amounts
    lower: Amounts
    upper: Amounts
    uncapped: Amounts


@dataclass(frozen=True)
class ContainerPolicy:
    """What ``resourcePolicy`` says of one container."""

    scales: bool = True
    controlled: tuple[str, ...] = RESOURCES
    requests_only: bool = False
    least: Amounts | None = None
    most: Amounts | None = None


def confidence(aggregate: Aggregate) -> float:
    """In days: of the time that samples span, or of the samples themselves, whichever is less."""
    lifespan_days = (aggregate.last_seconds - aggregate.first_seconds) / DAY_SECONDS
    return min(lifespan_days, aggregate.samples / SAMPLES_PER_DAY)


def multiplied(value: float, multiplier: float, exponent: float, sureness: float) -> float:
    """A bound moved away from the value the less is known (``confidenceMultiplier``)."""
    if sureness <= 0:
        return math.inf if exponent > 0 else 0.0
    return float(value * (1 + multiplier / sureness) ** exponent)


def estimated(aggregate: Aggregate, containers: int) -> Recommendation:
    """Before any policy."""
    sureness = confidence(aggregate)
    values = {
        "cpu": (aggregate.cpu, 1000.0, POD_MIN_CPU_MILLI),
        "memory": (aggregate.memory, 1.0, POD_MIN_MEMORY_BYTES),
    }
    target: dict[str, int] = {}
    lower: dict[str, int] = {}
    upper: dict[str, int] = {}
    for name, (histogram, unit, pod_least) in values.items():
        least = pod_least / containers
        at = {part: histogram.percentile(part) * unit * (1 + SAFETY_MARGIN) for part in (TARGET, LOWER, UPPER)}
        target[name] = _whole(max(at[TARGET], least))
        lower[name] = _whole(max(multiplied(at[LOWER], 0.001, -2.0, sureness), least))
        upper[name] = _whole(max(multiplied(at[UPPER], 1.0, 1.0, sureness), least))
    return Recommendation(target, lower, upper, target)


def _whole(amount: float) -> int:
    return MOST if amount >= MOST else int(amount)


def with_policy(found: Recommendation, policy: ContainerPolicy) -> Recommendation:
    """Only controlled resources, within the policy's bounds; the uncapped target stays."""

    def capped(amounts: Amounts) -> dict[str, int]:
        return {name: _within(policy, name, amounts[name]) for name in RESOURCES if name in policy.controlled}

    uncapped = {name: found.uncapped[name] for name in RESOURCES if name in policy.controlled}
    return Recommendation(capped(found.target), capped(found.lower), capped(found.upper), uncapped)


def _within(policy: ContainerPolicy, name: str, amount: int) -> int:
    most = (policy.most or {}).get(name)
    least = (policy.least or {}).get(name)
    if most is not None:
        amount = min(amount, most)
    return max(amount, least) if least is not None else amount


def shown(name: str, amount: int) -> str:
    """As the status has it: thousandths of cores, and bytes in decimal units (``262144k``)."""
    return quantity.format_milli(amount) if name == "cpu" else quantity.canonical(str(amount))


def as_object(container: str, found: Recommendation) -> Obj:
    """The entry of ``status.recommendation.containerRecommendations``."""
    parts = {
        "lowerBound": found.lower,
        "target": found.target,
        "uncappedTarget": found.uncapped,
        "upperBound": found.upper,
    }
    lists = {part: {name: shown(name, amount) for name, amount in amounts.items()} for part, amounts in parts.items()}
    return {"containerName": container, **lists}


def policy_of(vpa: Obj, container: str) -> ContainerPolicy:
    """The policy of a container by name, or the one for ``*``."""
    policies = (vpa["spec"].get("resourcePolicy") or {}).get("containerPolicies") or ()
    named = {p.get("containerName"): p for p in policies}
    stated: Obj = named.get(container) or named.get("*") or {}
    controlled = stated.get("controlledResources")
    return ContainerPolicy(
        scales=stated.get("mode") != "Off",
        controlled=RESOURCES if controlled is None else tuple(controlled),
        requests_only=stated.get("controlledValues") == "RequestsOnly",
        least=amounts_of(stated.get("minAllowed")),
        most=amounts_of(stated.get("maxAllowed")),
    )


def amounts_of(stated: Mapping[str, quantity.QuantityLike] | None) -> dict[str, int]:
    """A ResourceList in whole units; resources that VPA does not scale are left out."""
    return {
        name: quantity.milli(amount) if name == "cpu" else quantity.value(amount)
        for name, amount in (stated or {}).items()
        if name in RESOURCES
    }
