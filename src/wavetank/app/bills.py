"""Bills of a platform file: of all environments or one, with prices of somebody's own, what-ifs, and an older state to compare.

Called by ``wavetank cost``. The arithmetic is ``cost``'s; here files and git revisions become plans.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from wavetank.base.errors import InputError, OperationFailed, Problem, ToolMissing
from wavetank.cost import Bill, Difference, UnitPrice, WhatIf, bill, differences, with_changes
from wavetank.plan import plan
from wavetank.plan.model import Plan
from wavetank.spec import Platform, load_all, load_all_text


@dataclass(frozen=True)
class Priced:
    """A plan and its bill."""

    plan: Plan
    bill: Bill


@dataclass(frozen=True)
class Comparison:
    """Two bills of one environment, and the lines that differ."""

    before: Bill
    after: Bill
    lines: list[Difference]


@dataclass(frozen=True)
class Terms:
    """On what terms something is priced: the day, prices of one's own by key, and what-ifs."""

    on: date
    own: Mapping[str, UnitPrice] = field(default_factory=dict)
    what_ifs: Sequence[WhatIf] = ()


def priced(platform: Path, environment: str | None, terms: Terms) -> list[Priced]:
    """The bills of one environment of a platform file, or of all of them in their order.

    InputError with every problem of the file; an environment that does not exist is one of them.
    """
    return _priced(load_all(platform, environment or ""), environment, terms)


def _priced(platforms: Mapping[str, Platform], environment: str | None, terms: Terms) -> list[Priced]:
    names = platforms if environment is None else (environment,)
    return [_one(plan(platforms[name]), terms) for name in names]


def _one(planned: Plan, terms: Terms) -> Priced:
    try:
        changed = with_changes(planned, terms.what_ifs)
    except ValueError as wrong:
        raise InputError([Problem("--what-if", 0, 0, str(wrong))]) from None
    return Priced(changed, bill(changed, terms.on, terms.own))


def compared(platform: Path, other: str, environment: str | None, terms: Terms) -> dict[str, Comparison]:
    """By environment that both have: what the platform's bill differs in from that of ``other``.

    ``other`` is a platform file, or a git revision of the same file. What-ifs change the new side only.
    """
    after = priced(platform, environment, terms)
    before = {each.plan.environment: each.bill for each in _other(platform, other, Terms(terms.on, terms.own))}
    both = [each for each in after if each.plan.environment in before]
    if not both:
        names = ", ".join(each.plan.environment for each in after)
        raise InputError(
            [Problem(other, 0, 0, f"it has none of the environments {names}, so there is nothing to compare")]
        )
    pairs = [(before[each.plan.environment], each.bill) for each in both]
    return {new.environment: Comparison(old, new, differences(old, new)) for old, new in pairs}


def _other(platform: Path, other: str, terms: Terms) -> list[Priced]:
    if Path(other).exists():
        return _priced(load_all(Path(other)), None, terms)
    return _priced(load_all_text(_text_at(platform, other), str(platform)), None, terms)


def _text_at(platform: Path, revision: str) -> str:
    """The file's text at a git revision; what it names beside itself is read from the working tree."""
    if revision.startswith("-"):
        raise InputError([Problem(revision, 0, 0, "neither a file nor a git revision")])
    command = ["git", "-C", str(platform.resolve().parent), "show", f"{revision}:./{platform.name}"]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    except FileNotFoundError:
        raise ToolMissing("git is needed to compare with a revision; or name another platform file") from None
    if ended.returncode != 0:
        reason = ended.stderr.strip().splitlines()[:1]
        raise OperationFailed(
            f"{revision} is neither a file nor a git revision with {platform.name}: {' '.join(reason)}"
        )
    return ended.stdout
