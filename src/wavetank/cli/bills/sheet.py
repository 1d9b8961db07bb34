"""A sheet: a head, rows and a total, as aligned text, CSV or Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from wavetank.cli.table import table


@dataclass(frozen=True)
class Sheet:
    """Rows have as many cells as the head; ``left`` is how many of the first columns are words, the others are numbers."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...]
    left: int
    notes: tuple[str, ...] = ()


def as_text(sheet: Sheet) -> str:
    right = set(range(sheet.left, len(sheet.head)))
    lines = [sheet.title, "", table([sheet.head, *sheet.rows, sheet.total], right=right, rule_before_last=True)]
    return "\n".join([*lines, *sheet.notes])


def as_csv(sheet: Sheet) -> str:
    """Without title and notes; numbers without separators of thousands."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in (sheet.head, *sheet.rows, sheet.total):
        writer.writerow([*row[: sheet.left], *(cell.replace(",", "") for cell in row[sheet.left :])])
    return out.getvalue().rstrip("\n")


def as_markdown(sheet: Sheet) -> str:
    rule = ["---"] * sheet.left + ["---:"] * (len(sheet.head) - sheet.left)
    total = [f"**{cell}**" if cell else "" for cell in sheet.total]
    rows: list[Sequence[str]] = [sheet.head, rule, *sheet.rows, total]
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    notes = [f"{note}  " if note else "" for note in sheet.notes]
    return "\n".join([f"**{sheet.title}**", "", *lines, *notes])
