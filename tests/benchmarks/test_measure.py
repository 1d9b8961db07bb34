"""The benchmarks' table says what was measured: medians, beside limits, with ratios."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.measure import Figure, alone, side_by_side, table

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_both_sides_are_measured_in_turns_and_the_ratio_is_of_their_medians() -> None:
    order: list[str] = []

    def measured(side: str, values: list[float]) -> float:
        order.append(side)
        return values.pop(0)

    mine, bare = [10.0, 50.0, 30.0], [100.0, 60.0, 10.0]
    figure = side_by_side("x", "1/s", lambda: measured("ours", mine), "bare", lambda: measured("limit", bare), runs=3)
    assert order == ["ours", "limit"] * 3
    assert (figure.value, figure.limit, figure.ratio, figure.runs) == (30.0, 60.0, 0.5, (10.0, 50.0, 30.0))


def test_a_figure_without_a_limit_has_no_ratio() -> None:
    figure = alone("x", "ms", lambda: 2.0)
    assert (figure.limit, figure.ratio, figure.as_json()["limit"]) == (None, None, None)


def test_the_table_is_aligned_and_names_what_was_compared() -> None:
    lines = table(
        [Figure("a", 1234.5, "1/s", (1234.5,), "bare", 2469.0), Figure("longer", 7.25, "ms", (7.25,))]
    ).splitlines()
    assert lines[0].split() == ["median", "unit", "limit", "ratio", "compared", "with"]
    assert lines[2].split() == ["a", "1,234", "1/s", "2,469", "0.50", "bare"]
    assert lines[3].split() == ["longer", "7.2", "ms"]


def test_a_published_figure_says_where_it_is_from() -> None:
    for figure in json.loads((BENCHMARKS / "published.json").read_text()).values():
        assert figure["source"]
        assert figure["date"]
        assert figure["value"] > 0
