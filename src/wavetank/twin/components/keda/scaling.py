"""One ScaledObject under way: its scalers and its polls. Made anew when its spec changes; kept in the operator's memory only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wavetank.kube.types import Obj
from wavetank.twin.cluster import Cluster
from wavetank.twin.engine import Timer

from .formula import FormulaError, evaluated
from .parameters import authentication_of, environment_of
from .readings import Measured, Readings
from .scalers import ExternalScaler, Given, Scaler, ScalerError, scaler_of
from .sources import SourceError


@dataclass
class Loop:
    """``generation`` is that of the spec it was made of."""

    generation: int
    scalers: list[Scaler] = field(default_factory=list)
    timer: Timer | None = None

    @property
    def external(self) -> list[ExternalScaler]:
        return [s for s in self.scalers if isinstance(s, ExternalScaler)]

    def stop(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


@dataclass(frozen=True)
class Outcome:
    """Of asking every trigger once: names of the active metrics, whether any failed, values by trigger name."""

    active: tuple[str, ...]
    failed: bool
    values: Mapping[str, float]


def built(
    cluster: Cluster, namespace: str, triggers: Sequence[Obj], template: Obj | None, container: str
) -> list[Scaler]:
    """The scalers of some triggers; raises ScalerError for the first that cannot be built."""
    variables = environment_of(cluster.find, namespace, template, container)
    found: list[Scaler] = []
    for index, trigger in enumerate(triggers):
        known = authentication_of(cluster.find, namespace, trigger.get("authenticationRef"), variables)
        found.append(scaler_of(Given(trigger, index, namespace, known, variables)))
    metrics = [s.metric_name for s in found if isinstance(s, ExternalScaler)]
    twice = next((name for name in metrics if metrics.count(name) > 1), None)
    if twice is not None:
        raise ScalerError(f"metricName {twice} defined multiple times")
    return found


def outcome_of(readings: Readings, scalers: Sequence[Scaler], modifiers: Obj) -> Outcome:
    """What the triggers say with the answers that are known. cpu and memory alone always count as active."""
    external = [s for s in scalers if isinstance(s, ExternalScaler)]
    measured = {s.metric_name: readings.measured(s) for s in external}
    values = {s.trigger_name: m.value for s in external if isinstance(m := measured[s.metric_name], Measured)}
    failed = any(isinstance(m, SourceError) for m in measured.values())
    active = tuple(s.metric_name for s in external if isinstance(m := measured[s.metric_name], Measured) and m.active)
    if scalers and not external:
        active = tuple(s.kind for s in scalers)
    elif modifiers and not failed:
        active = ("composite-metric",) if _is_composite_active(modifiers, values) else ()
    return Outcome(active, failed, values)


def composite(modifiers: Obj, values: Mapping[str, float]) -> float | SourceError:
    """The formula's value."""
    try:
        return evaluated(modifiers["formula"], values)
    except FormulaError as error:
        return SourceError(f"error trying to run custom formula: {error}")


def _is_composite_active(modifiers: Obj, values: Mapping[str, float]) -> bool:
    value = composite(modifiers, values)
    return not isinstance(value, SourceError) and value > float(modifiers.get("activationTarget") or 0)
