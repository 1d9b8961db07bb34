"""The settings of the controller, as its Deployment states them: environment, then flags. Pure.

Upstream: ``pkg/operator/options``; the names are those of the settings page of the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wavetank.kube.types import Obj

from .durations import seconds_of

_FLAGS = {
    "--batch-max-duration": "BATCH_MAX_DURATION",
    "--batch-idle-duration": "BATCH_IDLE_DURATION",
    "--interruption-queue": "INTERRUPTION_QUEUE",
    "--feature-gates": "FEATURE_GATES",
    "--preference-policy": "PREFERENCE_POLICY",
    "--min-values-policy": "MIN_VALUES_POLICY",
}


@dataclass(frozen=True)
class Settings:
    """``gates`` holds the feature gates that are on."""

    batch_max_seconds: float = 10.0
    batch_idle_seconds: float = 1.0
    interruption_queue: str = ""
    gates: frozenset[str] = field(default=frozenset({"ReservedCapacity"}))
    respects_preferences: bool = True
    strict_min_values: bool = True

    @property
    def spot_to_spot(self) -> bool:
        return "SpotToSpotConsolidation" in self.gates

    @property
    def nomination_seconds(self) -> float:
        """How long a node that a pod was promised is left alone."""
        return max(2 * self.batch_max_seconds, 10.0)


def settings_of(deployment_or_pod: Obj) -> Settings:
    """What the first container is told; a setting that is absent or empty has its default."""
    spec = deployment_or_pod.get("spec") or {}
    pod = (spec.get("template") or {}).get("spec") or spec
    container = (pod.get("containers") or [{}])[0]
    told = {e["name"]: str(e["value"]) for e in container.get("env") or () if e.get("value")}
    return _settings(told | _flags([*(container.get("command") or ()), *(container.get("args") or ())]))


def _flags(arguments: list[str]) -> dict[str, str]:
    found = {}
    for i, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name in _FLAGS:
            follows = arguments[i + 1] if i + 1 < len(arguments) else ""
            found[_FLAGS[name]] = value if equals else follows
    return found


def _settings(told: Mapping[str, str]) -> Settings:
    default = Settings()
    longest, idle = told.get("BATCH_MAX_DURATION"), told.get("BATCH_IDLE_DURATION")
    return Settings(
        batch_max_seconds=seconds_of(longest) if longest else default.batch_max_seconds,
        batch_idle_seconds=seconds_of(idle) if idle else default.batch_idle_seconds,
        interruption_queue=told.get("INTERRUPTION_QUEUE", ""),
        gates=_gates(default.gates, told.get("FEATURE_GATES", "")),
        respects_preferences=told.get("PREFERENCE_POLICY", "Respect") != "Ignore",
        strict_min_values=told.get("MIN_VALUES_POLICY", "Strict") != "BestEffort",
    )


def _gates(default: frozenset[str], text: str) -> frozenset[str]:
    on = set(default)
    for part in filter(None, text.split(",")):
        name, _, value = part.strip().partition("=")
        (on.add if value.lower() in ("true", "1", "t") else on.discard)(name)
    return frozenset(on)
