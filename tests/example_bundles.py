"""The examples in all of their environments, planned and rendered once per process; for the tests of every folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from wavetank.plan import Plan, plan
from wavetank.render import Bundle, Family, render
from wavetank.spec import load_all

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NAMES = tuple(sorted(file.parent.name for file in EXAMPLES.glob("*/platform.yaml")))


@cache
def family(name: str) -> Family:
    """An example in all of its environments."""
    platforms = load_all(EXAMPLES / name / "platform.yaml")
    return Family.of(*(plan(each) for each in platforms.values()))


@cache
def bundle(name: str, environment: str) -> Bundle:
    return render(plan_of(name, environment), family(name))


def plan_of(name: str, environment: str) -> Plan:
    return family(name).plans[environment]


def cases() -> list[tuple[str, str]]:
    """Every example in every environment."""
    return [(name, environment) for name in NAMES for environment in family(name).plans]
