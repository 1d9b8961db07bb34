"""How a user's mistakes are shown: a bounded list for people, all of them as data for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import click

from wavetank.base.errors import InputError, Problem

#: Nobody reads more at once, and a file with more than that has one cause.
SHOWN = 50


def as_text(problems: Sequence[Problem]) -> str:
    """The first problems in order of place, as compilers write them, then how many there are."""
    lines = [_paragraph(problem) for problem in problems[:SHOWN]]
    left = len(problems) - len(lines)
    if left:
        lines.append(f"... and {left:,} more")
    if len(problems) > 1:
        lines.append(f"{len(problems):,} problems")
    return "\n".join(lines)


def _paragraph(problem: Problem) -> str:
    place = f"{problem.file}:{problem.line}:{problem.column}" if problem.line else problem.file
    mark = click.style("error", fg="red", bold=True)
    return f"{place}: {mark}: {problem.message}" + (f"\n    {problem.remedy}" if problem.remedy else "")


def as_json(error: InputError) -> str:
    """Every problem; a line of 0 is the whole file."""
    return json.dumps({"problems": [asdict(problem) for problem in error.problems]}, indent=2)
