"""What an author writes about money: budgets of the account, and a program that shares the bill among workloads."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator

from wavetank.spec.problems import refuse
from wavetank.spec.words import WORD, Many, Name, Number, Written


def _email(value: str) -> str:
    return value if "@" in value and " " not in value else refuse(f'"{value}" is no e-mail address')


Email = Annotated[str, AfterValidator(_email)]


class Budget(Written):
    """An AWS budget per month."""

    name: Name
    """Name of the budget."""
    monthly_usd: Number
    """The limit."""
    alert_percents: Many[Number] | None = None
    """Shares of the limit at which somebody is told: of what is spent, and 100 also of the forecast. Default 80 and 100."""
    emails: Many[Email]
    """Who is told; AWS takes at most ten per alert."""
    covers: Literal["platform", "account"] | None = None
    """`platform`: what carries the platform's tags (activate them as cost allocation tags); `account`: all. Default platform."""

    @model_validator(mode="after")
    def _somebody(self) -> Budget:
        if not 1 <= len(self.emails) <= 10:
            refuse("a budget tells one to ten addresses")
        return self


class CostMonitoring(Written):
    """A program in the cluster that shares the bill among namespaces and workloads. Short form: its name."""

    short_forms = (WORD,)

    tool: Literal["opencost", "kubecost"]
    """OpenCost (Apache 2.0) or Kubecost."""
    prometheus: str | None = None
    """URL of Prometheus. Default: that of the observability section."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: object) -> object:
        return {"tool": value} if isinstance(value, str) else value
