"""A measured figure beside its limit, medians of alternating runs, and the table of both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

RUNS = 3


@dataclass(frozen=True)
class Figure:
    """One line of the table. ``limit`` is what ``value`` is compared with, measured in the same run or published."""

    name: str
    value: float
    unit: str
    #: of the runs, in their order: how far they spread says how much the median is worth
    runs: tuple[float, ...]
    limit_name: str = ""
    limit: float | None = None

    @property
    def ratio(self) -> float | None:
        return None if self.limit is None else self.value / self.limit

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "runs": list(self.runs),
            "limit": None if self.limit is None else {"name": self.limit_name, "value": self.limit},
            "ratio": self.ratio,
        }


def side_by_side(
    name: str, unit: str, ours: Callable[[], float], limit_name: str, limit: Callable[[], float], runs: int = RUNS
) -> Figure:
    """Both measured in turns, so that a machine that slows down slows both."""
    pairs = [(ours(), limit()) for _ in range(runs)]
    mine = tuple(pair[0] for pair in pairs)
    return Figure(name, median(mine), unit, mine, limit_name, median(pair[1] for pair in pairs))


def alone(
    name: str, unit: str, ours: Callable[[], float], limit_name: str = "", limit: float | None = None, runs: int = RUNS
) -> Figure:
    """Ours only, beside a figure that somebody else has measured, if there is one."""
    values = tuple(ours() for _ in range(runs))
    return Figure(name, median(values), unit, values, limit_name, limit)


def table(figures: Sequence[Figure]) -> str:
    head = ("", "median", "unit", "limit", "ratio", "compared with")
    rows = [head, *map(_row, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "  ".join(_cell(row[c], widths[c], right=c in (1, 3, 4)) for c in range(len(head))).rstrip() for row in rows
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def _row(figure: Figure) -> tuple[str, ...]:
    limit = "" if figure.limit is None else _number(figure.limit)
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    return (figure.name, _number(figure.value), figure.unit, limit, ratio, figure.limit_name)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def _cell(text: str, width: int, *, right: bool) -> str:
    return text.rjust(width) if right else text.ljust(width)
