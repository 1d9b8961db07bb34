"""The design half in one call: a platform file becomes plan, bill, findings and bundle. Pure but for reading the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from wavetank.app.sources import programs_of
from wavetank.checks import Case, Finding, case_of_plan, findings
from wavetank.cost import Bill, bill
from wavetank.plan import plan
from wavetank.plan.model import Plan
from wavetank.render import Bundle, Family, RenderedFile, render, terraform
from wavetank.spec import Platform, load_all


@dataclass(frozen=True)
class Design:
    """One platform in one environment, judged on one day. What is asked for is computed once."""

    plan: Plan
    on: date
    #: the platform in all of its environments, for what is rendered from them together
    family: Family

    @cached_property
    def bill(self) -> Bill:
        return bill(self.plan, self.on)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        return findings(self.case)

    @property
    def case(self) -> Case:
        """What rules see of it, the programs that lie beside the spec included."""
        return case_of_plan(self.plan, self.bill, self.on, programs_of(self.plan), lambda: self.terraform)

    @cached_property
    def terraform(self) -> Mapping[str, RenderedFile]:
        """The Terraform files, which both the bundle and the rules about resources read."""
        return terraform.files(self.plan)

    @cached_property
    def bundle(self) -> Bundle:
        return render(self.plan, self.family, self.terraform)


def design(platform: Path, environment: str, on: date) -> Design:
    """The design of a platform file; InputError with every problem when it is wrong."""
    platforms = load_all(platform, environment)
    chosen = plan(platforms[environment])
    return Design(chosen, on, Family(lambda: _plans(platforms, {environment: chosen})))


def designs(platform: Path, on: date) -> dict[str, Design]:
    """The designs of all environments of a platform file, in their order; InputError as above."""
    platforms = load_all(platform)
    plans = {name: plan(each) for name, each in platforms.items()}
    family = Family.of(*plans.values())
    return {name: Design(each, on, family) for name, each in plans.items()}


def _plans(platforms: Mapping[str, Platform], known: Mapping[str, Plan]) -> dict[str, Plan]:
    return {name: known.get(name) or plan(each) for name, each in platforms.items()}
