"""How long the design half takes for the example platform, once Python has loaded it: check, cost and render in one process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

from benchmarks.measure import Figure, alone
from wavetank.app.design import design

EXAMPLE = Path(__file__).parents[1] / "examples" / "ml-inference" / "platform.yaml"
ON = date(2026, 11, 21)
RUNS = 5


def figures() -> Iterator[Figure]:
    for environment in ("dev", "production"):
        name = f"check + cost + render, {environment}"
        yield alone(name, "ms", partial(milliseconds, environment), runs=RUNS)


def milliseconds(environment: str) -> float:
    """From the file to findings, bill and the text of every rendered file."""
    began = time.perf_counter()
    planned = design(EXAMPLE, environment, ON)
    texts = [file.text for file in planned.bundle.files.values()]
    assert texts, "a platform has files"
    assert planned.bill.lines, "a platform has a bill"
    assert planned.findings is not None, "findings are computed when they are asked for"
    return (time.perf_counter() - began) * 1000
