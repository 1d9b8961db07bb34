"""The resolved side of budgets and cost monitoring."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True)
class Budget:
    """An AWS budget of one month."""

    name: str
    monthly_usd: Decimal
    alert_percents: tuple[Decimal, ...]
    emails: tuple[str, ...]
    covers: Literal["platform", "account"]


@dataclass(frozen=True)
class CostMonitoring:
    tool: Literal["opencost", "kubecost"]
    #: URL of Prometheus; "" when the tool brings its own
    prometheus: str
