"""The design half in one call: a platform file becomes plan, bill, findings and bundle. Pure but for reading the file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from wavetank.checks import Finding, case_of_plan, findings
from wavetank.cost import Bill, bill
from wavetank.plan import plan
from wavetank.plan.model import Plan
from wavetank.render import Bundle, render
from wavetank.spec import load


@dataclass(frozen=True)
class Design:
    """One platform in one environment, judged on one day. What is asked for is computed once."""

    plan: Plan
    on: date

    @cached_property
    def bill(self) -> Bill:
        return bill(self.plan, self.on)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        return findings(case_of_plan(self.plan, self.bill, self.on))

    @cached_property
    def bundle(self) -> Bundle:
        return render(self.plan)


def design(platform: Path, environment: str, on: date) -> Design:
    """The design of a platform file; InputError with every problem when it is wrong."""
    return Design(plan(load(platform, environment)), on)
