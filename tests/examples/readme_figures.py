"""The figures that READMEs of examples quote, computed anew: what each environment costs, and their tables of costs.

A table below ``<!-- totals -->`` has a row for each environment: floor, expected, ceiling. One below ``<!-- bill: NAME -->``
sets a plan's own lines beside ours: column 3 names lines of the bill in backquotes (``*`` stands for anything, "the rest" for the
lines that no other row names), column 4 is their expected sum. ``python tests/examples/readme_figures.py`` writes the figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from wavetank.cost import Bill, bill
from wavetank.plan import plan
from wavetank.spec import load

EXAMPLES = Path(__file__).parents[2] / "examples"
ON = date(2026, 11, 21)
REST, ALL = "the rest", "all lines"
_MARK = re.compile(r"<!-- (totals|bill: (?P<environment>[a-z]+)) -->")


@cache
def bill_of(platform: Path, environment: str) -> Bill:
    return bill(plan(load(platform, environment)), ON)


def refreshed(text: str, platform: Path) -> str:
    """The README with the figures of today's bills in its marked tables."""
    return "\n".join(_lines(text.split("\n"), platform))


def _lines(lines: list[str], platform: Path) -> Iterator[str]:
    mark: re.Match[str] | None = None
    table: list[str] = []
    for line in [*lines, ""]:
        found = _MARK.fullmatch(line)
        if mark is not None and line.startswith("|"):
            table.append(line)
            continue
        if table and mark is not None:
            yield from _table(table, mark["environment"], platform)
            mark, table = None, []
        mark = found or mark
        yield line


def _table(rows: list[str], environment: str | None, platform: Path) -> Iterator[str]:
    yield from rows[:2]
    patterns = [re.findall(r"`([^`]+)`", row) for row in rows[2:]]
    for row in rows[2:]:
        cells = row.split(" | ")
        if environment is None:
            name = cells[0].removeprefix("| ").strip("*` ")
            total = bill_of(platform, name).total
            cells[1:] = [_money(total.floor), _money(total.expected), f"{_money(total.ceiling)} |"]
        else:
            named = [pattern for each in patterns for pattern in each]
            cells[3] = _money(_sum(bill_of(platform, environment), cells[2], named))
        yield " | ".join(cells)


def _sum(found: Bill, cell: str, named: list[str]) -> Decimal:
    own = re.findall(r"`([^`]+)`", cell)
    amounts = Decimal(0)
    for line in found.lines:
        taken = any(fnmatchcase(line.reading.name, each) for each in named)
        mine = any(fnmatchcase(line.reading.name, each) for each in own)
        if line.amount is not None and (mine or (REST in cell and not taken) or ALL in cell):
            amounts += line.amount.expected
    return amounts


def strays(text: str, platform: Path) -> Iterator[str]:
    """Names of lines in the tables that no environment's bill has."""
    environments = load(platform, "production").environments
    lines = {line.reading.name for each in environments for line in bill_of(platform, each).lines}
    for row in (line for line in text.split("\n") if line.startswith("|") and line.count(" | ") == 4):
        for pattern in re.findall(r"`([^`]+)`", row.split(" | ")[2]):
            if not any(fnmatchcase(line, pattern) for line in lines):
                yield pattern


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def main() -> None:
    """Writes the figures into all READMEs."""
    for readme in EXAMPLES.glob("*/README.md"):
        text = readme.read_text()
        readme.write_text(refreshed(text, readme.parent / "platform.yaml").rstrip("\n") + "\n")


if __name__ == "__main__":
    main()
