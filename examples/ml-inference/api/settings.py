"""The service's configuration: read once from the environment that the ConfigMap of the platform fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FEATURES = 20


@dataclass(frozen=True)
class Settings:
    """``random_state`` seeds data and forest, so that every replica serves the same model."""

    random_state: int = 42
    n_estimators: int = 100

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """ValueError, naming the variable, when a value is not a usable number."""
        return cls(
            random_state=_whole_number(environment, "RANDOM_STATE", cls.random_state, minimum=0),
            n_estimators=_whole_number(environment, "N_ESTIMATORS", cls.n_estimators, minimum=1),
        )


def _whole_number(environment: Mapping[str, str], name: str, default: int, minimum: int) -> int:
    text = environment.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < minimum:
        raise ValueError(f"{name} must be a whole number of at least {minimum}, not {text!r}")
    return int(text)
